// Who leads a group: claims of nodes, refusals, and asking again. A claim is followed only if its
// term is newer than what is known; otherwise the client backs off and asks for the routes by
// hello.
#include "client/core/session_state.h"

#include <algorithm>

namespace weft::client {

LinkId Session::State::usable_link(const Route& route) const {
    if (route.leader == kNone) return kNone;
    const LinkId link = nodes[route.leader].link;
    if (link == kNone || links[link].state != Link::State::Ready) return kNone;
    return links[link].node == route.leader ? link : kNone;
}

Duration Session::State::raise(Duration& backoff) {
    const Duration wait = jitter(backoff);
    backoff = std::min(backoff * 2, options.backoff_max);
    return wait;
}

void Session::State::claim(Now now, GroupId group, const Claim& what) {
    Route& route = routes[group.value];
    if (what.term < route.term) return;
    if (what.leader == kNone) {
        // "I know of no leader" counts when its term is newer, or when the believed leader says it.
        // The term itself does not: who stood for it may be gone with it, and a lower one lead.
        if (what.term > route.term || what.said_by == route.leader) route.leader = kNone;
        return;
    }
    if (what.term == route.term && route.leader != kNone) return;
    route.term = what.term;
    route.leader = what.leader;
    leave_old_leader(now, group);
    if (!route.waiting.empty()) flush(now, group);
}

// Calls that the former leader has left unanswered for a while go to the new one; those just sent
// may still be answered.
void Session::State::leave_old_leader(Now now, GroupId group) {
    const LinkId current = nodes[routes[group.value].leader].link;
    std::vector<std::uint32_t> silent;
    ids.for_each_slot(group, [&](std::uint32_t slot) {
        const Call& call = calls[slot];
        if (call.state == Call::State::Sent && call.link != current &&
            now.mono - call.sent_at >= suspicion())
            silent.push_back(slot);
    });
    for (const std::uint32_t slot : silent) retry(now, slot, true);
    for (const std::uint32_t slot : silent) pump(now, calls[slot].lane);
}

// NotLeader and its like, said of this group by the node at `link`.
void Session::State::route_refused(Now now, GroupId group, LinkId link, const Reply& reply) {
    Route& route = routes[group.value];
    const std::uint32_t hinted = node_index(reply.leader_hint);
    if (reply.hint_term > route.term && hinted != kNone) {
        route.term = reply.hint_term;
        route.leader = hinted;
        route.open = false;
        route.canary = kNone;
        route.backoff = options.backoff_min;
        route.not_before = now.mono;
        return flush(now, group);
    }
    // Refused by a node that was believed to lead when the call left: that belief is gone already.
    if (route.leader == kNone || nodes[route.leader].link != link) return;
    close_route(now, route, group);
}

// The believed leader is not one, or not yet: everybody waits, then one call tries again.
void Session::State::close_route(Now now, Route& route, GroupId group) {
    route.leader = kNone;
    route.open = false;
    route.canary = kNone;
    if (route.backoff == Duration{}) route.backoff = options.backoff_min;
    route.not_before = now.mono + raise(route.backoff);
    starve(now, group);
}

void Session::State::route_silent(Now now, GroupId group, LinkId link) {
    Route& route = routes[group.value];
    if (route.leader != kNone && nodes[route.leader].link == link) close_route(now, route, group);
}

void Session::State::route_accepted(Now now, GroupId group, LinkId link) {
    Route& route = routes[group.value];
    if (route.open || route.leader == kNone || nodes[route.leader].link != link) return;
    route.open = true;
    route.canary = kNone;
    route.backoff = Duration{};
    timers.erase(timed(group));
    flush(now, group);
}

// The call that went ahead is under way no more: another one may go.
void Session::State::release_canary(Now now, std::uint32_t slot) {
    const GroupId group = calls[slot].group;
    Route& route = routes[group.value];
    if (route.canary != slot) return;
    route.canary = kNone;
    timers.set(timed(group), std::max(route.not_before, now.mono));
}

// The group needs a usable leader: the nodes are asked until there is one.
void Session::State::starve(Now now, GroupId group) {
    Route& route = routes[group.value];
    if (!route.starving) starving.push_back(group);
    route.starving = true;
    if (probing) return;
    probing = true;
    probe_backoff = options.backoff_min;
    timers.set(kTimedProbe, now.mono);
}

void Session::State::probe(Now now) {
    std::erase_if(starving, [this](GroupId group) {
        Route& route = routes[group.value];
        route.starving = !route.waiting.empty() && usable_link(route) == kNone;
        return !route.starving;
    });
    probing = !starving.empty();
    if (!probing) return;
    refreshed_at = Instant::long_ago();
    refresh(now);
    timers.set(kTimedProbe, now.mono + raise(probe_backoff));
}

// Asks some nodes for their routes, each time the next ones in turn.
void Session::State::refresh(Now now) {
    if (now.mono - refreshed_at < suspicion()) return;
    refreshed_at = now.mono;
    std::size_t asked = 0;
    for (std::size_t tried = 0; tried < links.size() && asked < kHellosAtOnce; ++tried) {
        const LinkId link = probe_next++ % static_cast<LinkId>(links.size());
        if (links[link].state != Link::State::Ready) continue;
        send_hello(now, link);
        ++asked;
    }
}

// The first hello came: calls that waited for it find their groups, in the order they were made.
void Session::State::place_unplaced(Now now) {
    std::vector<std::uint32_t> waiting;
    waiting.swap(unplaced);
    for (const std::uint32_t lane : waiting) {
        lanes[lane].listed = false;
        pump(now, lane);
        free_if_empty(lane);
    }
}

}  // namespace weft::client
