#include "node/clocks.h"

#include "core/invariant.h"
#include "replication/raft/replica.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

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
std::int64_t own_clock(Now now) { return now.wall.ms - boot_clock_ms(now.mono); }

}  // namespace

void Clocks::learn(Now now, NodeId peer, std::int64_t wall_ms) {
    const auto found = peers_.find(peer);
    if (wall_ms == 0 || found == peers_.end()) return;
    found->second.clock_ms = wall_ms - boot_clock_ms(now.mono);
    found->second.at = now.mono;
}

void Clocks::forget(NodeId peer) {
    if (const auto found = peers_.find(peer); found != peers_.end()) found->second.clock_ms.reset();
}

const Clocks::Peer* Clocks::find(NodeId peer) const {
    const auto found = peers_.find(peer);
    return found == peers_.end() ? nullptr : &found->second;
}

std::optional<std::int64_t> Clocks::ahead_of(Now now, NodeId peer) const {
    const Peer* known = find(peer);
    if (known == nullptr || !known->clock_ms) return std::nullopt;
    return own_clock(now) - *known->clock_ms;
}

std::int64_t Clocks::look_at_own(Now now) {
    const std::int64_t own = own_clock(now);
    if (!judged_ms_) judged_ms_ = own;
    if (!apart(own, *judged_ms_)) return 0;
    return own - std::exchange(*judged_ms_, own);
}

bool Clocks::judge_peers(Now now, std::int64_t jump_ms) {
    bool one_behind = false;
    for (auto& [node, peer] : peers_) {
        const std::int64_t limit = peer.behind ? kWellMs : kAheadMs;
        const std::int64_t ahead = peer.clock_ms ? own_clock(now) - *peer.clock_ms : 0;
        const bool behind = ahead > limit;
        one_behind = one_behind || behind || peer.behind;
        if (behind == peer.behind) continue;
        peer.behind = behind;
        if (!peer.clock_ms) continue;  // forgotten
        if (behind)
            log_.error("clock.ahead", {{"of", node}, {"ms", ahead}});
        else
            log_.info("clock.well_again", {{"with", node}});
    }
    if (!one_behind && !matters_ && jump_ms == 0) return false;
    matters_ = false;
    stamps_back_ms_ = 0;
    return true;
}

bool Clocks::judge_group(Now now, const Group& group, std::int64_t jump_ms) {
    replication::OwnClock& clock = groups_[group.group];
    const replication::OwnClock before = clock;
    clock = {ahead_of_quorum(now, group), stamps_back_of(now, group, jump_ms)};
    matters_ = matters_ || clock.ahead || clock.stamps_back_ms != 0;
    stamps_back_ms_ = std::max(stamps_back_ms_, clock.stamps_back_ms);
    return clock.ahead != before.ahead || clock.stamps_back_ms != before.stamps_back_ms;
}

// How far our stamps must stay behind our clock so that a quorum of those whose clocks we know
// takes them: the group may have to go on with these alone. While we know of no quorum, stamps stay
// where they were, whatever our clock does.
std::int64_t Clocks::stamps_back_of(Now now, const Group& group, std::int64_t jump_ms) const {
    const replication::Config& config = group.config;
    std::vector<std::pair<std::int64_t, replication::Seat>> members;
    for (const replication::Seat seat : config.seats()) {
        const Peer* peer = find(config.at(seat).node);
        if (peer == nullptr || (peer->clock_ms && !peer->behind))
            members.emplace_back(0, seat);
        else if (peer->clock_ms)
            members.emplace_back(own_clock(now) - *peer->clock_ms - kWellMs, seat);
    }
    std::ranges::sort(members);
    const std::int64_t before = groups_[group.group].stamps_back_ms;
    replication::PeerSet taking;
    for (const auto& [back, seat] : members) {
        taking.add(seat);
        if (config.quorum(taking)) return back != 0 && !apart(back, before) ? before : back;
    }
    return std::max<std::int64_t>(0, before + jump_ms);
}

// Nodes tell their clocks with heartbeats. While nobody leads there are none, and what was told
// long ago must not keep the only one who can from leading: it would see at once.
bool Clocks::ahead_of_quorum(Now now, const Group& group) const {
    const auto recent = [&](Instant at) { return at + election_max_ > now.mono; };
    const bool led = recent(group.leader_heard);
    return !group.config.quorum_where([&](NodeId node) {
        const Peer* peer = find(node);
        return peer == nullptr || !peer->behind || (!led && !recent(peer->at));
    });
}

void Clocks::check() const {
    std::int64_t most = 0;
    bool ahead = false;
    for (const replication::OwnClock& clock : groups_) {
        most = std::max(most, clock.stamps_back_ms);
        ahead = ahead || clock.ahead;
    }
    WEFT_INVARIANT(most == stamps_back_ms_, "stamps stay {} ms behind in a group, {} are kept",
                   most, stamps_back_ms_);
    WEFT_INVARIANT(matters_ == (ahead || most != 0), "a clock that is off is forgotten");
}

}  // namespace weft::node
