// Who could lead: what nodes tell each other of groups they would not campaign in, and of their
// clocks. A leadership is never handed to a node that cannot take it, and a node whose stamps a
// quorum would refuse gives it away (S29).

#include "node/state.h"

#include <algorithm>
#include <utility>

namespace weft::node {

// ---- who cannot stand ---------------------------------------------------------------------------

// With a full disk a node campaigns as a last resort, for reads; it is no target of a transfer.
std::vector<GroupId> Node::State::groups_not_to_lead(const Peer& peer) const {
    std::vector<GroupId> groups;
    if (hosted.not_standing() == 0 && !disk.full()) return groups;
    for (const GroupId group : peer.shared)
        if (disk.full() || !find(group)->stands) groups.push_back(group);
    return groups;
}

void Node::State::note_standing(Peer& peer, std::vector<GroupId> cannot_stand) {
    const std::vector<GroupId> before = std::exchange(peer.cannot_stand, std::move(cannot_stand));
    const auto tell = [&](const std::vector<GroupId>& groups, const std::vector<GroupId>& others,
                          bool stands) {
        for (const GroupId id : groups) {
            Hosted* group = find(id);
            if (group == nullptr || std::binary_search(others.begin(), others.end(), id)) continue;
            if (group->partition.replica().config().slot(peer.record.node))
                step_partition(*group, replication::PeerStands{peer.record.node, stands});
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
    for (Hosted& group : hosted.all()) {
        const replication::Config& config = group.partition.replica().config();
        if (clocks.judge_group(now, {group.group, config, leader_heard(group)}, jump_ms))
            step_partition(group, clocks.of(group.group));
    }
}

Instant Node::State::leader_heard(const Hosted& group) const {
    const replication::Replica& replica = group.partition.replica();
    if (replica.role() == replication::Role::Leader) return now.mono;
    if (!replica.leader()) return Instant::long_ago();
    const Peer* leader = peers.find(*replica.leader());
    return leader == nullptr ? Instant::long_ago() : leader->contact.heard(group.group);
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
