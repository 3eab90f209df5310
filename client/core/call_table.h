#pragma once
// The calls of a Caller and the lanes that keep them in order; what may be sent is decided in
// lanes.cpp and sending.cpp.

#include "client/core/indexes.h"
#include "core/command.h"
#include "core/error.h"
#include "core/indexed.h"
#include "core/time.h"
#include "weft/types.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace weft::client {

struct PendingCall {
    enum class State : std::uint8_t { Free, Queued, Sent };

    CallId call = 0;
    State state = State::Free;
    bool repeat = false;   // the id was given: earlier attempts are not known here
    bool tainted = false;  // an attempt was sent and never definitely refused
    bool retried = false;
    Request request;  // id.seq 0: no id yet
    PartitionId group;
    Instant deadline;
    Instant not_before;  // backing off until then
    Instant sent_at;
    Duration backoff{};
    LinkId link = kNoLink;
    std::optional<Error> refusal;  // the last one
    LaneIndex lane = kNoLane;
    CallIndex before = kNoCall, after = kNoCall;  // neighbours in the lane
};

// The calls to one entity, oldest first. While one of them is being retried only the oldest may be
// on its way; otherwise all are, as long as they go over the same link.
struct Lane {
    std::uint64_t key = 0;
    CallIndex head = kNoCall, tail = kNoCall;
    CallIndex unsent = kNoCall;  // first call never sent; so are all after it
    std::uint32_t in_flight = 0;
    std::uint32_t retried = 0;
    LinkId link = kNoLink;  // where the calls in flight are
    bool listed = false;    // in a waiting list: must not be reused
};

struct CallTable {
    explicit CallTable(std::size_t calls_max);

    // A place for a new call; there must be one.
    CallIndex take();
    void give_back(CallIndex index);

    // At the end of the lane of that key, which begins with its first call.
    void join_lane(CallIndex index, std::uint64_t key);
    void leave_lane(CallIndex index);
    void free_if_empty(LaneIndex lane);

    // Stops at the first sum that is wrong, between two steps. Costs as much as there are lanes and
    // calls in flight.
    void check() const;

    Indexed<CallIndex, PendingCall> calls;
    std::vector<CallIndex> free_calls;
    std::size_t in_flight = 0;
    Indexed<LaneIndex, Lane> lanes;
    std::vector<LaneIndex> free_lanes;
    std::unordered_map<std::uint64_t, LaneIndex> lane_of;  // looked up, never iterated

private:
    std::size_t check_lane(LaneIndex index) const;
};

}  // namespace weft::client
