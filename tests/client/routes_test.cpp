// A redirect is followed only if its term is newer, else the client backs off.
#include "tests/client/caller_world.h"

#include <gtest/gtest.h>

namespace weft::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Routes, GoToTheHintOfANewerTermAtOnce) {
    CallerWorld world = CallerWorld::connected();
    world.call(1);
    EXPECT_EQ(world.last().first, world.link_to(1));
    world.refuse(world.last(), ErrorNumber::NoLeader, 2, 2);
    ASSERT_EQ(world.sent.size(), 2u);
    EXPECT_EQ(world.last().first, world.link_to(2));
}

TEST(Routes, BackOffOnAHintThatIsNotNewer) {
    CallerWorld world = CallerWorld::connected();
    world.call(1);
    world.refuse(world.last(), ErrorNumber::NoLeader, 2, 1);
    EXPECT_EQ(world.sent.size(), 1u);
    world.pass(milliseconds(50));
    EXPECT_EQ(world.sent.size(), 1u) << "nobody has claimed to lead since";
    EXPECT_FALSE(world.hellos.empty()) << "the nodes are asked meanwhile";
}

TEST(Routes, IgnoreClaimsOfOlderTerms) {
    CallerWorld world = CallerWorld::connected();
    world.leader = 2;
    world.term = 5;
    world.say_hello(world.link_to(2), 2);
    world.leader = 3;
    world.term = 4;
    world.say_hello(world.link_to(3), 3);
    world.call(1);
    EXPECT_EQ(world.last().first, world.link_to(2));
}

// Who stood for a term that nobody else heard of, and is gone: those who elect without it have
// lower ones for as long as they live.
TEST(Routes, FollowALeaderBelowTheTermOfOneWhoKnewOfNone) {
    CallerWorld world = CallerWorld::connected();
    world.leader = 0;
    world.term = 9;
    world.say_hello(world.link_to(3), 3);
    world.leader = 2;
    world.term = 3;
    world.say_hello(world.link_to(2), 2);
    world.call(1);
    ASSERT_EQ(world.sent.size(), 1u);
    EXPECT_EQ(world.last().first, world.link_to(2));
}

TEST(Routes, FollowALeaderBelowTheTermThatARefusalTold) {
    CallerWorld world = CallerWorld::connected();
    world.call(1);
    world.refuse(world.last(), ErrorNumber::NoLeader, 0, 9);
    world.leader = 2;
    world.term = 3;
    world.say_hello(world.link_to(2), 2);
    world.pass(milliseconds(50));
    ASSERT_EQ(world.sent.size(), 2u);
    EXPECT_EQ(world.last().first, world.link_to(2));
}

TEST(Routes, ReturnToALeaderThatWasNotReadyYet) {
    CallerWorld world = CallerWorld::connected();
    world.call(1);
    world.refuse(world.last(), ErrorNumber::NoLeader, 1, 1);
    world.pass(milliseconds(20));
    world.say_hello(world.link_to(1), 1);
    ASSERT_EQ(world.sent.size(), 2u);
    EXPECT_EQ(world.last().first, world.link_to(1));
}

TEST(Routes, SendOneCallAheadAfterARefusal) {
    CallerWorld world = CallerWorld::connected();
    for (CallId id = 1; id <= 3; ++id) world.call(id, "{t}" + std::to_string(id));
    ASSERT_EQ(world.sent.size(), 3u);
    const auto first = world.sent;
    for (const auto& request : first) world.refuse(request, ErrorNumber::NoLeader);
    world.clear();
    world.leader = 2;
    world.term = 2;
    world.pass(milliseconds(20));
    world.say_hello(world.link_to(2), 2);
    ASSERT_EQ(world.sent.size(), 1u) << "a canary";
    world.done(world.last());
    EXPECT_EQ(world.sent.size(), 3u);
}

TEST(Routes, AskTheNodesWhileNobodyLeadsAndGoOnWhenOneDoes) {
    CallerWorld world;
    world.leader = 0;
    world.step(Timer{});
    world.hello(world.link_to(1), 1);
    world.call(1);
    EXPECT_TRUE(world.sent.empty());
    world.pass(milliseconds(500));
    EXPECT_GT(world.hellos.size(), 3u);
    EXPECT_LT(world.hellos.size(), 40u) << "with a growing pause";
    world.leader = 1;
    world.say_hello(world.link_to(1), 1);
    ASSERT_EQ(world.sent.size(), 1u);
    world.clear();
    world.pass(milliseconds(200));
    EXPECT_TRUE(world.hellos.empty()) << "nobody waits for a leader any more";
}

TEST(Routes, LeaveASilentLeaderForOneOfANewerTerm) {
    CallerWorld world = CallerWorld::connected();
    world.call(1);
    world.pass(milliseconds(300));
    EXPECT_FALSE(world.hellos.empty()) << "silence is a reason to ask";
    world.leader = 3;
    world.term = 2;
    world.say_hello(world.link_to(3), 3);
    ASSERT_EQ(world.sent.size(), 2u);
    EXPECT_EQ(world.last().first, world.link_to(3));
}

TEST(Routes, SendAgainAfterTheAttemptTimeout) {
    CallerWorld world = CallerWorld::connected();
    world.call(1);
    world.pass(milliseconds(1900));
    EXPECT_EQ(world.sent.size(), 1u);
    world.pass(milliseconds(200));
    world.say_hello(world.link_to(2), 2);
    world.pass(milliseconds(50));
    EXPECT_EQ(world.sent.size(), 2u);
}

TEST(Routes, ReopenALostLinkAndGoOnOverIt) {
    CallerWorld world = CallerWorld::connected();
    world.call(1);
    const LinkId link = world.link_to(1);
    world.down(link);
    world.opened.clear();
    world.pass(milliseconds(100));
    ASSERT_EQ(world.opened, std::vector<LinkId>{link});
    EXPECT_EQ(world.sent.size(), 1u);
    world.hello(link, 1);
    ASSERT_EQ(world.sent.size(), 2u);
    world.done(world.last());
    EXPECT_EQ(world.ended[1].outcome, Outcome::Done);
}

TEST(Routes, PlaceCallsMadeBeforeTheFirstHelloInTheirOrder) {
    CallerWorld world;
    for (CallId id = 1; id <= 3; ++id) world.call(id, "e" + std::to_string(id));
    EXPECT_TRUE(world.sent.empty());
    world.hello(LinkId{0}, 1);
    ASSERT_EQ(world.sent.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i)
        EXPECT_EQ(world.sent[i].second.entity, "e" + std::to_string(i + 1));
}

}  // namespace
}  // namespace weft::client
