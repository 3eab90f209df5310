// S28: request ids, what is still open of them, and asking for outcomes.
#include "routing/request_ids.h"

#include "tests/client/caller_world.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <set>

namespace weft::client {
namespace {

using routing::RequestIds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(RequestIds, CountPerGroupFromOneWithinTheStartTheNodeTold) {
    CallerWorld world = CallerWorld::connected();
    for (CallId id = 1; id <= 2; ++id) world.call(id);
    const RequestId first = world.sent[0].second.id;
    const RequestId second = world.sent[1].second.id;
    EXPECT_EQ(first.client.bytes[0], 42);
    EXPECT_EQ(first.start_ms, 1'000'000);
    EXPECT_EQ(first.seq, 1u);
    EXPECT_EQ(second.seq, 2u);
    EXPECT_EQ(first.group, routing::group_of({}, kGroups, "kv", "x"));
}

TEST(RequestIds, TakeANewStartAfterFiveMinutes) {
    CallerWorld world = CallerWorld::connected();
    world.call(1);
    world.done(world.last());
    world.pass(minutes(4));
    world.call(2);
    EXPECT_EQ(world.last().second.id.start_ms, 1'000'000);
    world.done(world.last());
    world.pass(minutes(2));
    world.call(3);
    EXPECT_EQ(world.last().second.id.start_ms, 1'000'000 + 6 * 60 * 1000);
    EXPECT_EQ(world.last().second.id.seq, 1u);
    world.done(world.last());
    EXPECT_EQ(world.ended[3].outcome, Outcome::Done);
}

TEST(RequestIds, NeverRepeatAStartEvenIfTheNodesClockIsBehind) {
    RequestIds ids({.client = {}, .renew_start = minutes(5)});
    ids.set_groups(4);
    ids.learn_time(Instant{0}, 5000);
    const auto first = ids.assign(PartitionId{1}, CallIndex{0}, Instant{0});
    ids.learn_time(Instant{0} + minutes(6), 4000);
    const auto second = ids.assign(PartitionId{1}, CallIndex{1}, Instant{0} + minutes(6));
    ASSERT_TRUE(first && second);
    EXPECT_GT(second->start_ms, first->start_ms);
}

TEST(RequestIds, CarryTheLowestOpenNumber) {
    CallerWorld world = CallerWorld::connected();
    for (CallId id = 1; id <= 3; ++id) world.call(id);
    EXPECT_EQ(world.last().second.lowest_open, 1u);
    const auto sent = world.sent;
    world.done(sent[1]);
    world.call(4);
    EXPECT_EQ(world.last().second.lowest_open, 1u);
    world.done(sent[0]);
    world.call(5);
    EXPECT_EQ(world.last().second.lowest_open, 3u);
}

TEST(RequestIds, StayOpenWhileTheOutcomeIsUnknown) {
    CallerWorld world = CallerWorld::connected();
    world.call(1, "x", seconds(1));
    world.pass(seconds(2));
    ASSERT_EQ(world.ended[1].outcome, Outcome::Unknown);
    world.call(2);
    EXPECT_EQ(world.last().second.id.seq, 2u);
    EXPECT_EQ(world.last().second.lowest_open, 1u);
}

TEST(RequestIds, WaitWhileTheWindowIsFullAndGoOnWhenItMoves) {
    CallerWorld world = CallerWorld::connected();
    for (CallId id = 1; id <= 1030; ++id) world.call(id, "{t}" + std::to_string(id));
    ASSERT_EQ(world.sent.size(), 1024u);
    const auto second = world.sent[1];
    world.done(second);
    EXPECT_EQ(world.sent.size(), 1024u) << "the lowest is still open";
    world.done(world.sent[0]);
    EXPECT_EQ(world.sent.size(), 1026u);
}

TEST(RequestIds, TakeANewStartWhenAnUnknownOutcomeHoldsTheWindow) {
    RequestIds ids({.client = {}, .renew_start = minutes(5), .window = 4});
    ids.set_groups(1);
    ids.learn_time(Instant{0}, 5000);
    std::vector<RequestId> all;
    for (std::uint32_t call = 0; call < 4; ++call)
        all.push_back(ids.assign(PartitionId{1}, CallIndex{call}, Instant{0}).value());
    EXPECT_FALSE(ids.assign(PartitionId{1}, CallIndex{4}, Instant{0}).has_value());
    ids.leave_open(all[0]);
    const auto fresh = ids.assign(PartitionId{1}, CallIndex{4}, Instant{0});
    ASSERT_TRUE(fresh.has_value());
    EXPECT_GT(fresh->start_ms, all[0].start_ms);
    EXPECT_EQ(fresh->seq, 1u);
    EXPECT_EQ(ids.find(all[1]), CallIndex{1}) << "calls of the old start are still answered";
}

TEST(RequestIds, TakeOneNewStartForAllCommandsOfAnEndedSession) {
    RequestIds ids({.client = {}, .renew_start = minutes(5)});
    ids.set_groups(1);
    ids.learn_time(Instant{0}, 5000);
    const RequestId first = ids.assign(PartitionId{1}, CallIndex{0}, Instant{0}).value();
    const RequestId second = ids.assign(PartitionId{1}, CallIndex{1}, Instant{0}).value();
    ids.renew_with_next_time(first.start_ms);
    ids.learn_time(Instant{0}, 6000);
    const RequestId again = ids.assign(PartitionId{1}, CallIndex{0}, Instant{0}).value();
    EXPECT_EQ(again.start_ms, 6000);
    ids.renew_with_next_time(second.start_ms);  // told a moment later
    ids.learn_time(Instant{0}, 7000);
    EXPECT_EQ(ids.assign(PartitionId{1}, CallIndex{1}, Instant{0}).value().start_ms,
              again.start_ms);
    ids.renew_with_next_time(again.start_ms);
    ids.learn_time(Instant{0}, 8000);
    EXPECT_EQ(ids.assign(PartitionId{1}, CallIndex{1}, Instant{0}).value().start_ms, 8000);
}

TEST(RequestIds, GoOnInANewSessionWhenTheOldOneHasEnded) {
    CallerWorld world = CallerWorld::connected();
    world.call(1);
    world.expire(world.last());
    EXPECT_FALSE(world.has_ended(1)) << "it was never run, and its number is given up";
    world.log_time_ms = 9'000'000;
    world.say_hello(world.link_to(1), 1);
    world.pass(milliseconds(50));
    ASSERT_EQ(world.sent.size(), 2u);
    EXPECT_GE(world.last().second.id.start_ms, 9'000'000);
    EXPECT_EQ(world.last().second.id.seq, 1u);
    world.done(world.last());
    EXPECT_EQ(world.ended[1].outcome, Outcome::Done);
    EXPECT_GE(world.ended[1].id.start_ms, 9'000'000);
}

// A node whose clock is an hour ahead told the time; every other node refuses that start.
TEST(RequestIds, TakeTheTimeOfTheNodeThatRefusesAStartFromTheFuture) {
    CallerWorld world = CallerWorld::connected();
    world.log_time_ms += 3'600'000;
    world.say_hello(world.link_to(2), 2);
    world.call(1, "x");
    world.call(2, "y");
    ASSERT_EQ(world.sent.size(), 2U);
    const auto first = world.sent[0], second = world.sent[1];
    EXPECT_EQ(first.second.id.start_ms, 4'600'000);
    world.refuse(first, ErrorNumber::ClockTooFarOff);
    world.refuse(second, ErrorNumber::ClockTooFarOff);
    EXPECT_FALSE(world.has_ended(1) || world.has_ended(2));
    world.pass(milliseconds(50));
    ASSERT_EQ(world.sent.size(), 4U);
    for (std::size_t i = 2; i < 4; ++i) {
        EXPECT_LT(world.sent[i].second.id.start_ms, 1'001'000);
        EXPECT_EQ(world.sent[i].second.id.start_ms, world.sent[2].second.id.start_ms);
        world.done(world.sent[i]);
    }
    EXPECT_EQ(world.ended[1].outcome, Outcome::Done);
    EXPECT_EQ(world.ended[2].outcome, Outcome::Done);
}

TEST(RequestIds, AreNewEvenWhenTimeGoesBack) {
    RequestIds ids({.client = {}, .renew_start = minutes(5)});
    ids.set_groups(4);
    Instant now{0};
    ids.learn_time(now, 5000);
    std::set<RequestId> all;
    std::int64_t last_start = 0;
    for (const std::int64_t told : {5000, 4000, 5000, 4000, 5000, 9'000'000, 5000}) {
        const auto id = ids.assign(PartitionId{1}, CallIndex{0}, now);
        ASSERT_TRUE(id);
        EXPECT_TRUE(all.insert(*id).second) << id->start_ms;
        ids.settle(*id);
        last_start = id->start_ms;
        ids.renew_at(now, told, last_start);
    }
    // Not forgotten while a node may remember it: that start has not even come yet.
    now = now + minutes(30);
    ids.renew_at(now, 9'000'000, last_start);
    const auto late = ids.assign(PartitionId{1}, CallIndex{0}, now);
    ASSERT_TRUE(late);
    EXPECT_TRUE(all.insert(*late).second);
}

StartCall resolve(CallId call, const RequestId& id) {
    StartCall start;
    start.call = call;
    start.kind = RequestKind::Resolve;
    start.request = id;
    start.timeout = seconds(3);
    return start;
}

TEST(Resolve, AsksTheGroupOfTheIdAndReturnsWhatItRemembers) {
    CallerWorld world = CallerWorld::connected();
    RequestId id;
    id.client.bytes[0] = 7;
    id.group = PartitionId{2};
    id.start_ms = 123;
    id.seq = 5;
    world.step(resolve(1, id));
    ASSERT_EQ(world.sent.size(), 1u);
    EXPECT_EQ(world.last().second.kind, RequestKind::Resolve);
    EXPECT_EQ(world.last().second.id, id);
    world.done(world.last());
    EXPECT_EQ(world.ended[1].outcome, Outcome::Done);
    EXPECT_EQ(world.ended[1].payload.view(), "ok");
}

TEST(Resolve, IsNotDoneOnlyByALoggedAnswer) {
    struct Case {
        const char* why;
        ErrorNumber error;
        LogIndex index;
        Outcome outcome;
    };
    const Case cases[] = {
        {"closed by a log entry", ErrorNumber::NotFound, LogIndex{9}, Outcome::NotDone},
        {"the session has ended", ErrorNumber::SessionExpired, LogIndex{}, Outcome::Unknown},
        {"refused unasked", ErrorNumber::BadPayload, LogIndex{}, Outcome::Unknown},
        {"a session of the future", ErrorNumber::ClockTooFarOff, LogIndex{}, Outcome::Unknown},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.why);
        CallerWorld world = CallerWorld::connected();
        world.call(1, "x", seconds(1));
        world.pass(seconds(2));
        world.step(resolve(2, world.ended[1].id));
        world.say_hello(world.link_to(2), 2);
        world.pass(milliseconds(100));
        Reply reply;
        reply.outcome = Outcome::NotDone;
        reply.error = make_error(c.error, "none");
        reply.index = c.index;
        ASSERT_EQ(world.last().second.kind, RequestKind::Resolve);
        world.answer(world.last(), reply);
        ASSERT_TRUE(world.has_ended(2));
        EXPECT_EQ(world.ended[2].outcome, c.outcome);
    }
}

TEST(Resolve, IsUnknownWhenNobodyAnswers) {
    CallerWorld world = CallerWorld::connected();
    RequestId id;
    id.group = PartitionId{1};
    id.seq = 1;
    world.step(resolve(1, id));
    world.refuse(world.last(), ErrorNumber::NoLeader);
    world.leader = 0;
    world.pass(seconds(4));
    EXPECT_EQ(world.ended[1].outcome, Outcome::Unknown);
}

TEST(Resolve, SettlesTheNumber) {
    CallerWorld world = CallerWorld::connected();
    world.call(1, "x", seconds(1));
    world.pass(seconds(2));
    world.step(resolve(2, world.ended[1].id));
    world.say_hello(world.link_to(2), 2);
    world.pass(milliseconds(100));
    world.done(world.last());
    world.call(3);
    EXPECT_EQ(world.last().second.lowest_open, 2u);
}

TEST(Repeat, CarriesTheGivenIdAndIsNeverCalledNotDone) {
    CallerWorld world = CallerWorld::connected();
    world.call(1, "x", seconds(1));
    world.pass(seconds(2));
    StartCall again = CallerWorld::start_of(2, "x");
    again.request = world.ended[1].id;
    world.step(again);
    world.say_hello(world.link_to(2), 2);
    world.pass(milliseconds(100));
    EXPECT_EQ(world.last().second.id, *again.request);
    world.refuse(world.last(), ErrorNumber::UnknownCommand);
    EXPECT_EQ(world.ended[2].outcome, Outcome::Unknown);
}

TEST(Repeat, EndsWhenTheSessionHasEnded) {
    CallerWorld world = CallerWorld::connected();
    StartCall start = CallerWorld::start_of(1, "x");
    start.request = RequestId{{}, 5, routing::group_of({}, kGroups, "kv", "x"), 3};
    world.step(start);
    world.expire(world.last());
    ASSERT_TRUE(world.has_ended(1));
    EXPECT_EQ(world.ended[1].outcome, Outcome::Unknown);
    EXPECT_EQ(world.ended[1].error.code, ErrorCode::Expired);
    EXPECT_EQ(world.sent.size(), 1u);
}

TEST(Repeat, OfACallStillInFlightIsRefused) {
    CallerWorld world = CallerWorld::connected();
    world.call(1);
    StartCall again = CallerWorld::start_of(2, "x");
    again.request = world.last().second.id;
    world.step(again);
    ASSERT_TRUE(world.has_ended(2));
    EXPECT_EQ(world.ended[2].outcome, Outcome::Unknown);
    world.done(world.last());
    EXPECT_EQ(world.ended[1].outcome, Outcome::Done);
}

TEST(Repeat, WithTheIdOfAnotherGroupIsRefused) {
    CallerWorld world = CallerWorld::connected();
    StartCall start = CallerWorld::start_of(1, "x");
    start.request = RequestId{{}, 5, PartitionId{99}, 3};
    world.step(start);
    ASSERT_TRUE(world.has_ended(1));
    EXPECT_EQ(world.ended[1].error.code, ErrorCode::Malformed);
    EXPECT_TRUE(world.sent.empty());
}

// It would lose its number to the call that gets it, and wait in vain until its deadline.
TEST(Repeat, WithAnIdThatWasNotGivenYetIsRefused) {
    CallerWorld world = CallerWorld::connected();
    world.call(1);
    const RequestId given = world.last().second.id;
    RequestId next = given;
    ++next.seq;
    RequestId of_silent_group = given;
    of_silent_group.group = PartitionId{given.group.value == 1 ? 2u : 1u};
    RequestId later_start = given;
    ++later_start.start_ms;
    CallId call = 2;
    for (const RequestId& id : {next, of_silent_group, later_start}) {
        StartCall again = CallerWorld::start_of(call, "x");
        again.request = id;
        world.step(again);
        ASSERT_TRUE(world.has_ended(call));
        EXPECT_EQ(world.ended[call].outcome, Outcome::Unknown);
        EXPECT_EQ(world.ended[call].error.code, ErrorCode::Malformed);
        EXPECT_EQ(world.ended[call].error.number, std::uint16_t(ErrorNumber::BadConfiguration));
        ++call;
    }
    world.call(call);
    EXPECT_EQ(world.last().second.id, next);
    world.done(world.last());
    EXPECT_EQ(world.ended[call].outcome, Outcome::Done);
}

// A start that went back (ClockTooFarOff) must not meet one that was asked about.
TEST(RequestIds, NeverTakeAStartThatWasAskedAbout) {
    const ClientId self{{42}};
    RequestIds ids({.client = self, .renew_start = minutes(5)});
    ids.set_groups(4);
    ids.learn_time(Instant{0}, 5000);
    const auto first = ids.assign(PartitionId{1}, CallIndex{0}, Instant{0});
    ASSERT_TRUE(first);
    const RequestId earlier{self, 4000, PartitionId{1}, 1};
    EXPECT_EQ(ids.bind(earlier, CallIndex{1}, Instant{0}), RequestIds::Bound::Yes);
    ids.renew_at(Instant{0}, 4000, first->start_ms);
    const auto second = ids.assign(PartitionId{1}, CallIndex{2}, Instant{0});
    ASSERT_TRUE(second);
    EXPECT_EQ(second->start_ms, 4001);
}

TEST(RequestIds, CheckThatEveryAnswerIsAwaited) {
    RequestIds ids({.client = {}, .renew_start = minutes(5)});
    ids.set_groups(4);
    ids.learn_time(Instant{0}, 5000);
    const auto id = ids.assign(PartitionId{1}, CallIndex{0}, Instant{0});
    ASSERT_TRUE(id);
    const auto said = [&](std::vector<RequestIds::Awaited> awaited) {
        return weft::test::said_by([&] { ids.check(awaited); });
    };
    EXPECT_EQ(said({{*id, CallIndex{0}}}), "");
    EXPECT_EQ(said({}), "1 numbers wait for answers, 0 calls have one");
    EXPECT_EQ(said({{*id, CallIndex{5}}}), "the answer to call 5 would not be found");
    ids.leave_open(*id);
    EXPECT_EQ(said({}), "");
    EXPECT_EQ(ids.bind(*id, CallIndex{1}, Instant{0}), RequestIds::Bound::Yes);
    EXPECT_EQ(ids.bind(*id, CallIndex{2}, Instant{0}), RequestIds::Bound::OfAnotherCall);
    EXPECT_EQ(said({{*id, CallIndex{1}}}), "");
}

}  // namespace
}  // namespace weft::client
