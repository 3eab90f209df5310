#pragma once
// Who leads each group. A claim is followed only if its term is newer than what is known; where
// nobody is known to lead, the lanes wait and nodes are asked with a growing pause. After a refusal
// or silence one call, the canary, goes ahead and the others wait until it is accepted: a new
// leader is not met by all that was held back for it.

#include "client/core/claim.h"
#include "client/core/indexes.h"
#include "client/core/step.h"
#include "core/indexed.h"
#include "core/time.h"
#include "core/timer_heap.h"
#include "weft/types.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace weft::client {

struct UnderWay {
    CallIndex call = kNoCall;
    PartitionId group;
    bool operator==(const UnderWay&) const = default;
};

class Routes {
public:
    // The options are borrowed.
    explicit Routes(const CallerOptions& options)
        : options_(options), probe_backoff_(options.backoff_min) {}

    void set_groups(std::uint32_t groups) { routes_.reach(PartitionId{groups}); }
    NodeIndex leader(PartitionId group) const { return routes_[group].leader; }

    // ---- what is said of a leader
    // True: it is followed from now on.
    bool claim(const Claim& claim);
    // The same by a node that refused a call. True: those who wait may go ahead at once.
    bool follow_hint(const Step& step, PartitionId group, NodeIndex leader, Term term);
    // The believed leader is not one, or not yet: everybody waits, then one call tries again.
    void close(const Step& step, PartitionId group);
    // The believed leader has taken a call. True: those who wait may go.
    bool accepted(PartitionId group);
    // The link of a call was lost: the next one is a canary again.
    void lost(const Step& step, PartitionId group);

    // ---- calls
    // That a call may go to the leader now; otherwise its lane is to wait.
    bool admits(const Step& step, PartitionId group);
    void sent(PartitionId group, CallIndex call);
    // The call's attempt is over: if it was the canary, another one may go.
    void release(const Step& step, PartitionId group, CallIndex call);
    // The call has ended. True: those who wait may go.
    bool ended(PartitionId group, CallIndex call);
    // No number is free before an older call of the group ends.
    void window_full(PartitionId group) { routes_[group].window_full = true; }

    // ---- lanes that wait
    void wait(PartitionId group, LaneIndex lane) { routes_[group].waiting.push_back(lane); }
    bool has_waiting(PartitionId group) const { return !routes_[group].waiting.empty(); }
    std::vector<LaneIndex> take_waiting(PartitionId group);
    // True: nobody may go now, and `rest` waits again.
    bool hold_back(PartitionId group, std::span<const LaneIndex> rest);
    // The first group that is due: those who wait for it may go.
    std::optional<PartitionId> pop_due(Instant now) { return timers_.pop_due(now); }
    Instant deadline() const { return timers_.next(); }

    // ---- groups without a leader that can be reached: nodes are asked until there is one
    void starve(const Step& step, PartitionId group);
    const std::vector<PartitionId>& starving() const { return starving_; }
    // The leader can be reached by now.
    void feed(PartitionId group) { routes_[group].starving = false; }
    Instant probe_at() const { return probe_at_; }
    // It is time to ask. False: no group starves any more.
    bool on_probe(const Step& step);
    // That nodes may be asked now: they were not just before.
    bool may_ask(const Step& step);
    // What is known is old, whenever nodes were asked.
    void distrust() { asked_at_ = Instant::long_ago(); }

    // `under_way`: the calls that were sent and not answered. `nodes`: how many are known.
    // `listed`: how many lanes say of themselves that they wait here.
    void check(std::span<const UnderWay> under_way, std::size_t nodes, std::size_t listed) const;

private:
    struct Route {
        NodeIndex leader = kNoNode;
        Term term;  // of the leader that was followed last
        bool open = true;
        bool starving = false;     // in starving_
        bool window_full = false;  // waits for an older number to settle
        CallIndex canary = kNoCall;
        Instant not_before;
        Duration backoff{};
        std::vector<LaneIndex> waiting;
    };

    const CallerOptions& options_;
    Indexed<PartitionId, Route> routes_;
    TimerHeap<PartitionId> timers_;  // when one that is closed is tried again
    std::vector<PartitionId> starving_;
    Duration probe_backoff_;
    Instant probe_at_ = Instant::never();
    Instant asked_at_ = Instant::long_ago();
};

}  // namespace weft::client
