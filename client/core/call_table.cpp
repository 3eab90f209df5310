#include "client/core/call_table.h"

#include "core/invariant.h"

#include <ranges>

namespace weft::client {

CallTable::CallTable(std::size_t calls_max) : calls(calls_max) {
    free_calls.reserve(calls.size());
    for (const CallIndex index : calls.indexes() | std::views::reverse) free_calls.push_back(index);
}

CallIndex CallTable::take() {
    const CallIndex index = free_calls.back();
    free_calls.pop_back();
    ++in_flight;
    calls[index].state = PendingCall::State::Queued;
    return index;
}

void CallTable::give_back(CallIndex index) {
    calls[index] = PendingCall{};
    free_calls.push_back(index);
    --in_flight;
}

void CallTable::join_lane(CallIndex index, std::uint64_t key) {
    const auto [place, fresh] = lane_of.try_emplace(key, kNoLane);
    if (fresh) {
        if (free_lanes.empty()) {
            place->second = lanes.add({});
        } else {
            place->second = free_lanes.back();
            free_lanes.pop_back();
        }
        lanes[place->second] = Lane{};
        lanes[place->second].key = key;
    }
    Lane& lane = lanes[place->second];
    PendingCall& call = calls[index];
    call.lane = place->second;
    call.before = lane.tail;
    (lane.tail == kNoCall ? lane.head : calls[lane.tail].after) = index;
    lane.tail = index;
    if (lane.unsent == kNoCall) lane.unsent = index;
}

void CallTable::leave_lane(CallIndex index) {
    const PendingCall& call = calls[index];
    Lane& lane = lanes[call.lane];
    (call.before == kNoCall ? lane.head : calls[call.before].after) = call.after;
    (call.after == kNoCall ? lane.tail : calls[call.after].before) = call.before;
    if (lane.unsent == index) lane.unsent = call.after;
    if (call.state == PendingCall::State::Sent) --lane.in_flight;
    if (call.retried) --lane.retried;
}

void CallTable::free_if_empty(LaneIndex lane) {
    Lane& l = lanes[lane];
    if (l.head != kNoCall || l.listed || l.key == 0) return;
    lane_of.erase(l.key);
    l.key = 0;  // free; no lane in use has this key
    free_lanes.push_back(lane);
}

void CallTable::check() const {
    std::size_t used = 0;
    std::size_t found = 0;
    for (const LaneIndex index : lanes.indexes()) {
        if (lanes[index].key == 0) continue;
        ++used;
        found += check_lane(index);
    }
    WEFT_INVARIANT(found == in_flight, "{} calls in lanes, {} in flight", found, in_flight);
    WEFT_INVARIANT(in_flight + free_calls.size() == calls.size(), "{} calls in flight, {} free",
                   in_flight, free_calls.size());
    WEFT_INVARIANT(used + free_lanes.size() == lanes.size(), "{} lanes in use, {} free", used,
                   free_lanes.size());
    WEFT_INVARIANT(used == lane_of.size(), "{} lanes in use, {} with a key", used, lane_of.size());
}

// How many calls are in the lane.
std::size_t CallTable::check_lane(LaneIndex index) const {
    const Lane& lane = lanes[index];
    const auto named = lane_of.find(lane.key);
    WEFT_INVARIANT(named != lane_of.end() && named->second == index, "lane {} is not of its key",
                   index.value);
    WEFT_INVARIANT(lane.head != kNoCall || lane.listed, "lane {} is empty and kept", index.value);
    std::size_t count = 0;
    std::size_t sent = 0;
    std::size_t retried = 0;
    bool never_sent = false;  // this call and all after it
    CallIndex last = kNoCall;
    for (CallIndex at = lane.head; at != kNoCall; last = at, at = calls[at].after) {
        const PendingCall& call = calls[at];
        WEFT_INVARIANT(call.before == last && call.lane == index,
                       "call {} does not stand behind {} in lane {}", at.value, last.value,
                       index.value);
        never_sent = never_sent || at == lane.unsent;
        const bool was_sent = call.state == PendingCall::State::Sent || call.retried;
        WEFT_INVARIANT(was_sent != never_sent, "call {} is on the wrong side of lane {}'s unsent",
                       at.value, index.value);
        if (call.state == PendingCall::State::Sent) {
            ++sent;
            WEFT_INVARIANT(call.link == lane.link, "lane {} is sent over two links", index.value);
        }
        if (call.retried) ++retried;
        ++count;
    }
    WEFT_INVARIANT(lane.tail == last, "lane {} does not end with its tail", index.value);
    WEFT_INVARIANT(sent == lane.in_flight, "{} calls are sent in lane {}, {} are counted", sent,
                   index.value, lane.in_flight);
    WEFT_INVARIANT(retried == lane.retried, "{} calls are retried in lane {}, {} are counted",
                   retried, index.value, lane.retried);
    return count;
}

}  // namespace weft::client
