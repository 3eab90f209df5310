// Who leads a group: claims of nodes, refusals, and asking again. A claim is followed only if its
// term is newer than what is known; otherwise the client backs off and asks for the routes by
// hello.
#include "client/core/caller_state.h"

#include <algorithm>

namespace weft::client {

LinkId Caller::State::usable_link(const Route& route) const {
    return links.ready_link(route.leader);
}

void Caller::State::take_claim(const Step& step, const Claim& what) {
    Route& route = routes[what.group];
    if (what.term < route.term) return;
    if (what.leader == kNoNode) {
        // "I know of no leader" counts when its term is newer, or when the believed leader says it.
        // The term itself does not: who stood for it may be gone with it, and a lower one lead.
        if (what.term > route.term || what.said_by == route.leader) route.leader = kNoNode;
        return;
    }
    if (what.term == route.term && route.leader != kNoNode) return;
    route.term = what.term;
    route.leader = what.leader;
    leave_old_leader(step, what.group);
    if (!route.waiting.empty()) flush(step, what.group);
}

// Calls that the former leader has left unanswered for a while go to the new one; those just sent
// may still be answered.
void Caller::State::leave_old_leader(const Step& step, GroupId group) {
    const LinkId current = links.link_of(routes[group].leader);
    std::vector<CallIndex> silent;
    ids.for_each_call(group, [&](CallIndex index) {
        const PendingCall& call = calls[index];
        if (call.state == PendingCall::State::Sent && call.link != current &&
            step.time() - call.sent_at >= suspicion(options))
            silent.push_back(index);
    });
    for (const CallIndex index : silent) retry(step, index, true);
    for (const CallIndex index : silent) pump(step, calls[index].lane);
}

// NotLeader and its like, said of this group by the node at `link`.
void Caller::State::route_refused(const Step& step, GroupId group, LinkId link,
                                  const Reply& reply) {
    Route& route = routes[group];
    const NodeIndex hinted = mesh.find(reply.leader_hint);
    if (reply.hint_term > route.term && hinted != kNoNode) {
        route.term = reply.hint_term;
        route.leader = hinted;
        route.open = false;
        route.canary = kNoCall;
        route.backoff = options.backoff_min;
        route.not_before = step.time();
        return flush(step, group);
    }
    // Refused by a node that was believed to lead when the call left: that belief is gone already.
    if (route.leader == kNoNode || links.link_of(route.leader) != link) return;
    close_route(step, route, group);
}

// The believed leader is not one, or not yet: everybody waits, then one call tries again.
void Caller::State::close_route(const Step& step, Route& route, GroupId group) {
    route.leader = kNoNode;
    route.open = false;
    route.canary = kNoCall;
    if (route.backoff == Duration{}) route.backoff = options.backoff_min;
    route.not_before = step.time() + step.pause(route.backoff, options.backoff_max);
    starve(step, group);
}

void Caller::State::route_silent(const Step& step, GroupId group, LinkId link) {
    Route& route = routes[group];
    if (route.leader != kNoNode && links.link_of(route.leader) == link)
        close_route(step, route, group);
}

void Caller::State::route_accepted(const Step& step, GroupId group, LinkId link) {
    Route& route = routes[group];
    if (route.open || route.leader == kNoNode || links.link_of(route.leader) != link) return;
    route.open = true;
    route.canary = kNoCall;
    route.backoff = Duration{};
    group_timers.erase(group);
    flush(step, group);
}

// The call that went ahead is under way no more: another one may go.
void Caller::State::release_canary(const Step& step, CallIndex index) {
    const GroupId group = calls[index].group;
    Route& route = routes[group];
    if (route.canary != index) return;
    route.canary = kNoCall;
    group_timers.set(group, std::max(route.not_before, step.time()));
}

// The group needs a usable leader: the nodes are asked until there is one.
void Caller::State::starve(const Step& step, GroupId group) {
    Route& route = routes[group];
    if (!route.starving) starving.push_back(group);
    route.starving = true;
    if (probe_at != Instant::never()) return;
    probe_backoff = options.backoff_min;
    probe_at = step.time();
}

void Caller::State::probe(const Step& step) {
    bool soon = true;
    std::erase_if(starving, [&](GroupId group) {
        Route& route = routes[group];
        route.starving = !route.waiting.empty() && usable_link(route) == kNoLink;
        if (route.starving) soon = links.want_node(step, route.leader) && soon;
        return !route.starving;
    });
    probe_at = Instant::never();
    if (starving.empty()) return;
    refreshed_at = Instant::long_ago();
    refresh(step, !soon);
    probe_at = step.time() + step.pause(probe_backoff, options.backoff_max);
}

// Asks some nodes for their routes, each time the next ones in turn. Which of the others know more
// nobody can tell: `further` has some of them met, and at least one each time, until all are.
void Caller::State::refresh(const Step& step, bool further) {
    if (step.time() - refreshed_at < suspicion(options)) return;
    refreshed_at = step.time();
    const std::vector<LinkId> asked = links.next_to_ask(kHellosAtOnce);
    for (const LinkId link : asked) greet(step, link);
    if (further || asked.empty())
        links.open_further(step, std::max<std::size_t>(kHellosAtOnce - asked.size(), 1));
}

// The first hello came: calls that waited for it find their groups, in the order they were made.
void Caller::State::place_unplaced(const Step& step) {
    std::vector<LaneIndex> waiting;
    waiting.swap(unplaced);
    for (const LaneIndex lane : waiting) {
        lanes[lane].listed = false;
        pump(step, lane);
        free_if_empty(lane);
    }
}

}  // namespace weft::client
