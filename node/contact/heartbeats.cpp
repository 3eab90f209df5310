// Heartbeats: one message per peer, judged per group (docs/design.md, "Replication").

#include "node/state.h"

#include <utility>
#include <vector>

namespace weft::node {

using replication::Role;

void Node::State::heartbeats() {
    if (!beats.begin_round(now.mono)) return;
    judge_clocks();
    const BeatSchedule::Disk written{disk.state(), disk.stats().durable};
    for (Peer& peer : peers.all()) {
        if (!BeatSchedule::owes(written, {peer.greeting.up(), peer.contact.leads_any(),
                                          !peer.shared.empty(), peer.told}))
            continue;
        replication::Heartbeat beat = peer.contact.make_heartbeat(now.mono, disk_age_ms());
        beat.wall_ms = now.wall.ms;
        peer.outbox.add(MeshMessage{replication::PeerMessage{std::move(beat)}});
    }
}

void Node::State::on_heartbeat(Peer& peer, const replication::Heartbeat& beat) {
    learn_clock(peer, beat.wall_ms);
    if (!peer.contact.hear(beat)) return;
    verdicts.clear();
    for (const replication::GroupBeat& claim : beat.listed) {
        ClaimVerdict verdict;
        LocalPartition* local = find(claim.group);
        if (local != nullptr) {
            step_partition(*local, replication::Beat{peer.record.node, claim.term, claim.commit});
            verdict = judge_beat(local->partition.replica(), peer.record.node, claim.term);
        }
        verdicts.push_back(verdict);
    }
    replication::HeartbeatAnswer answer = peer.contact.answer(now.mono, beat, verdicts);
    if (!peer.greeting.up()) return;
    answer.disk_age_ms = disk_age_ms();
    answer.wall_ms = now.wall.ms;
    // With a full disk a node campaigns as a last resort, for reads; it is no target of a transfer.
    answer.cannot_stand = disk.full() ? peer.shared : hosted.not_standing_in(peer.shared);
    peer.outbox.add(MeshMessage{replication::PeerMessage{std::move(answer)}});
}

void Node::State::on_heartbeat_answer(Peer& peer, const replication::HeartbeatAnswer& answer) {
    learn_clock(peer, answer.wall_ms);
    tell_standing(peer, peer.standing.on_told(answer.cannot_stand));
    step_refused(peer, peer.contact.on_answer(answer));
}

void Node::State::step_refused(const Peer& peer,
                               const std::vector<replication::GroupTerm>& refused) {
    for (const replication::GroupTerm& refusal : refused) {
        LocalPartition* local = find(refusal.group);
        if (local != nullptr && local->role == Role::Leader)
            step_partition(*local, replication::BeatRefused{peer.record.node, refusal.term});
    }
}

}  // namespace weft::node
