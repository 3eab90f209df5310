// Who could lead: what nodes tell each other of groups they would not campaign in, and of their
// clocks. A leadership is never handed to a node that cannot take it, and a node whose stamps a
// quorum would refuse gives it away (S29).

#include "node/state.h"

#include <algorithm>
#include <ranges>
#include <utility>

namespace weft::node {

namespace {

// A clock is called ahead a little before followers refuse its stamps, and well again only when it
// is clearly within what they take.
constexpr std::int64_t kAheadMs = replication::kStampAheadMs - 500;
constexpr std::int64_t kWellMs = replication::kStampAheadMs - 1000;

// Nothing follows from a smaller difference of clocks.
constexpr std::int64_t kStampStepMs = 250;
bool apart(std::int64_t one, std::int64_t two) {
    return std::max(one, two) - std::min(one, two) >= kStampStepMs;
}

std::int64_t boot_clock_ms(Instant at) { return at.ns / 1'000'000; }

}  // namespace

// ---- who cannot stand ---------------------------------------------------------------------------

// With a full disk a node campaigns as a last resort, for reads; it is no target of a transfer.
std::vector<GroupId> Node::State::groups_not_to_lead(const Peer& peer) const {
    std::vector<GroupId> groups;
    if (not_standing == 0 && !disk.full()) return groups;
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

void Node::State::learn_clock(Peer& peer, std::int64_t wall_ms) {
    if (wall_ms == 0) return;
    peer.clock_ms = wall_ms - boot_clock_ms(now.mono);
    peer.clock_at = now.mono;
    judge_clocks();
}

std::int64_t Node::State::own_clock() const { return now.wall.ms - boot_clock_ms(now.mono); }

std::int64_t Node::State::ahead_of(const Peer& peer) const { return own_clock() - *peer.clock_ms; }

void Node::State::judge_clocks(std::int64_t jump_ms) {
    bool one_behind = false;
    for (Peer& peer : std::views::values(peers)) {
        const std::int64_t limit = peer.behind ? kWellMs : kAheadMs;
        const bool behind = peer.clock_ms && ahead_of(peer) > limit;
        one_behind = one_behind || behind || peer.behind;
        if (behind == peer.behind) continue;
        peer.behind = behind;
        if (!peer.clock_ms) continue;  // forgotten
        if (behind)
            log.error("clock.ahead", {{"of", peer.record.node}, {"ms", ahead_of(peer)}});
        else
            log.info("clock.well_again", {{"with", peer.record.node}});
    }
    if (!one_behind && !clock_matters && jump_ms == 0) return;
    clock_matters = false;
    stamps_back_ms = 0;
    for (Hosted& group : hosted.all()) {
        const replication::OwnClock before = group.clock;
        group.clock = {ahead_of_quorum(group), stamps_back_of(group, jump_ms)};
        clock_matters = clock_matters || group.clock.ahead || group.clock.stamps_back_ms != 0;
        stamps_back_ms = std::max(stamps_back_ms, group.clock.stamps_back_ms);
        if (group.clock.ahead != before.ahead ||
            group.clock.stamps_back_ms != before.stamps_back_ms)
            step_partition(group, group.clock);
    }
}

// A clock that was set is noticed before anything is stamped with it.
void Node::State::look_at_own_clock() {
    const std::int64_t before = std::exchange(judged_clock_ms, own_clock()).value_or(own_clock());
    if (apart(own_clock(), before))
        judge_clocks(own_clock() - before);
    else
        judged_clock_ms = before;
}

// How far our stamps must stay behind our clock so that a quorum of those whose clocks we know
// takes them: the group may have to go on with these alone. While we know of no quorum, stamps stay
// where they were, whatever our clock does.
std::int64_t Node::State::stamps_back_of(const Hosted& group, std::int64_t jump_ms) {
    const replication::Config& config = group.partition.replica().config();
    std::vector<std::pair<std::int64_t, std::size_t>> members;
    for (std::size_t slot = 0; slot < config.members.size(); ++slot) {
        const Peer* peer = find_peer(config.members[slot].node);
        if (peer == nullptr || (peer->clock_ms && !peer->behind))
            members.emplace_back(0, slot);
        else if (peer->clock_ms)
            members.emplace_back(ahead_of(*peer) - kWellMs, slot);
    }
    std::ranges::sort(members);
    const std::int64_t before = group.clock.stamps_back_ms;
    replication::PeerSet taking;
    for (const auto& [back, slot] : members) {
        taking.add(slot);
        if (config.quorum(taking)) return back != 0 && !apart(back, before) ? before : back;
    }
    return std::max<std::int64_t>(0, before + jump_ms);
}

// Nodes tell their clocks with heartbeats. While nobody leads there are none, and what was told
// long ago must not keep the only one who can from leading: it would see at once.
bool Node::State::ahead_of_quorum(const Hosted& group) {
    const replication::Replica& replica = group.partition.replica();
    const auto recent = [this](Instant at) { return at + options.timings.election_max > now.mono; };
    const Peer* leader = replica.leader() ? find_peer(*replica.leader()) : nullptr;
    const bool led = replica.role() == replication::Role::Leader ||
                     (leader != nullptr && recent(leader->contact.heard(group.group)));
    const replication::Config& config = replica.config();
    return !config.quorum_where([&](NodeId node) {
        const Peer* peer = find_peer(node);
        return peer == nullptr || !peer->behind || (!led && !recent(peer->clock_at));
    });
}

void Node::State::forget_contact(Peer& peer) {
    peer.contact.reset();
    peer.clock_ms.reset();
    note_standing(peer, {});
    judge_clocks();
}

}  // namespace weft::node
