// Order and sending: the calls to one entity form a lane.
#include "client/core/session_state.h"
#include "core/invariant.h"
#include "routing/key.h"

#include <algorithm>

namespace weft::client {

void Session::State::join_lane(std::uint32_t slot, std::uint64_t key) {
    const auto [place, fresh] = lane_of.try_emplace(key, kNone);
    if (fresh) {
        if (free_lanes.empty()) {
            place->second = static_cast<std::uint32_t>(lanes.size());
            lanes.emplace_back();
        } else {
            place->second = free_lanes.back();
            free_lanes.pop_back();
        }
        lanes[place->second] = Lane{};
        lanes[place->second].key = key;
    }
    Lane& lane = lanes[place->second];
    Call& call = calls[slot];
    call.lane = place->second;
    call.before = lane.tail;
    (lane.tail == kNone ? lane.head : calls[lane.tail].after) = slot;
    lane.tail = slot;
    if (lane.unsent == kNone) lane.unsent = slot;
}

void Session::State::leave_lane(std::uint32_t slot) {
    const Call& call = calls[slot];
    Lane& lane = lanes[call.lane];
    (call.before == kNone ? lane.head : calls[call.before].after) = call.after;
    (call.after == kNone ? lane.tail : calls[call.after].before) = call.before;
    if (lane.unsent == slot) lane.unsent = call.after;
    if (call.state == Call::State::Sent) --lane.in_flight;
    if (call.retried) --lane.retried;
}

void Session::State::free_if_empty(std::uint32_t lane) {
    Lane& l = lanes[lane];
    if (l.head != kNone || l.listed || l.key == 0) return;
    lane_of.erase(l.key);
    l.key = 0;  // free; no lane in use has this key
    free_lanes.push_back(lane);
}

// Sends what the lane's order allows.
void Session::State::pump(Now now, std::uint32_t lane_index) {
    for (;;) {
        Lane& lane = lanes[lane_index];
        const bool one_by_one = lane.retried > 0;
        const std::uint32_t slot = one_by_one ? lane.head : lane.unsent;
        if (slot == kNone || (one_by_one && lane.in_flight > 0)) return;
        Call& call = calls[slot];
        if (call.not_before > now.mono) {
            timers.set(timed_call(slot), std::min(call.deadline, call.not_before));
            return;
        }
        if (!connected) {
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
            return end_call(now, slot, std::move(reply));
        }
        if (!may_send(now, slot)) return;
        send(now, slot, usable_link(routes[call.group.value]));
    }
}

// A given id must belong to this mesh and to the entity's own group.
std::optional<Error> Session::State::check_placed(Call& call) const {
    const Request& request = call.request;
    if (request.kind != RequestKind::Resolve)
        call.group = routing::group_of(hash_key, groups, request.type, request.entity);
    if (!call.repeat || (call.group == request.id.group && call.group.value <= groups))
        return std::nullopt;
    if (request.kind == RequestKind::Resolve)
        return make_error(ErrorNumber::BadPayload,
                          fmt::format("the request id is of group {}, and this mesh has groups "
                                      "0 to {}",
                                      request.id.group.value, groups));
    return Error{
        ErrorCode::Malformed, static_cast<std::uint16_t>(ErrorNumber::BadConfiguration),
        fmt::format("the request id is of group {}, and {}/{} is in group {}: it is of "
                    "another entity",
                    request.id.group.value, request.type, request.entity, call.group.value)};
}

// True when the call has an id and its group a leader to send it to; else it waits for one.
bool Session::State::may_send(Now now, std::uint32_t slot) {
    Call& call = calls[slot];
    Route& route = routes[call.group.value];
    const LinkId link = usable_link(route);
    if (link == kNone) {
        wait_for_route(call.group, call.lane);
        starve(now, call.group);
        return false;
    }
    if (!route.open && (route.canary != kNone || now.mono < route.not_before)) {
        wait_for_route(call.group, call.lane);
        if (route.canary == kNone) timers.set(timed(call.group), route.not_before);
        return false;
    }
    // A later call must not reach the new leader while an earlier one is with the old one.
    const Lane& lane = lanes[call.lane];
    if (lane.in_flight > 0 && lane.link != link) return false;
    if (call.request.id.seq != 0) return true;
    const auto id = ids.assign(call.group, slot, now.mono);
    if (!id) {
        route.window_full = true;
        wait_for_route(call.group, call.lane);
        return false;
    }
    call.request.id = *id;
    return true;
}

void Session::State::send(Now now, std::uint32_t slot, LinkId link) {
    Call& call = calls[slot];
    Lane& lane = lanes[call.lane];
    Route& route = routes[call.group.value];
    if (!route.open) route.canary = slot;
    if (lane.unsent == slot) lane.unsent = call.after;
    lane.link = link;
    ++lane.in_flight;
    call.state = Call::State::Sent;
    call.link = link;
    call.sent_at = now.mono;
    timers.set(timed_call(slot), std::min(call.deadline, now.mono + suspicion()));
    call.request.lowest_open = ids.lowest_open(call.request.id);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(call.deadline - now.mono);
    call.request.deadline_ms =
        static_cast<std::uint32_t>(std::max(left, std::chrono::milliseconds(1)).count());
    out->push_back(SendNode{link, call.request});
}

void Session::State::wait_for_route(GroupId group, std::uint32_t lane) {
    if (lanes[lane].listed) return;
    lanes[lane].listed = true;
    routes[group.value].waiting.push_back(lane);
}

// Lets the lanes that wait for this group try again.
void Session::State::flush(Now now, GroupId group) {
    Route& route = routes[group.value];
    std::vector<std::uint32_t> waiting;
    waiting.swap(route.waiting);
    for (auto next = waiting.begin(); next != waiting.end(); ++next) {
        if (route.window_full || (!route.open && route.canary != kNone)) {
            route.waiting.insert(route.waiting.end(), next, waiting.end());
            return;
        }
        lanes[*next].listed = false;
        pump(now, *next);
        free_if_empty(*next);
    }
}

// A later call of the same entity has taken effect, or may have (`surely` false). Running an older
// one now would reverse the order: what was definitely refused ends as not done, and what may still
// run by an attempt given up is not sent again.
void Session::State::finish_overtaken(Now now, std::uint32_t slot, bool surely) {
    std::uint32_t older = calls[slot].before;
    while (older != kNone) {
        const Call& call = calls[older];
        const std::uint32_t next = call.before;
        const bool refused = !call.tainted && call.state == Call::State::Queued;
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
            release_canary(now, older);
            finish(older, std::move(reply));
        }
        older = next;
    }
}

}  // namespace weft::client
