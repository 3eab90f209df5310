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

TEST(Links, OpenToTheNodesThatAreNeeded) {
    CallerWorld world;
    world.step(Timer{});
    world.hello(LinkId{0}, 1);
    EXPECT_EQ(world.addresses.size(), 1u) << "nobody needs the other nodes";
    EXPECT_EQ(world.caller.nodes().size(), 3u);
    EXPECT_EQ(world.caller.link_node(LinkId{0}), node_id(1));
    EXPECT_EQ(world.caller.ready_link("a"), LinkId{0});
    EXPECT_EQ(world.caller.ready_link(address_of(1)), LinkId{0});
    world.call(1);
    EXPECT_EQ(world.last().first, LinkId{0});
    world.refuse(world.last(), ErrorNumber::NoLeader, 2, 2);
    ASSERT_EQ(world.opened.size(), 2u) << "a redirect";
    EXPECT_EQ(world.opened.back(), world.link_to(2));
    EXPECT_FALSE(world.caller.ready_link("b").has_value());
    world.pass(milliseconds(10));
    world.leader = 2;
    world.term = 2;
    world.hello(world.link_to(2), 2);
    ASSERT_EQ(world.sent.size(), 2u);
    EXPECT_EQ(world.last().first, world.link_to(2));
    EXPECT_EQ(world.opened.size(), 2u) << "the third node is not needed";
}

// What was believed may be old: whoever is connected is asked while the link is being opened.
TEST(Links, ThatAreOnTheirWayDoNotKeepFromAskingWhoeverIsThere) {
    CallerWorld world;
    world.step(Timer{});
    world.leader = 2;
    world.hello(LinkId{0}, 1);
    world.clear();
    world.call(1);
    world.pass(milliseconds(1));
    EXPECT_EQ(world.opened, std::vector<LinkId>{world.link_to(2)});
    EXPECT_EQ(world.hellos, std::vector<LinkId>{LinkId{0}});
    world.leader = 3;
    world.term = 2;
    world.say_hello(LinkId{0}, 1);
    EXPECT_EQ(world.opened.back(), world.link_to(3));
}

TEST(Links, ThatDoNotComeUpAreNotWaitedForAlone) {
    CallerWorld world;
    world.step(Timer{});
    world.leader = 2;
    world.hello(LinkId{0}, 1);
    world.call(1);
    world.pass(milliseconds(400));
    ASSERT_NE(world.link_to(3), kNoLink) << "the leader is not reached, and another one may be";
    world.leader = 3;
    world.term = 2;
    world.hello(world.link_to(3), 3);
    ASSERT_EQ(world.sent.size(), 1u);
    EXPECT_EQ(world.last().first, world.link_to(3));
}

TEST(Links, ToOthersAreOpenedAtOnceWhenTheOnlyOneIsLost) {
    CallerWorld world;
    world.step(Timer{});
    world.hello(LinkId{0}, 1);
    world.call(1);
    world.down(LinkId{0});
    world.pass({});
    EXPECT_NE(world.link_to(2), kNoLink);
    EXPECT_NE(world.link_to(3), kNoLink);
    world.leader = 2;
    world.term = 2;
    world.hello(world.link_to(3), 3);
    world.hello(world.link_to(2), 2);
    ASSERT_EQ(world.sent.size(), 2u);
    EXPECT_EQ(world.last().first, world.link_to(2));
}

TEST(Links, CloseWhenTheyWereNotUsedForLong) {
    CallerWorld world =
        CallerWorld::connected({.attempt_timeout = seconds(60), .link_idle = seconds(60)});
    world.pass(seconds(50));
    world.call(1, "x", seconds(60));
    world.pass(seconds(11));
    EXPECT_EQ(world.closed.size(), 2u);
    EXPECT_FALSE(world.caller.ready_link("b").has_value());
    EXPECT_TRUE(world.caller.ready_link("a").has_value());
    world.done(world.last());
    world.pass(seconds(61));
    EXPECT_FALSE(world.caller.ready_link("").has_value());
    world.clear();
    world.call(2);
    ASSERT_FALSE(world.opened.empty()) << "the next call needs it again";
    EXPECT_EQ(world.opened.front(), world.link_to(1));
    world.hello(world.link_to(1), 1);
    EXPECT_EQ(world.sent.size(), 1u);
}

TEST(Links, OfAddressesThatNeverAnswerAreLeftAlone) {
    CallerWorld world({.addresses = {address_of(1), address_of(2), address_of(3)}});
    world.step(Timer{});
    world.hello(world.link_to(1), 1);
    world.pass(seconds(3));
    EXPECT_EQ(world.closed, (std::vector<LinkId>{world.link_to(2), world.link_to(3)}));
    world.opened.clear();
    world.pass(seconds(60));
    EXPECT_TRUE(world.opened.empty());
}

TEST(Links, MakeRoomForOneThatIsNeeded) {
    CallerWorld world({.links_max = 1});
    world.step(Timer{});
    world.hello(LinkId{0}, 1);
    world.call(1, "x");
    world.leader = 2;
    world.term = 2;
    world.say_hello(LinkId{0}, 1);
    world.call(2, "y");
    world.pass(milliseconds(200));
    EXPECT_TRUE(world.closed.empty()) << "a call is under way there";
    ASSERT_EQ(world.sent.size(), 1u);
    world.done(world.last());
    world.pass(milliseconds(200));
    EXPECT_EQ(world.closed, std::vector<LinkId>{LinkId{0}});
    world.hello(world.link_to(2), 2);
    ASSERT_EQ(world.sent.size(), 2u);
    world.done(world.last());
    EXPECT_TRUE(world.has_ended(2));
}

TEST(Links, OpenToWhomeverTheDriverWantsToAsk) {
    CallerWorld world;
    world.step(Timer{});
    world.hello(LinkId{0}, 1);
    const auto to = world.caller.link_to("c");
    ASSERT_TRUE(to.has_value());
    world.step(WantLink{*to});
    EXPECT_EQ(world.opened.back(), world.link_to(3));
    world.hello(world.link_to(3), 3);
    EXPECT_EQ(world.caller.ready_link("c"), to);
}

TEST(Links, AreOnePerNodeWhateverTheAddressesAreCalled) {
    CallerWorld world({.addresses = {"localhost:7001", address_of(1)}});
    world.step(Timer{});
    world.hello(LinkId{0}, 1);
    world.hello(LinkId{1}, 1);
    EXPECT_EQ(world.closed.size(), 1u);
    world.call(1);
    EXPECT_EQ(world.sent.size(), 1u);
}

TEST(Links, OfAnotherMeshAreClosed) {
    CallerWorld world({.addresses = {address_of(1), address_of(2)}});
    world.step(Timer{});
    world.hello(LinkId{0}, 1);
    world.up(LinkId{1});
    routing::HelloReply foreign = world.hello_of(2);
    foreign.cluster.bytes[0] = 77;
    world.step(FromNode{LinkId{1}, foreign});
    EXPECT_TRUE(world.caller.met_other_mesh());
    EXPECT_EQ(world.closed, std::vector<LinkId>{LinkId{1}});
}

TEST(Links, RepeatAHelloThatIsNotAnswered) {
    CallerWorld world;
    world.step(Timer{});
    world.up(LinkId{0});
    EXPECT_EQ(world.hellos.size(), 1u);
    world.pass(seconds(1));
    EXPECT_GE(world.hellos.size(), 2u);
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
