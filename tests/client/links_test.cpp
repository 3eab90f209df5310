// Links are opened when somebody needs them, and closed when nobody has for long.
#include "tests/client/caller_world.h"

#include <gtest/gtest.h>

namespace weft::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

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

}  // namespace
}  // namespace weft::client
