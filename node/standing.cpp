// Who could lead: what nodes tell each other of groups they would not campaign in, and of their
// clocks. A leadership is never handed to a node that cannot take it, and a node whose stamps a
// quorum would refuse does not keep one (S29).

#include "node/state.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace weft::node {

namespace {

// A clock is called ahead a little before followers refuse its stamps, and well again only when it
// is clearly within what they take.
constexpr std::int64_t kAheadMs = replication::kStampAheadMs - 500;
constexpr std::int64_t kWellMs = replication::kStampAheadMs - 1000;
constexpr std::int64_t kStampStepMs = 250;  // differences of clocks that nothing follows from

std::int64_t boot_clock_ms(Instant at) { return at.ns / 1'000'000; }

}  // namespace

// ---- who cannot stand ---------------------------------------------------------------------------

// With a full disk a node campaigns as a last resort, for reads; it is no target of a transfer.
std::vector<GroupId> Node::State::groups_not_to_lead(const Peer& peer) const {
    std::vector<GroupId> groups;
    if (not_standing == 0 && !disk_full) return groups;
    for (const std::uint32_t place : peer.shared)
        if (disk_full || !hosted[place].stands) groups.push_back(hosted[place].group);
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

std::int64_t Node::State::ahead_of(const Peer& peer) const {
    return now.wall.ms - boot_clock_ms(now.mono) - *peer.clock_ms;
}

void Node::State::judge_clocks() {
    bool changed = false;
    for (Peer& peer : peers) {
        const std::int64_t limit = peer.behind ? kWellMs : kAheadMs;
        const bool behind = peer.clock_ms && ahead_of(peer) > limit;
        if (behind == peer.behind) continue;
        peer.behind = behind;
        changed = true;
        if (behind)
            log.error("clock.ahead", {{"of", peer.record.node}, {"ms", ahead_of(peer)}});
        else
            log.info("clock.well_again", {{"with", peer.record.node}});
    }
    if (!changed && clocks_ahead == 0 && stamps_back == 0) return;
    for (Hosted& group : hosted) {
        const bool ahead = ahead_of_quorum(group);
        std::int64_t back = stamps_back_of(group);
        if (back != 0 && std::abs(back - group.stamps_back_ms) < kStampStepMs)
            back = group.stamps_back_ms;
        if (ahead == group.clock_ahead && back == group.stamps_back_ms) continue;
        clocks_ahead += (ahead ? 1U : 0U) - (group.clock_ahead ? 1U : 0U);
        stamps_back += (back != 0 ? 1U : 0U) - (group.stamps_back_ms != 0 ? 1U : 0U);
        group.clock_ahead = ahead;
        group.stamps_back_ms = back;
        step_partition(group, replication::ClockAhead{ahead, back});
    }
}

// A clock that was set is noticed before anything is stamped with it.
void Node::State::look_at_own_clock() {
    const std::int64_t offset = now.wall.ms - boot_clock_ms(now.mono);
    if (std::abs(offset - own_clock_ms) < kStampStepMs) return;
    own_clock_ms = offset;
    judge_clocks();
}

// How far our stamps must stay behind our clock so that a quorum of those whose clocks we know
// takes them: with them alone the group may have to go on.
std::int64_t Node::State::stamps_back_of(const Hosted& group) {
    const replication::Config& config = group.partition.replica().config();
    std::vector<std::pair<std::int64_t, std::size_t>> members;
    for (std::size_t slot = 0; slot < config.nodes.size(); ++slot) {
        const Peer* peer = member(group, slot);
        if (peer == nullptr)
            members.emplace_back(0, slot);
        else if (peer->clock_ms)
            members.emplace_back(std::max<std::int64_t>(0, ahead_of(*peer) - kWellMs), slot);
    }
    std::ranges::sort(members);
    replication::PeerSet taking = 0;
    for (const auto& [back, slot] : members) {
        taking = static_cast<replication::PeerSet>(taking | 1U << slot);
        if (config.quorum(taking)) return back;
    }
    return 0;
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
    replication::PeerSet with_us = 0;
    for (std::size_t slot = 0; slot < config.nodes.size(); ++slot) {
        const Peer* peer = member(group, slot);
        if (peer == nullptr || !peer->behind || (!led && !recent(peer->clock_at)))
            with_us = static_cast<replication::PeerSet>(with_us | 1U << slot);
    }
    return !config.quorum(with_us);
}

void Node::State::forget_contact(Peer& peer) {
    peer.contact.reset();
    peer.clock_ms.reset();
    note_standing(peer, {});
    judge_clocks();
}

}  // namespace weft::node
