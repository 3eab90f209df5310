// Order and sending: the calls to one entity form a lane.
#include "client/core/caller_state.h"
#include "core/invariant.h"
#include "routing/key.h"

#include <algorithm>

namespace weft::client {

// Sends what the lane's order allows.
void Caller::State::pump(const Step& step, LaneIndex lane_index) {
    for (;;) {
        Lane& lane = lanes[lane_index];
        const bool one_by_one = lane.retried > 0;
        const CallIndex index = one_by_one ? lane.head : lane.unsent;
        if (index == kNoCall || (one_by_one && lane.in_flight > 0)) return;
        PendingCall& call = calls[index];
        if (call.not_before > step.time()) {
            timers.set(index, std::min(call.deadline, call.not_before));
            return;
        }
        if (!mesh.is_met()) {
            if (!lane.listed) unplaced.push_back(lane_index);
            lane.listed = true;
            return;
        }
        if (auto wrong = check_placed(call)) {
            Reply reply;
            // What an entity never had cannot have run; of an id alone nothing is known.
            const bool asked = call.request.kind == RequestKind::Resolve;
            reply.outcome = asked ? Outcome::Unknown : Outcome::NotDone;
            reply.error = std::move(*wrong);
            return end_call(step, index, std::move(reply));
        }
        if (!may_send(step, index)) return;
        send(step, index, links.ready_link(routes.leader(call.group)));
    }
}

// A given id must belong to this mesh and to the entity's own group.
std::optional<Error> Caller::State::check_placed(PendingCall& call) const {
    const Request& request = call.request;
    if (request.kind != RequestKind::Resolve)
        call.group =
            routing::group_of(mesh.hash_key(), mesh.groups(), request.type, request.entity);
    if (!call.repeat || (call.group == request.id.group && call.group.value <= mesh.groups()))
        return std::nullopt;
    if (request.kind == RequestKind::Resolve)
        return make_error(ErrorNumber::BadPayload,
                          fmt::format("the request id is of group {}, and this mesh has groups "
                                      "0 to {}",
                                      request.id.group.value, mesh.groups()));
    return Error{
        ErrorCode::Malformed, static_cast<std::uint16_t>(ErrorNumber::BadConfiguration),
        fmt::format("the request id is of group {}, and {}/{} is in group {}: it is of "
                    "another entity",
                    request.id.group.value, request.type, request.entity, call.group.value)};
}

// True when the call has an id and its group a leader to send it to; else it waits for one.
bool Caller::State::may_send(const Step& step, CallIndex index) {
    PendingCall& call = calls[index];
    const NodeIndex leader = routes.leader(call.group);
    const LinkId link = links.ready_link(leader);
    if (link == kNoLink) {
        wait_for_route(call.group, call.lane);
        links.want_node(step, leader);
        routes.starve(step, call.group);
        return false;
    }
    if (!routes.admits(step, call.group)) {
        wait_for_route(call.group, call.lane);
        return false;
    }
    // A later call must not reach the new leader while an earlier one is with the old one.
    const Lane& lane = lanes[call.lane];
    if (lane.in_flight > 0 && lane.link != link) return false;
    if (call.request.id.seq != 0) return true;
    const auto id = ids.assign(call.group, index, step.time());
    if (!id) {
        routes.window_full(call.group);
        wait_for_route(call.group, call.lane);
        return false;
    }
    call.request.id = *id;
    return true;
}

void Caller::State::send(const Step& step, CallIndex index, LinkId link) {
    PendingCall& call = calls[index];
    Lane& lane = lanes[call.lane];
    routes.sent(call.group, index);
    if (lane.unsent == index) lane.unsent = call.after;
    lane.link = link;
    ++lane.in_flight;
    call.state = PendingCall::State::Sent;
    call.link = link;
    links.sent(step, link);
    call.sent_at = step.time();
    timers.set(index, std::min(call.deadline, step.time() + suspicion(options)));
    call.request.lowest_open = ids.lowest_open(call.request.id);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(call.deadline - step.time());
    call.request.deadline_ms =
        static_cast<std::uint32_t>(std::max(left, std::chrono::milliseconds(1)).count());
    step.out.push_back(SendNode{link, call.request});
}

void Caller::State::wait_for_route(GroupId group, LaneIndex lane) {
    if (lanes[lane].listed) return;
    lanes[lane].listed = true;
    routes.wait(group, lane);
}

// Lets the lanes that wait for this group try again.
void Caller::State::flush(const Step& step, GroupId group) {
    const std::vector<LaneIndex> waiting = routes.take_waiting(group);
    for (auto next = waiting.begin(); next != waiting.end(); ++next) {
        if (routes.hold_back(group, {next, waiting.end()})) return;
        lanes[*next].listed = false;
        pump(step, *next);
        free_if_empty(*next);
    }
}

// A later call of the same entity has taken effect, or may have (`surely` false). Running an older
// one now would reverse the order: what was definitely refused ends as not done, and what may still
// run by an attempt given up is not sent again.
void Caller::State::finish_overtaken(const Step& step, CallIndex index, bool surely) {
    CallIndex older = calls[index].before;
    while (older != kNoCall) {
        const PendingCall& call = calls[older];
        const CallIndex next = call.before;
        const bool refused = !call.tainted && call.state == PendingCall::State::Queued;
        if (call.retried && (refused || surely)) {
            WEFT_PROBE("client.overtaken");
            Reply reply;
            reply.outcome = refused ? Outcome::NotDone : Outcome::Unknown;
            if (refused && call.refusal) {
                reply.error = *call.refusal;
            } else {
                reply.error = make_error(ErrorNumber::NoAnswerInTime,
                                         "a later command to the entity was answered first");
            }
            routes.release(step, call.group, older);
            finish(step, older, std::move(reply));
        }
        older = next;
    }
}

}  // namespace weft::client
