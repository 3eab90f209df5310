// Lanes alone; what a whole Caller makes of them is in order_test.cpp.
#include "client/core/lanes.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace weft::client {
namespace {

class LaneRule : public testing::Test {
protected:
    void pass(Duration span) { step_.now.mono = step_.now.mono + span; }
    CallIndex admit(const std::string& entity, Duration timeout = std::chrono::seconds(10)) {
        StartCall start;
        start.call = ++last_;
        start.type = "kv";
        start.id = entity;
        start.command = "put";
        start.timeout = timeout;
        return lanes_.admit(step_, std::move(start));
    }
    LaneIndex lane_of(CallIndex call) const { return lanes_[call].lane; }
    CallIndex next(CallIndex call) { return lanes_.next(step_, lane_of(call)); }
    void send(CallIndex call, LinkId link = kOne) {
        lanes_.name(call, RequestId{{}, 1, PartitionId{1}, call.value + 1});
        lanes_.send(step_, call, link, 0);
    }
    void end(CallIndex call) {
        const LaneIndex lane = lane_of(call);
        lanes_.end(step_, call, {});
        lanes_.free_if_empty(lane);
    }
    std::string checked() const {
        return weft::test::said_by([&] { lanes_.check(); });
    }

    static CallerOptions four_calls() {
        CallerOptions options;
        options.in_flight_max = 4;
        return options;
    }

    static constexpr LinkId kOne{1}, kTwo{2};

    CallerOptions options_ = four_calls();
    Random random_{1};
    Effects out_;
    Step step_{.now = {Instant{1'000'000'000}, WallTime{5}}, .random = random_, .out = out_};
    Lanes lanes_{options_};
    CallId last_ = 0;
};

TEST_F(LaneRule, CallsToOneEntityAreAllOnTheirWayOverOneLink) {
    const CallIndex a = admit("x");
    const CallIndex b = admit("x");
    const CallIndex other = admit("y");
    EXPECT_EQ(next(a), a);
    send(a);
    EXPECT_EQ(next(a), b);
    EXPECT_TRUE(lanes_.may_go_over(kOne, b));
    EXPECT_FALSE(lanes_.may_go_over(kTwo, b)) << "it would overtake the first one";
    EXPECT_TRUE(lanes_.may_go_over(kTwo, other));
    send(b);
    EXPECT_EQ(next(a), kNoCall);
    EXPECT_EQ(checked(), "");
}

TEST_F(LaneRule, WhileOneIsRetriedOnlyTheOldestIsOnItsWay) {
    const CallIndex a = admit("x");
    const CallIndex b = admit("x");
    const CallIndex c = admit("x");
    send(a);
    send(b);
    lanes_.retry(step_, b, false);
    EXPECT_EQ(next(a), kNoCall) << "the first one is under way";
    lanes_.retry(step_, a, true);
    EXPECT_EQ(next(a), a);
    send(a);
    EXPECT_EQ(next(b), kNoCall);
    end(a);
    EXPECT_EQ(next(b), b);
    send(b);
    EXPECT_EQ(next(c), kNoCall);
    end(b);
    EXPECT_EQ(next(c), c);
    EXPECT_EQ(checked(), "");
}

// P-once: what a later command has overtaken must not run after it.
TEST_F(LaneRule, ALaterCallThatTookEffectEndsTheRetriedOnesBeforeIt) {
    const CallIndex refused = admit("x");
    const CallIndex silent = admit("x");
    const CallIndex answered = admit("x");
    for (const CallIndex call : {refused, silent, answered}) send(call);
    EXPECT_TRUE(lanes_.overtaken_by(answered, true).empty()) << "nobody was to be retried";
    lanes_.retry(step_, refused, false);
    lanes_.refused(refused, make_error(ErrorNumber::NoLeader, "later"));
    lanes_.retry(step_, silent, true);

    const std::vector<Overtaken> perhaps = lanes_.overtaken_by(answered, false);
    ASSERT_EQ(perhaps.size(), 1u);
    EXPECT_EQ(perhaps[0].call, refused);
    EXPECT_EQ(perhaps[0].reply.outcome, Outcome::NotDone);
    EXPECT_EQ(perhaps[0].reply.error.message, "later");

    const std::vector<Overtaken> surely = lanes_.overtaken_by(answered, true);
    ASSERT_EQ(surely.size(), 2u);
    EXPECT_EQ(surely[0].call, silent);
    EXPECT_EQ(surely[0].reply.outcome, Outcome::Unknown);
    EXPECT_TRUE(lanes_.overtaken_by(refused, true).empty()) << "it is the first one";
}

TEST_F(LaneRule, ATimerSaysWhatItCameFor) {
    using Why = DueCall::Why;
    const CallIndex call = admit("x", options_.attempt_timeout + options_.backoff_max);
    lanes_.back_off(step_, call);
    EXPECT_EQ(next(call), kNoCall) << "it pauses";
    const auto due = [&] {
        step_.now.mono = lanes_.deadline();
        const std::optional<DueCall> found = lanes_.pop_due(step_);
        EXPECT_TRUE(found && found->call == call);
        return found ? found->why : Why::Expired;
    };
    EXPECT_EQ(due(), Why::Turn);
    EXPECT_EQ(next(call), call);
    send(call);
    const Instant sent_at = step_.time();
    EXPECT_EQ(due(), Why::Doubtful);
    EXPECT_EQ(step_.time() - sent_at, suspicion(options_));
    EXPECT_EQ(due(), Why::Silent);
    EXPECT_EQ(step_.time() - sent_at, options_.attempt_timeout);
    EXPECT_EQ(due(), Why::Expired);
    EXPECT_EQ(step_.time(), lanes_[call].deadline);
    end(call);
    EXPECT_EQ(lanes_.deadline(), Instant::never());
}

TEST_F(LaneRule, ALaneWaitsInOneListAtMost) {
    const LaneIndex a = lane_of(admit("x"));
    const LaneIndex b = lane_of(admit("y"));
    lanes_.wait_for_mesh(a);
    lanes_.wait_for_mesh(a);
    EXPECT_FALSE(lanes_.begin_waiting(a));
    EXPECT_TRUE(lanes_.begin_waiting(b));
    EXPECT_EQ(lanes_.waiting_by_group(), 1u);
    EXPECT_EQ(lanes_.take_unplaced(), std::vector{a});
    lanes_.end_waiting(a);
    lanes_.end_waiting(b);
    EXPECT_EQ(lanes_.waiting_by_group(), 0u);
}

TEST_F(LaneRule, CallsAreFoundByTheLinkTheyWentOver) {
    const CallIndex a = admit("x");
    const CallIndex b = admit("y");
    send(a, kOne);
    send(b, kTwo);
    EXPECT_EQ(lanes_.sent_over(kTwo), std::vector{b});
    EXPECT_EQ(lanes_.in_lanes(), (std::vector{a, b}));
    EXPECT_FALSE(lanes_.is_left_behind(step_, a, kTwo)) << "it may still be answered";
    pass(suspicion(options_));
    EXPECT_TRUE(lanes_.is_left_behind(step_, a, kTwo));
    EXPECT_FALSE(lanes_.is_left_behind(step_, b, kTwo));
    lanes_.retry(step_, a, true);
    EXPECT_FALSE(lanes_.is_left_behind(step_, a, kTwo)) << "it is not under way";
    EXPECT_TRUE(lanes_.sent_over(kOne).empty());
}

TEST_F(LaneRule, AtMostSoManyCallsAreInFlight) {
    for (std::size_t i = 0; i < options_.in_flight_max; ++i) {
        EXPECT_FALSE(lanes_.is_full());
        const CallIndex place = lanes_.next_free();
        EXPECT_EQ(admit("x"), place);
    }
    EXPECT_TRUE(lanes_.is_full());
    end(CallIndex{2});
    EXPECT_FALSE(lanes_.is_full());
    ASSERT_EQ(out_.size(), 1u);
    EXPECT_EQ(std::get<CallEnded>(out_[0]).call, 3u);
    EXPECT_EQ(checked(), "");
}

TEST_F(LaneRule, FindsEachFaultThatIsPlanted) {
    const CallIndex call = admit("x");
    EXPECT_EQ(checked(), "");
    lanes_.wait_for_mesh(lane_of(call));
    EXPECT_EQ(checked(), "");
    lanes_.end_waiting(lane_of(call));
    EXPECT_EQ(checked(), "lane 0 waits for the mesh and is not listed") << "it was not taken out";
    lanes_.take_unplaced();
    const CallIndex nameless = admit("y");
    lanes_.send(step_, nameless, kOne, 0);
    EXPECT_EQ(checked(), "call 1 is under way without an id");
    end(nameless);
    EXPECT_EQ(checked(), "");
    auto& planted = const_cast<PendingCall&>(lanes_[call]);
    planted.deadline = planted.deadline - Duration{1};
    EXPECT_EQ(checked(), "call 0 outlives its time");
    planted.state = PendingCall::State::Sent;
    EXPECT_EQ(checked(), "call 0 is on the wrong side of lane 0's unsent");
}

}  // namespace
}  // namespace weft::client
