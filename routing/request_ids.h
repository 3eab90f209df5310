#pragma once
// Request ids and what is still open of them (S28): one start after the other, one window of
// sequence numbers per (start, group). A number whose outcome is unknown stays open, so that the
// node keeps what it remembers of it. Clients count by it, and a node that asks on its own account.

#include "core/time.h"
#include "weft/types.h"

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace weft::routing {

// A pending call, as the table of its asker names it.
using CallIndex = Strong<struct CallTag, std::uint32_t>;
inline constexpr CallIndex kNoCall{0xffffffff};

struct RequestIdOptions {
    ClientId client;
    Duration renew_start{};
    // Open numbers per (start, group) at most; the node's session window.
    std::uint64_t window = 1024;
};

class RequestIds {
public:
    explicit RequestIds(RequestIdOptions options) : options_(options) {}

    // A node told its log time; the clock in between is the local monotonic one.
    void learn_time(Instant now, std::int64_t log_time_ms);
    void set_groups(std::uint32_t groups) { groups_ = groups; }

    // A fresh id whose answers belong to `call`; nothing while the window is full. Needs a log
    // time.
    std::optional<RequestId> assign(PartitionId group, CallIndex call, Instant now);
    // Ties a given id (a repeat, a resolve; perhaps of another client) to `call`. NeverGiven: this
    // client has not handed it out, so it may yet name another command.
    enum class Bound : std::uint8_t { Yes, OfAnotherCall, NeverGiven };
    Bound bind(const RequestId& id, CallIndex call, Instant now);
    // The call that waits for `id`'s answer.
    std::optional<CallIndex> find(const RequestId& id) const;
    // To be sent along with `id`.
    std::uint64_t lowest_open(const RequestId& id) const;

    // The outcome is known: the number may be forgotten by everybody.
    void settle(const RequestId& id);
    // The call has ended, its outcome is unknown: the number stays open.
    void leave_open(const RequestId& id);

    // True when `id`'s window cannot move because its lowest number was left open.
    bool stuck(const RequestId& id) const;
    // The next id gets a new start.
    void renew_now() { renew_ = true; }
    // The same from the next log time learned, unless there is a newer start than the one that has
    // ended: of many commands that are told so, the first brings the new start.
    void renew_with_next_time(std::int64_t ended_start_ms);
    // A node refused this start and keeps this log time: the next id gets a start of that time,
    // even if it is earlier; unless there is a newer start by now.
    void renew_at(Instant now, std::int64_t log_time_ms, std::int64_t refused_start_ms);

    // Calls `visit(call)` for the numbers of `group` that a call waits for, in order.
    template <class Visit>
    void for_each_call(PartitionId group, Visit&& visit) const {
        for (const Start& start : starts_) {
            const Window* window = window_of(start, group);
            if (window == nullptr) continue;
            for (std::uint64_t seq = window->lowest; seq < window->next; ++seq)
                if (window->at(seq) < kLeftOpen) visit(window->at(seq));
        }
    }

    // `awaited`: every call that has an id.
    struct Awaited {
        RequestId id;
        CallIndex call;
    };
    void check(std::span<const Awaited> awaited) const;

private:
    static constexpr CallIndex kSettled = kNoCall;
    static constexpr CallIndex kLeftOpen{kNoCall.value - 1};

    // Numbers [lowest, next) in a ring whose size is a power of two: a call or one of the marks.
    struct Window {
        std::uint64_t lowest = 1;
        std::uint64_t next = 1;
        std::vector<CallIndex> ring;

        CallIndex at(std::uint64_t seq) const { return ring[seq & (ring.size() - 1)]; }
        void put(std::uint64_t seq, CallIndex what) { ring[seq & (ring.size() - 1)] = what; }
        bool holds(std::uint64_t seq) const { return seq >= lowest && seq < next; }
        void make_room();
    };
    struct Start {
        std::int64_t start_ms = 0;
        Instant opened;
        std::size_t awaited = 0;                       // numbers a call waits for
        std::vector<std::unique_ptr<Window>> windows;  // by group
    };

    const Start* start_of(const RequestId& id) const;
    static const Window* window_of(const Start& start, PartitionId group);
    bool was_given(const RequestId& id) const;
    // The window that holds the number; nothing for foreign and forgotten ids.
    std::pair<Start*, Window*> held(const RequestId& id);
    const Window* held(const RequestId& id) const;
    Start& open_start(Instant now);
    void drop_old_starts(Instant now, std::int64_t log_time_ms);

    RequestIdOptions options_;
    std::uint32_t groups_ = 0;
    std::int64_t log_time_ms_ = 0;
    Instant log_time_at_;
    bool renew_ = true;
    bool renew_when_told_ = false;
    bool back_ = false;         // the next start may be earlier than the last
    std::deque<Start> starts_;  // the newest last
    std::int64_t latest_start_ms_ = std::numeric_limits<std::int64_t>::min();
    std::map<std::int64_t, Instant> used_;      // every start that a node may still remember
    std::map<RequestId, CallIndex> elsewhere_;  // bound ids that no window holds
};

}  // namespace weft::routing
