// Confirm rounds: whether this node still leads what reads wait for (docs/design.md,
// "Replication").

#include "node/state.h"

#include <vector>

namespace weft::node {

void Node::State::on_confirm(const Step& step, Peer& peer, const replication::Confirm& confirm) {
    replication::ConfirmAnswer answer;
    answer.round = confirm.round;
    for (const replication::GroupTerm& claim : confirm.groups) {
        const LocalPartition* local = hosted.find(claim.group);
        ClaimVerdict verdict;
        if (local != nullptr)
            verdict = judge_confirm(local->partition.replica(), peer.record.node, claim.term);
        if (!verdict.follows)
            answer.refused.push_back({claim.group, verdict.own});
        else if (local->partition.replica().leader() == peer.record.node)
            peer.contact.note_heard(claim.group, step.now.mono);
    }
    if (peer.greeting().up())
        peer.outbox.add(MeshMessage{replication::PeerMessage{std::move(answer)}});
}

void Node::State::on_confirm_answer(const Step& step, Peer& peer,
                                    const replication::ConfirmAnswer& answer) {
    std::vector<ConfirmRounds::Contact> contacts;
    confirms.contacts(peer.record.node, answer, contacts);
    for (const auto& contact : contacts)
        peer.contact.note_contact({contact.group, contact.term}, contact.sent);
    std::vector<Confirmed> confirmed;
    confirms.on_answer(peer.record.node, answer, confirmed);
    step_refused(step, peer, answer.refused);
    serve(step, confirmed);
}

void Node::State::serve(const Step& step, const std::vector<Confirmed>& confirmed) {
    for (const Confirmed& done : confirmed)
        if (LocalPartition* local = hosted.find(done.group))
            step_partition(step, *local, replication::ReadsConfirmed{done.term, done.ticket});
}

void Node::State::begin_confirms(const Step& step) {
    if (!confirms.waiting()) return;
    std::vector<ConfirmRounds::Outgoing> round;
    std::vector<Confirmed> confirmed;
    confirms.begin(step.now.mono, round, confirmed);
    if (!round.empty()) ++counters.confirms;
    for (auto& message : round) {
        Peer* peer = peers.find(message.to);
        if (peer != nullptr && peer->greeting().up())
            peer->outbox.add(MeshMessage{replication::PeerMessage{std::move(message.confirm)}});
    }
    serve(step, confirmed);
}

void Node::State::expire_confirms(const Step& step) {
    std::vector<replication::GroupTerm> given_up;
    confirms.expire(step.now.mono, given_up);
    for (const replication::GroupTerm& lost : given_up)
        if (LocalPartition* local = hosted.find(lost.group))
            step_partition(step, *local, replication::ConfirmGivenUp{lost.term});
}

}  // namespace weft::node
