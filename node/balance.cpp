// Leaderships go home: after a failure they are wherever an election put them; the table says where
// they balance, but to no node that is out of service. One planned transfer each, a few at a time,
// and never to a node that is barely back or on its way out. A node whose clock is ahead of a
// quorum's gives away what it leads to anyone.

#include "node/state.h"

#include <algorithm>
#include <optional>

namespace weft::node {

using replication::Role;

namespace {

constexpr Duration kLookPause = std::chrono::seconds(1);
// Longer than a drain takes: a node that hands over and stops must not get its groups back.
constexpr Duration kLedLongEnough = std::chrono::seconds(10);
constexpr Duration kGreetedLongEnough = std::chrono::seconds(3);
constexpr Duration kHomeAgainMax = std::chrono::minutes(1);
constexpr std::size_t kTransfersPerLook = 32;
// A transfer stops proposals until the target has everything: it must nearly have it.
constexpr std::uint64_t kEntriesBehindMax = 256;

}  // namespace

// The first of the table that is in service and, as far as we hold the group, has a vote in it.
// Nothing: there is none.
std::optional<NodeId> Node::State::home_of(GroupId group) const {
    const Hosted* held = find(group);
    for (const NodeId& node : table.replicas(group)) {
        if (!roster.in_service(node)) continue;
        if (held == nullptr) return node;
        const replication::Config& config = held->partition.replica().config();
        const auto slot = config.slot(node);
        if (slot && config.is_voter(*slot)) return node;
    }
    return std::nullopt;
}

void Node::State::send_leaders_home() {
    if (home_due > now.mono) return;
    home_due = now.mono + kLookPause;
    if (draining.active() || peers.empty()) return;
    if (disk.full()) return hand_over_all();
    std::size_t transfers = 0;
    for (Hosted& group : hosted.all()) {
        if (group.role != Role::Leader || group.home_after > now.mono) continue;
        const auto home = home_of(group.group);
        if (!group.clock.ahead && (!home || !should_go_home(group, *home))) continue;
        // Proposals wait while a transfer is tried: one that does not take over, for whatever
        // reason, is asked ever more rarely.
        group.home_after =
            now.mono + std::min(kLookPause * (2 << std::min(group.home_tries, 5)), kHomeAgainMax);
        ++group.home_tries;
        if (group.clock.ahead) {
            step_partition(group, replication::TransferLeadership{});
        } else {
            log.info("leader.sent_home", {{"group", group.group}, {"to", *home}});
            step_partition(group, replication::TransferLeadership{*home});
        }
        if (++transfers == kTransfersPerLook) return;
    }
}

bool Node::State::should_go_home(const Hosted& group, NodeId home) {
    if (home == options.self || group.led_since + kLedLongEnough > now.mono) return false;
    const Peer* peer = find_peer(home);
    if (peer == nullptr || !peer->greeted || peer->greeted_at + kGreetedLongEnough > now.mono)
        return false;
    const replication::Replica& replica = group.partition.replica();
    if (!replica.can_stand(home) ||
        2 * std::chrono::milliseconds(peer->contact.peer_disk_age_ms()) >
            options.timings.election_min)
        return false;
    return replica.match(home).value + kEntriesBehindMax >= replica.last_index().value;
}

}  // namespace weft::node
