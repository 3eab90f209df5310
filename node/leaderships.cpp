// Leaderships are sent to where they belong, or away.

#include "node/state.h"

#include <chrono>
#include <optional>

namespace weft::node {

std::optional<NodeId> Node::State::home_of(PartitionId group) const {
    const LocalPartition* held = hosted.find(group);
    return home_among(table.replicas(group), roster,
                      held == nullptr ? nullptr : &held->partition.replica().config());
}

void Node::State::send_leaders_home(const Step& step) {
    if (!homing.begin_look(step.now.mono)) return;
    if (draining.active() || peers.empty()) return;
    if (disk.full()) return hand_over_all(step);
    for (LocalPartition& local : hosted.all()) {
        if (!local.leads()) continue;
        const auto home = home_of(local.id);
        const Homing::Move move =
            homing.judge(local.id, home ? seen_of_home(local, *home) : std::nullopt,
                         clocks.of(local.id).ahead, step.now.mono);
        if (move == Homing::Move::Stay) continue;
        replication::TransferLeadership transfer;
        if (move == Homing::Move::Home) transfer.to = home;
        if (transfer.to) log.info("leader.sent_home", {{"group", local.id}, {"to", *transfer.to}});
        step_partition(step, local, transfer);
    }
}

std::optional<Homing::Home> Node::State::seen_of_home(const LocalPartition& local,
                                                      NodeId home) const {
    const Peer* peer = peers.find(home);
    if (peer == nullptr || !peer->greeting().greeted()) return std::nullopt;
    const replication::Replica& replica = local.partition.replica();
    const auto disk_age = std::chrono::milliseconds(peer->contact.peer_disk_age_ms());
    return Homing::Home{peer->greeting().greeted_at(), replica.can_stand(home), disk_age,
                        replica.match(home), replica.last_index()};
}

}  // namespace weft::node
