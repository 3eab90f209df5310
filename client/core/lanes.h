#pragma once
// The calls to one entity form a lane and keep their order. All of a lane are on their way at once,
// over one link; once one of them has to be retried, the oldest alone is, until the retried ones
// are settled. A later call that took effect closes the way for those before it: to run them now
// would reverse the order. Each call has one timer, and ends by its deadline.

#include "client/core/call_table.h"
#include "client/core/caller.h"
#include "client/core/indexes.h"
#include "client/core/step.h"
#include "core/command.h"
#include "core/error.h"
#include "core/indexed.h"
#include "core/time.h"
#include "core/timer_heap.h"
#include "weft/types.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace weft::client {

// A call whose timer has come, and what for.
struct DueCall {
    enum class Why : std::uint8_t {
        Expired,
        Turn,      // its pause is over
        Doubtful,  // no answer yet: not a reason to leave the leader, but to ask for a newer one
        Silent     // nor will there be one
    };
    CallIndex call = kNoCall;
    Why why{};
};

// A call that must not run any more, and how it ends.
struct Overtaken {
    CallIndex call = kNoCall;
    Reply reply;
};

class Lanes {
public:
    // The options are borrowed.
    explicit Lanes(const CallerOptions& options)
        : options_(options), table_(options.in_flight_max) {}

    const PendingCall& operator[](CallIndex call) const { return table_.calls[call]; }
    const Indexed<CallIndex, PendingCall>& calls() const { return table_.calls; }
    std::size_t in_flight() const { return table_.in_flight; }
    bool is_full() const { return in_flight() == table_.calls.size(); }

    // ---- a call comes and goes
    // The place that admit() will take.
    CallIndex next_free() const { return table_.free_calls.back(); }
    CallIndex admit(const Step& step, StartCall&& start);
    // Sends nothing: the lane is to go on. It is kept until free_if_empty().
    void end(const Step& step, CallIndex call, Reply reply);
    void free_if_empty(LaneIndex lane) { table_.free_if_empty(lane); }

    // ---- its way
    // Whose turn it is; kNoCall: nobody's, or not yet.
    CallIndex next(const Step& step, LaneIndex lane);
    void place(CallIndex call, PartitionId group) { table_.calls[call].group = group; }
    void name(CallIndex call, const RequestId& id) { table_.calls[call].request.id = id; }
    // A later call must not reach the new leader while an earlier one is with the old one.
    bool may_go_over(LinkId link, CallIndex call) const;
    void send(const Step& step, CallIndex call, LinkId link, std::uint64_t lowest_open);
    // The present attempt is over; the call goes back to the front of its lane. `taint`: it may
    // have run.
    void retry(const Step& step, CallIndex call, bool taint);
    void refused(CallIndex call, const Error& why) { table_.calls[call].refusal = why; }
    // The leader it was sent to is gone.
    void leader_lost(CallIndex call);
    void back_off(const Step& step, CallIndex call);
    // Those before `call` that must not run any more, as that one has taken effect or may have
    // (`surely` false).
    std::vector<Overtaken> overtaken_by(CallIndex call, bool surely) const;

    // ---- lanes that wait: each in one list at most, here until the mesh is met, else by group
    // False: it waits already.
    bool begin_waiting(LaneIndex lane);
    void end_waiting(LaneIndex lane) { table_.lanes[lane].listed = false; }
    void wait_for_mesh(LaneIndex lane);
    std::vector<LaneIndex> take_unplaced();
    std::size_t waiting_by_group() const;

    // ---- calls under way
    // Those of all lanes, in no order.
    std::vector<CallIndex> in_lanes() const;
    std::vector<CallIndex> sent_over(LinkId link) const;
    // It was sent over another link than `link` and nobody has answered for a while.
    bool is_left_behind(const Step& step, CallIndex call, LinkId link) const;

    Instant deadline() const { return timers_.next(); }
    std::optional<DueCall> pop_due(const Step& step);

    void check() const;

private:
    const CallerOptions& options_;
    CallTable table_;
    TimerHeap<CallIndex> timers_;
    std::vector<LaneIndex> unplaced_;
};

}  // namespace weft::client
