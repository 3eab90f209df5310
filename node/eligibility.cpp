// Who could lead: what nodes tell each other of partitions they would not campaign in, and of their
// clocks. A leadership is never handed to a node that cannot take it, and a node whose stamps a
// quorum would refuse gives it away (S29).

#include "node/state.h"

#include <vector>

namespace weft::node {

// ---- who cannot stand ---------------------------------------------------------------------------

void Node::State::tell_eligibility(const Step& step, const Peer& peer,
                                   const std::vector<ToldEligibility::Change>& changes) {
    for (const auto& [group, can_stand] : changes) {
        LocalPartition* local = hosted.find(group);
        if (local != nullptr && local->partition.replica().config().seat(peer.record.node))
            step_partition(step, *local, replication::PeerStands{peer.record.node, can_stand});
    }
}

// ---- clocks -------------------------------------------------------------------------------------

void Node::State::learn_clock(const Step& step, const Peer& peer, std::int64_t wall_ms) {
    if (wall_ms == 0) return;
    clocks.learn(step.now, peer.record.node, wall_ms);
    judge_clocks(step);
}

void Node::State::judge_clocks(const Step& step, std::int64_t jump_ms) {
    if (!clocks.judge_peers(step.now, jump_ms)) return;
    for (LocalPartition& local : hosted.all()) {
        const replication::Config& config = local.partition.replica().config();
        if (clocks.judge_group(step.now, {local.id, config, leader_heard(step, local)}, jump_ms))
            step_partition(step, local, clocks.of(local.id));
    }
}

Instant Node::State::leader_heard(const Step& step, const LocalPartition& local) const {
    const replication::Replica& replica = local.partition.replica();
    if (replica.role() == replication::Role::Leader) return step.now.mono;
    if (!replica.leader()) return Instant::long_ago();
    const Peer* leader = peers.find(*replica.leader());
    return leader == nullptr ? Instant::long_ago() : leader->contact.heard(local.id);
}

// A clock that was set is noticed before anything is stamped with it.
void Node::State::look_at_own_clock(const Step& step) {
    if (const std::int64_t jump_ms = clocks.look_at_own(step.now)) judge_clocks(step, jump_ms);
}

// The link or the process is another one now: what was known of it is void.
void Node::State::forget_contact(const Step& step, Peer& peer) {
    peer.contact.reset();
    clocks.forget(peer.record.node);
    tell_eligibility(step, peer, peer.eligibility.forget());
    judge_clocks(step);
}

}  // namespace weft::node
