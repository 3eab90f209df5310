// Where leaderships belong, and sending them there. Never to a node that is out of service. A node
// whose clock is ahead of a quorum's gives away what it leads to anyone.

#include "node/state.h"

#include <chrono>
#include <optional>

namespace weft::node {

using replication::Role;

// The first of the table that is in service and, as far as we hold the group, has a vote in it.
// Nothing: there is none.
std::optional<NodeId> Node::State::home_of(PartitionId group) const {
    const LocalPartition* held = find(group);
    for (const NodeId& node : table.replicas(group)) {
        if (!roster.in_service(node)) continue;
        if (held == nullptr) return node;
        const replication::Config& config = held->partition.replica().config();
        const auto slot = config.slot(node);
        if (slot && config.is_voter(*slot)) return node;
    }
    return std::nullopt;
}

void Node::State::send_leaders_home(const Step& step) {
    if (!homing.begin_look(step.now.mono)) return;
    if (draining.active() || peers.empty()) return;
    if (disk.full()) return hand_over_all(step);
    for (LocalPartition& local : hosted.all()) {
        if (local.role != Role::Leader || !homing.may_move(local.id, step.now.mono)) continue;
        const auto home = home_of(local.id);
        if (!clocks.of(local.id).ahead && (!home || !should_go_home(step, local, *home))) continue;
        homing.on_moved(local.id, step.now.mono);
        if (clocks.of(local.id).ahead) {
            step_partition(step, local, replication::TransferLeadership{});
        } else {
            log.info("leader.sent_home", {{"group", local.id}, {"to", *home}});
            step_partition(step, local, replication::TransferLeadership{*home});
        }
    }
}

bool Node::State::should_go_home(const Step& step, const LocalPartition& local, NodeId home) const {
    const Peer* peer = peers.find(home);
    if (peer == nullptr || !peer->greeting().greeted()) return false;
    const replication::Replica& replica = local.partition.replica();
    const auto disk_age = std::chrono::milliseconds(peer->contact.peer_disk_age_ms());
    return homing.should_go(local.id,
                            {peer->greeting().greeted_at(), replica.can_stand(home), disk_age,
                             replica.match(home), replica.last_index()},
                            step.now.mono);
}

}  // namespace weft::node
