// Commands of one client to one entity keep their order.
#include "tests/client/caller_world.h"

#include <gtest/gtest.h>

namespace weft::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<std::uint64_t> seqs(const CallerWorld& world) {
    std::vector<std::uint64_t> all;
    for (const auto& [link, request] : world.sent) all.push_back(request.id.seq);
    return all;
}

TEST(Order, IsPipelinedWhileNothingFails) {
    CallerWorld world = CallerWorld::connected();
    for (CallId id = 1; id <= 4; ++id) world.call(id);
    EXPECT_EQ(seqs(world), (std::vector<std::uint64_t>{1, 2, 3, 4}));
}

TEST(Order, SendsOneAtATimeAfterALostLinkUntilTheRetriedOnesAreSettled) {
    CallerWorld world = CallerWorld::connected();
    for (CallId id = 1; id <= 3; ++id) world.call(id);
    world.down(world.link_to(1));
    world.clear();
    world.call(4);
    world.call(5);
    world.leader = 2;
    world.term = 2;
    world.say_hello(world.link_to(2), 2);
    EXPECT_EQ(seqs(world), (std::vector<std::uint64_t>{1}));
    world.done(world.last());
    EXPECT_EQ(seqs(world), (std::vector<std::uint64_t>{1, 2}));
    world.done(world.last());
    world.done(world.last());
    EXPECT_EQ(seqs(world), (std::vector<std::uint64_t>{1, 2, 3, 4, 5})) << "pipelining again";
}

TEST(Order, DoesNotSendToANewLeaderWhileTheOldOneHasAnEarlierCall) {
    CallerWorld world = CallerWorld::connected();
    world.call(1);
    world.leader = 2;
    world.term = 2;
    world.say_hello(world.link_to(2), 2);
    world.call(2);
    ASSERT_EQ(world.sent.size(), 1u);
    const auto first = world.last();
    world.call(3, "another entity");
    EXPECT_EQ(world.last().first, world.link_to(2));
    world.done(first);
    ASSERT_EQ(world.sent.size(), 3u);
    EXPECT_EQ(world.last().second.entity, "x");
    EXPECT_EQ(world.last().first, world.link_to(2));
}

TEST(Order, EndsARefusedCallThatALaterOneHasOvertaken) {
    CallerWorld world = CallerWorld::connected();
    for (CallId id = 1; id <= 2; ++id) world.call(id);
    const auto first = world.sent[0];
    const auto second = world.sent[1];
    world.refuse(first, ErrorNumber::QueueFull);
    EXPECT_FALSE(world.has_ended(1));
    world.done(second);
    ASSERT_TRUE(world.has_ended(1));
    EXPECT_EQ(world.ended[1].outcome, Outcome::NotDone);
    EXPECT_EQ(world.ended[1].error.code, ErrorCode::Overloaded);
    EXPECT_EQ(world.ended[2].outcome, Outcome::Done);
}

// The oldest was under way as the only call that a new leader gets until it has answered: when the
// answer to a later one overtakes it, others go.
TEST(Order, WhatIsOvertakenOnItsWayHoldsUpNobody) {
    CallerWorld world = CallerWorld::connected();
    for (CallId id = 1; id <= 2; ++id) world.call(id);
    const auto late = world.sent[1];
    world.pass(seconds(2) + milliseconds(1));  // both are given up
    world.leader = 2;
    world.term = 2;
    world.say_hello(world.link_to(2), 2);
    world.pass(milliseconds(100));
    ASSERT_EQ(world.sent.size(), 3u);
    EXPECT_EQ(world.last().first, world.link_to(2));
    world.done(late);
    ASSERT_TRUE(world.has_ended(1) && world.has_ended(2));
    EXPECT_EQ(world.ended[1].outcome, Outcome::Unknown);
    world.call(3);
    world.pass(milliseconds(100));
    ASSERT_EQ(world.sent.size(), 4u);
    EXPECT_EQ(world.last().first, world.link_to(2));
}

TEST(Order, WaitsForAllInFlightBeforeTheOldestIsSentAgain) {
    CallerWorld world = CallerWorld::connected();
    for (CallId id = 1; id <= 2; ++id) world.call(id);
    const auto first = world.sent[0];
    const auto second = world.sent[1];
    world.refuse(first, ErrorNumber::QueueFull);
    world.pass(milliseconds(100));
    EXPECT_EQ(world.sent.size(), 2u);
    world.refuse(second, ErrorNumber::QueueFull);
    world.pass(milliseconds(100));
    ASSERT_EQ(world.sent.size(), 3u);
    EXPECT_EQ(world.last().second.id, first.second.id);
}

TEST(Order, OfOtherEntitiesIsNotHeldUp) {
    CallerWorld world = CallerWorld::connected();
    world.call(1, "x");
    world.refuse(world.last(), ErrorNumber::QueueFull);
    world.call(2, "x");
    world.call(3, "y");
    EXPECT_EQ(world.sent.size(), 2u);
    EXPECT_EQ(world.last().second.entity, "y");
}

TEST(Order, GoesOnWhenTheOldestRunsOutOfTime) {
    CallerWorld world = CallerWorld::connected();
    world.call(1, "x", seconds(1));
    world.down(world.link_to(1));
    world.call(2, "x", seconds(20));
    world.clear();
    world.pass(milliseconds(1500));
    EXPECT_EQ(world.ended[1].outcome, Outcome::Unknown);
    world.leader = 2;
    world.term = 2;
    world.say_hello(world.link_to(2), 2);
    ASSERT_EQ(world.sent.size(), 1u);
    world.done(world.last());
    EXPECT_EQ(world.ended[2].outcome, Outcome::Done);
}

}  // namespace
}  // namespace weft::client
