// The roster has changed: which nodes this one has links to and contact with follows from it, at
// the start as later.

#include "core/overloaded.h"
#include "node/state.h"

#include <variant>
#include <vector>

namespace weft::node {

void Node::State::on(const Step& step, const RosterChanged& event) {
    const bool changed = std::visit(
        Overloaded{
            [&](const NodeAdmitted& admitted) { return roster.admit(admitted.record); },
            [&](const NodeDraining& draining_one) { return roster.drain(draining_one.node); },
            [&](const NodeRetired& retired) { return roster.retire(retired.node); }},
        event);
    if (!changed) return;
    log.info("roster.changed", {{"version", roster.version()}});
    for (Peer* peer : peers.not_in(roster.records())) part_with(step, *peer);
    meet_roster();
    step_members(step, membership::RosterChanged{roster.nodes()});
}

void Node::State::meet_roster() {
    for (const routing::NodeRecord& record : roster.records()) {
        if (record.node == options.self || !peers.meet(record)) continue;
        clocks.meet(record.node);
        for (LocalPartition& local : hosted.all())
            if (local.partition.replica().config().seat(record.node)) meet_members(local);
    }
    if (!peers.empty() && beats.begin()) homing.look_at_once();
}

// Nothing is known of it any more, and nobody holds it.
void Node::State::part_with(const Step& step, Peer& peer) {
    const NodeId node = peer.record.node;
    on(step, PeerLink{node, LinkState::Down});
    tell_evidence(step, peer, peer.evidence.drop());
    for (const PartitionId group : peer.shared) std::erase(hosted.find(group)->members, &peer);
    clocks.part_with(node);
    peers.part_with(node);
}

}  // namespace weft::node
