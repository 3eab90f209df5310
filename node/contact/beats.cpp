// Heartbeats and confirm rounds: one message per peer, judged per group (docs/design.md,
// "Replication").

#include "node/state.h"

#include <ranges>
#include <utility>
#include <vector>

namespace weft::node {

using replication::Role;

void Node::State::heartbeats() {
    if (heartbeat_due > now.mono) return;
    heartbeat_due = now.mono + options.timings.heartbeat;
    judge_clocks();
    // A leader that cannot write must be missed: its silence lets others take over.
    if (disk.state() == DiskState::Stalled) return;
    for (Peer& peer : std::views::values(peers)) {
        // Who may be asked for our vote must know our position (S18): two followers of one leader
        // have nothing else to say to each other.
        const bool moved = peer.told < disk.stats().durable && !peer.shared.empty();
        if (!peer.up || !(peer.contact.leads_any() || moved)) continue;
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
        ClaimVerdict& verdict = verdicts.emplace_back();
        Hosted* group = find(claim.group);
        if (group == nullptr) continue;
        step_partition(*group, replication::Beat{peer.record.node, claim.term, claim.commit});
        verdict = judge_beat(group->partition.replica(), peer.record.node, claim.term);
    }
    replication::HeartbeatAnswer answer = peer.contact.answer(now.mono, beat, verdicts);
    if (!peer.up) return;
    answer.disk_age_ms = disk_age_ms();
    answer.wall_ms = now.wall.ms;
    answer.cannot_stand = groups_not_to_lead(peer);
    peer.outbox.add(MeshMessage{replication::PeerMessage{std::move(answer)}});
}

void Node::State::on_heartbeat_answer(Peer& peer, const replication::HeartbeatAnswer& answer) {
    learn_clock(peer, answer.wall_ms);
    note_standing(peer, answer.cannot_stand);
    step_refused(peer, peer.contact.on_answer(answer));
}

void Node::State::step_refused(const Peer& peer,
                               const std::vector<replication::GroupTerm>& refused) {
    for (const replication::GroupTerm& refusal : refused) {
        Hosted* group = find(refusal.group);
        if (group != nullptr && group->role == Role::Leader)
            step_partition(*group, replication::BeatRefused{peer.record.node, refusal.term});
    }
}

// ---- confirm rounds -----------------------------------------------------------------------------

void Node::State::on_confirm(Peer& peer, const replication::Confirm& confirm) {
    replication::ConfirmAnswer answer;
    answer.round = confirm.round;
    for (const replication::GroupTerm& claim : confirm.groups) {
        const Hosted* group = find(claim.group);
        ClaimVerdict verdict;
        if (group != nullptr)
            verdict = judge_confirm(group->partition.replica(), peer.record.node, claim.term);
        if (!verdict.follows)
            answer.refused.push_back({claim.group, verdict.own});
        else if (group->partition.replica().leader() == peer.record.node)
            peer.contact.note_heard(claim.group, now.mono);
    }
    if (peer.up) peer.outbox.add(MeshMessage{replication::PeerMessage{std::move(answer)}});
}

void Node::State::on_confirm_answer(Peer& peer, const replication::ConfirmAnswer& answer) {
    std::vector<ConfirmRounds::Contact> contacts;
    confirms.contacts(peer.record.node, answer, contacts);
    for (const auto& contact : contacts)
        peer.contact.note_contact({contact.group, contact.term}, contact.sent);
    std::vector<Confirmed> confirmed;
    confirms.on_answer(peer.record.node, answer, confirmed);
    step_refused(peer, answer.refused);
    serve(confirmed);
}

void Node::State::serve(const std::vector<Confirmed>& confirmed) {
    for (const Confirmed& done : confirmed)
        if (Hosted* group = find(done.group))
            step_partition(*group, replication::ReadsConfirmed{done.term, done.ticket});
}

void Node::State::begin_confirms() {
    if (!confirms.waiting()) return;
    std::vector<ConfirmRounds::Outgoing> round;
    std::vector<Confirmed> confirmed;
    confirms.begin(now.mono, round, confirmed);
    if (!round.empty()) ++counters.confirms;
    for (auto& message : round) {
        Peer* peer = find_peer(message.to);
        if (peer != nullptr && peer->up)
            peer->outbox.add(MeshMessage{replication::PeerMessage{std::move(message.confirm)}});
    }
    serve(confirmed);
}

void Node::State::expire_confirms() {
    std::vector<replication::GroupTerm> given_up;
    confirms.expire(now.mono, given_up);
    for (const replication::GroupTerm& lost : given_up)
        if (Hosted* group = find(lost.group))
            step_partition(*group, replication::ConfirmGivenUp{lost.term});
}

}  // namespace weft::node
