#include "client/core/routes.h"

#include "core/invariant.h"

#include <algorithm>
#include <utility>

namespace weft::client {

bool Routes::claim(const Claim& claim) {
    Route& route = routes_[claim.group];
    if (claim.term < route.term) return false;
    if (claim.leader == kNoNode) {
        // "I know of no leader" counts when its term is newer, or when the believed leader says it.
        // The term itself does not: who stood for it may be gone with it, and a lower one lead.
        if (claim.term > route.term || claim.said_by == route.leader) route.leader = kNoNode;
        return false;
    }
    if (claim.term == route.term && route.leader != kNoNode) return false;
    route.term = claim.term;
    route.leader = claim.leader;
    return true;
}

bool Routes::follow_hint(const Step& step, PartitionId group, NodeIndex leader, Term term) {
    Route& route = routes_[group];
    if (term <= route.term || leader == kNoNode) return false;
    route.term = term;
    route.leader = leader;
    route.open = false;
    route.canary = kNoCall;
    route.backoff = options_.backoff_min;
    route.not_before = step.time();
    return true;
}

void Routes::close(const Step& step, PartitionId group) {
    Route& route = routes_[group];
    route.leader = kNoNode;
    route.open = false;
    route.canary = kNoCall;
    if (route.backoff == Duration{}) route.backoff = options_.backoff_min;
    route.not_before = step.time() + step.pause(route.backoff, options_.backoff_max);
    starve(step, group);
}

bool Routes::accepted(PartitionId group) {
    Route& route = routes_[group];
    if (route.open) return false;
    route.open = true;
    route.canary = kNoCall;
    route.backoff = Duration{};
    timers_.erase(group);
    return true;
}

void Routes::lost(const Step& step, PartitionId group) {
    routes_[group].open = false;
    routes_[group].not_before = step.time();
}

bool Routes::admits(const Step& step, PartitionId group) {
    const Route& route = routes_[group];
    if (route.open) return true;
    if (route.canary != kNoCall) return false;
    if (step.time() >= route.not_before) return true;
    timers_.set(group, route.not_before);
    return false;
}

void Routes::sent(PartitionId group, CallIndex call) {
    if (!routes_[group].open) routes_[group].canary = call;
}

void Routes::release(const Step& step, PartitionId group, CallIndex call) {
    Route& route = routes_[group];
    if (route.canary != call) return;
    route.canary = kNoCall;
    timers_.set(group, std::max(route.not_before, step.time()));
}

bool Routes::ended(PartitionId group, CallIndex call) {
    if (!routes_.has(group)) return false;
    Route& route = routes_[group];
    const bool was_canary = route.canary == call;
    if (was_canary) route.canary = kNoCall;
    const bool waited_for_room = std::exchange(route.window_full, false);
    return was_canary || waited_for_room;
}

std::vector<LaneIndex> Routes::take_waiting(PartitionId group) {
    return std::exchange(routes_[group].waiting, {});
}

bool Routes::hold_back(PartitionId group, std::span<const LaneIndex> rest) {
    Route& route = routes_[group];
    if (!route.window_full && (route.open || route.canary == kNoCall)) return false;
    route.waiting.insert(route.waiting.end(), rest.begin(), rest.end());
    return true;
}

void Routes::starve(const Step& step, PartitionId group) {
    Route& route = routes_[group];
    if (!route.starving) starving_.push_back(group);
    route.starving = true;
    if (probe_at_ != Instant::never()) return;
    probe_backoff_ = options_.backoff_min;
    probe_at_ = step.time();
}

bool Routes::on_probe(const Step& step) {
    std::erase_if(starving_, [&](PartitionId group) {
        Route& route = routes_[group];
        route.starving = route.starving && !route.waiting.empty();
        return !route.starving;
    });
    probe_at_ = Instant::never();
    if (starving_.empty()) return false;
    distrust();
    probe_at_ = step.time() + step.pause(probe_backoff_, options_.backoff_max);
    return true;
}

bool Routes::may_ask(const Step& step) {
    if (step.time() - asked_at_ < suspicion(options_)) return false;
    asked_at_ = step.time();
    return true;
}

void Routes::check(std::span<const UnderWay> under_way, std::size_t nodes,
                   std::size_t listed) const {
    std::size_t waiting = 0;
    std::size_t starving = 0;
    for (const PartitionId group : routes_.indexes()) {
        const Route& route = routes_[group];
        waiting += route.waiting.size();
        if (route.starving) ++starving;
        WEFT_INVARIANT(route.leader == kNoNode || route.leader.value < nodes,
                       "node {} leads and is not known", route.leader.value);
        WEFT_INVARIANT(!route.open || route.canary == kNoCall,
                       "group {} takes all calls and has a canary", group.value);
        WEFT_INVARIANT(route.canary == kNoCall ||
                           std::ranges::count(under_way, UnderWay{route.canary, group}) == 1,
                       "the canary of group {} is not under way there", group.value);
    }
    WEFT_INVARIANT(listed == waiting, "{} lanes are listed, {} wait", listed, waiting);
    WEFT_INVARIANT(starving == starving_.size(), "{} groups starve, {} are listed", starving,
                   starving_.size());
    WEFT_INVARIANT(starving_.empty() || probe_at_ != Instant::never(),
                   "{} groups starve and nobody will ask", starving_.size());
}

}  // namespace weft::client
