// Who could lead: what nodes tell each other of groups they would not campaign in, and of their
// clocks. A leadership is never handed to a node that cannot take it, and a node whose stamps a
// quorum would refuse gives it away (S29).

#include "node/state.h"

#include <algorithm>
#include <utility>

namespace weft::node {

// ---- who cannot stand ---------------------------------------------------------------------------

// With a full disk a node campaigns as a last resort, for reads; it is no target of a transfer.
std::vector<PartitionId> Node::State::groups_not_to_lead(const Peer& peer) const {
    std::vector<PartitionId> groups;
    if (hosted.not_standing() == 0 && !disk.full()) return groups;
    for (const PartitionId group : peer.shared)
        if (disk.full() || !find(group)->stands) groups.push_back(group);
    return groups;
}

void Node::State::note_standing(Peer& peer, std::vector<PartitionId> cannot_stand) {
    const std::vector<PartitionId> before =
        std::exchange(peer.cannot_stand, std::move(cannot_stand));
    const auto tell = [&](const std::vector<PartitionId>& groups,
                          const std::vector<PartitionId>& others, bool stands) {
        for (const PartitionId id : groups) {
            LocalPartition* local = find(id);
            if (local == nullptr || std::binary_search(others.begin(), others.end(), id)) continue;
            if (local->partition.replica().config().slot(peer.record.node))
                step_partition(*local, replication::PeerStands{peer.record.node, stands});
        }
    };
    tell(before, peer.cannot_stand, true);
    tell(peer.cannot_stand, before, false);
}

// ---- clocks -------------------------------------------------------------------------------------

void Node::State::learn_clock(const Peer& peer, std::int64_t wall_ms) {
    if (wall_ms == 0) return;
    clocks.learn(now, peer.record.node, wall_ms);
    judge_clocks();
}

void Node::State::judge_clocks(std::int64_t jump_ms) {
    if (!clocks.judge_peers(now, jump_ms)) return;
    for (LocalPartition& local : hosted.all()) {
        const replication::Config& config = local.partition.replica().config();
        if (clocks.judge_group(now, {local.id, config, leader_heard(local)}, jump_ms))
            step_partition(local, clocks.of(local.id));
    }
}

Instant Node::State::leader_heard(const LocalPartition& local) const {
    const replication::Replica& replica = local.partition.replica();
    if (replica.role() == replication::Role::Leader) return now.mono;
    if (!replica.leader()) return Instant::long_ago();
    const Peer* leader = peers.find(*replica.leader());
    return leader == nullptr ? Instant::long_ago() : leader->contact.heard(local.id);
}

// A clock that was set is noticed before anything is stamped with it.
void Node::State::look_at_own_clock() {
    if (const std::int64_t jump_ms = clocks.look_at_own(now)) judge_clocks(jump_ms);
}

void Node::State::forget_contact(Peer& peer) {
    peer.contact.reset();
    clocks.forget(peer.record.node);
    note_standing(peer, {});
    judge_clocks();
}

}  // namespace weft::node
