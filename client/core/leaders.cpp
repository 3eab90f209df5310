// What is said of leaders, and asking for them, carried between routes, links and calls.
#include "client/core/caller_state.h"

#include <algorithm>

namespace weft::client {

namespace {

// The node at `link` is the one that is believed to lead: what it says of that counts.
bool is_led_from(const Routes& routes, PartitionId group, const Links& links, LinkId link) {
    const NodeIndex leader = routes.leader(group);
    return leader != kNoNode && links.link_of(leader) == link;
}

}  // namespace

void Caller::State::take_claim(const Step& step, const Claim& claim) {
    if (!routes.claim(claim)) return;
    leave_old_leader(step, claim.group);
    if (routes.has_waiting(claim.group)) flush(step, claim.group);
}

// Calls that the former leader has left unanswered for a while go to the new one; those just sent
// may still be answered.
void Caller::State::leave_old_leader(const Step& step, PartitionId group) {
    const LinkId current = links.link_of(routes.leader(group));
    std::vector<CallIndex> silent;
    ids.for_each_call(group, [&](CallIndex index) {
        if (lanes.is_left_behind(step, index, current)) silent.push_back(index);
    });
    for (const CallIndex index : silent) retry(step, index, true);
    for (const CallIndex index : silent) pump(step, lanes[index].lane);
}

// NotLeader and its like, said of this group by the node at `link`. Of a node that was believed to
// lead only when the call left, that belief is gone already.
void Caller::State::route_refused(const Step& step, PartitionId group, LinkId link,
                                  const Reply& reply) {
    if (routes.follow_hint(step, group, mesh.find(reply.leader_hint), reply.hint_term))
        return flush(step, group);
    route_silent(step, group, link);
}

void Caller::State::route_silent(const Step& step, PartitionId group, LinkId link) {
    if (is_led_from(routes, group, links, link)) routes.close(step, group);
}

void Caller::State::route_accepted(const Step& step, PartitionId group, LinkId link) {
    if (is_led_from(routes, group, links, link) && routes.accepted(group)) flush(step, group);
}

void Caller::State::probe(const Step& step) {
    bool soon = true;
    for (const PartitionId group : routes.starving()) {
        const NodeIndex leader = routes.leader(group);
        if (links.ready_link(leader) != kNoLink) {
            routes.feed(group);
        } else if (routes.has_waiting(group)) {
            soon = links.want_node(step, leader) && soon;
        }
    }
    if (routes.on_probe(step)) refresh(step, !soon);
}

// Asks some nodes for their routes. Which of the others know more nobody can tell: `further` has
// some of them met, and at least one each time, until all are.
void Caller::State::refresh(const Step& step, bool further) {
    if (!routes.may_ask(step)) return;
    const std::vector<LinkId> asked = links.next_to_ask(kHellosAtOnce);
    for (const LinkId link : asked) greet(step, link);
    if (further || asked.empty())
        links.open_further(step, std::max<std::size_t>(kHellosAtOnce - asked.size(), 1));
}

}  // namespace weft::client
