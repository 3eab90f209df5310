// Heartbeats: one message per peer, judged per group (docs/design.md, "Replication").

#include "node/state.h"

#include <utility>
#include <vector>

namespace weft::node {

using replication::Role;

void Node::State::heartbeats(const Step& step) {
    if (!beats.begin_round(step.now.mono)) return;
    judge_clocks(step);
    const BeatSchedule::Disk written{disk.state(), disk.stats().durable};
    for (Peer& peer : peers.all()) {
        if (!BeatSchedule::owes(written, {peer.greeting().up(), peer.contact.leads_any(),
                                          !peer.shared.empty(), peer.told}))
            continue;
        replication::Heartbeat beat =
            peer.contact.make_heartbeat(step.now.mono, rounds.age_ms(step.now.mono));
        beat.wall_ms = step.now.wall.ms;
        peer.outbox.add(MeshMessage{replication::PeerMessage{std::move(beat)}});
    }
}

void Node::State::on_heartbeat(const Step& step, Peer& peer, const replication::Heartbeat& beat) {
    learn_clock(step, peer, beat.wall_ms);
    if (!peer.contact.hear(beat)) return;
    std::vector<ClaimVerdict> verdicts;
    verdicts.reserve(beat.listed.size());
    for (const replication::GroupBeat& claim : beat.listed) {
        ClaimVerdict verdict;
        LocalPartition* local = hosted.find(claim.group);
        if (local != nullptr) {
            step_partition(step, *local,
                           replication::Beat{peer.record.node, claim.term, claim.commit});
            verdict = judge_beat(local->partition.replica(), peer.record.node, claim.term);
        }
        verdicts.push_back(verdict);
    }
    replication::HeartbeatAnswer answer = peer.contact.answer(step.now.mono, beat, verdicts);
    if (!peer.greeting().up()) return;
    answer.disk_age_ms = rounds.age_ms(step.now.mono);
    answer.wall_ms = step.now.wall.ms;
    // With a full disk a node campaigns as a last resort, for reads; it is no target of a transfer.
    answer.cannot_stand = disk.full() ? peer.shared : hosted.cannot_stand_in(peer.shared);
    peer.outbox.add(MeshMessage{replication::PeerMessage{std::move(answer)}});
}

void Node::State::on_heartbeat_answer(const Step& step, Peer& peer,
                                      const replication::HeartbeatAnswer& answer) {
    learn_clock(step, peer, answer.wall_ms);
    tell_eligibility(step, peer, peer.eligibility.on_told(answer.cannot_stand));
    step_refused(step, peer, peer.contact.on_answer(answer));
}

void Node::State::step_refused(const Step& step, const Peer& peer,
                               const std::vector<replication::GroupTerm>& refused) {
    for (const replication::GroupTerm& refusal : refused) {
        LocalPartition* local = hosted.find(refusal.group);
        if (local != nullptr && local->role == Role::Leader)
            step_partition(step, *local, replication::BeatRefused{peer.record.node, refusal.term});
    }
}

}  // namespace weft::node
