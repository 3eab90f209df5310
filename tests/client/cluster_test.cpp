// Which mesh a caller talks to: the one it was told, else that of the first hello, and no other.
#include "tests/client/caller_world.h"

#include <gtest/gtest.h>

namespace weft::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

ClusterId ours() {
    ClusterId cluster;
    cluster.bytes[0] = 9;  // CallerWorld::hello_of
    return cluster;
}

bool is_wrong_mesh(const Error& error) {
    return error == make_error(ErrorNumber::WrongMesh, error.message);
}

// Every address leads to another mesh now: links went down and others answer there.
void lose_all_to_strangers(CallerWorld& world) {
    for (std::uint8_t node = 1; node <= 3; ++node) world.down(world.link_to(node));
    world.pass(milliseconds(100));
    for (std::uint8_t node = 1; node <= 3; ++node) world.stranger(world.link_to(node), node);
}

TEST(Cluster, ThatWasNamedIsTheOnlyOneTalkedTo) {
    CallerWorld world({.addresses = {address_of(1)}, .cluster = ours()});
    world.call(1);
    world.stranger(LinkId{0}, 1);
    EXPECT_FALSE(world.caller.connected());
    EXPECT_TRUE(world.caller.is_stranded());
    EXPECT_EQ(world.closed, std::vector<LinkId>{LinkId{0}});
    EXPECT_TRUE(world.sent.empty());
    ASSERT_TRUE(world.has_ended(1)) << "nobody is left to wait for";
    EXPECT_EQ(world.ended[1].outcome, Outcome::NotDone);
    EXPECT_TRUE(is_wrong_mesh(world.ended[1].error)) << world.ended[1].error.message;
    EXPECT_NE(world.ended[1].error.message.find(address_of(1)), std::string::npos);
    EXPECT_NE(world.ended[1].error.message.find(ours().hex()), std::string::npos);
    world.call(2);
    ASSERT_TRUE(world.has_ended(2));
    EXPECT_TRUE(is_wrong_mesh(world.ended[2].error));
}

TEST(Cluster, ThatWasNamedIsFoundBehindAnotherAddress) {
    CallerWorld world({.addresses = {address_of(1), address_of(2)}, .cluster = ours()});
    world.call(1);
    world.stranger(LinkId{0}, 1);
    EXPECT_FALSE(world.has_ended(1)) << "the other address may be right";
    EXPECT_FALSE(world.caller.is_stranded());
    world.leader = 2;
    world.hello(LinkId{1}, 2);
    ASSERT_EQ(world.sent.size(), 1U);
    EXPECT_EQ(world.sent[0].first, LinkId{1});
    world.done(world.last());
    EXPECT_EQ(world.ended[1].outcome, Outcome::Done);
}

TEST(Cluster, ThatWasNamedIsInTheHelloAndKnownBeforeAnAnswer) {
    CallerWorld world({.addresses = {address_of(1)}, .cluster = ours()});
    world.step(Timer{});
    EXPECT_EQ(world.caller.cluster(), ours());
    world.hello(LinkId{0}, 1);
    EXPECT_TRUE(world.caller.connected());
    EXPECT_FALSE(world.caller.met_other_mesh());
}

TEST(Cluster, OfTheFirstHelloStaysForTheCaller) {
    CallerWorld world = CallerWorld::connected();
    EXPECT_EQ(world.caller.cluster(), ours());
    lose_all_to_strangers(world);
    world.sent.clear();
    world.call(1);
    EXPECT_TRUE(world.sent.empty());
    ASSERT_TRUE(world.has_ended(1));
    EXPECT_EQ(world.ended[1].outcome, Outcome::NotDone);
    EXPECT_TRUE(is_wrong_mesh(world.ended[1].error));
    EXPECT_EQ(world.caller.cluster(), ours());
}

// P-once: what was sent before its link died may have taken effect.
TEST(Cluster, LeavesACallUnknownThatWasSentBeforeItsNodeWasReplaced) {
    CallerWorld world = CallerWorld::connected();
    world.call(1);
    ASSERT_EQ(world.sent.size(), 1U);
    lose_all_to_strangers(world);
    EXPECT_EQ(world.sent.size(), 1U) << "never sent again, and to no stranger";
    ASSERT_TRUE(world.has_ended(1));
    EXPECT_EQ(world.ended[1].outcome, Outcome::Unknown);
    EXPECT_TRUE(world.ended[1].error.outcome_unknown());
    EXPECT_NE(world.ended[1].error.message.find("is of mesh"), std::string::npos)
        << world.ended[1].error.message;
}

TEST(Cluster, IsUsedThroughItsOtherNodesWhenOneAddressIsTaken) {
    CallerWorld world = CallerWorld::connected();
    world.down(world.link_to(1));
    world.pass(milliseconds(100));
    world.stranger(world.link_to(1), 1);
    world.call(1);
    EXPECT_TRUE(world.sent.empty()) << "its leader's address is taken, and nobody else leads yet";
    world.leader = 2;
    world.term = 2;
    world.say_hello(world.link_to(2), 2);
    ASSERT_EQ(world.sent.size(), 1U);
    EXPECT_EQ(world.sent[0].first, world.link_to(2));
    ASSERT_TRUE(world.caller.wrong_mesh_at(address_of(1)));
    EXPECT_TRUE(is_wrong_mesh(*world.caller.wrong_mesh_at(address_of(1))));
    EXPECT_TRUE(world.caller.wrong_mesh_at("a")) << "by the node's name";
    EXPECT_FALSE(world.caller.wrong_mesh_at("b"));
    EXPECT_FALSE(world.caller.wrong_mesh_at("")) << "anybody: two nodes are there";
}

// The connection was replaced under the client before it knew, and the stranger refused the call.
TEST(Cluster, OfARefusalIsNotTheEndOfTheCall) {
    CallerWorld world = CallerWorld::connected();
    world.call(1);
    const LinkId taken = world.last().first;
    world.refuse(world.last(), ErrorNumber::WrongMesh);
    EXPECT_EQ(world.closed, std::vector<LinkId>{taken});
    EXPECT_FALSE(world.has_ended(1));
    world.leader = 2;
    world.term = 2;
    world.say_hello(world.link_to(2), 2);
    ASSERT_EQ(world.sent.size(), 2U);
    EXPECT_EQ(world.last().first, world.link_to(2));
    world.done(world.last());
    EXPECT_EQ(world.ended[1].outcome, Outcome::Done);
}

TEST(Cluster, IsWelcomeAgainWhenItsNodeComesBack) {
    CallerWorld world = CallerWorld::connected();
    lose_all_to_strangers(world);
    world.clear();
    world.pass(seconds(5));
    const LinkId first = world.link_to(1);
    EXPECT_NE(std::ranges::find(world.opened, first), world.opened.end()) << "asked now and then";
    EXPECT_LE(world.opened.size(), 9U);
    world.hello(first, 1);
    EXPECT_FALSE(world.caller.is_stranded());
    world.call(1);
    ASSERT_EQ(world.sent.size(), 1U);
    EXPECT_EQ(world.sent[0].first, first);
}

TEST(Cluster, IsNamedWhenTheTimeIsUpAndOnlyStrangersAnswered) {
    CallerWorld world({.addresses = {address_of(1), address_of(2)}, .cluster = ours()});
    world.call(1, "x", seconds(1));
    world.stranger(LinkId{0}, 1);
    world.pass(seconds(2));
    ASSERT_TRUE(world.has_ended(1));
    EXPECT_EQ(world.ended[1].outcome, Outcome::NotDone);
    EXPECT_TRUE(is_wrong_mesh(world.ended[1].error)) << "the second address is silent";
}

// Its nodes are down, not replaced, so a retry may find them: not a final error.
TEST(Cluster, MayComeBackWhileSomeOfItsAddressesAreSilent) {
    CallerWorld world = CallerWorld::connected();
    for (std::uint8_t node = 1; node <= 3; ++node) world.down(world.link_to(node));
    world.pass(milliseconds(100));
    world.stranger(world.link_to(1), 1);
    world.call(1, "x", seconds(1));
    EXPECT_FALSE(world.has_ended(1));
    world.pass(seconds(2));
    ASSERT_TRUE(world.has_ended(1));
    EXPECT_EQ(world.ended[1].outcome, Outcome::NotDone);
    EXPECT_TRUE(world.ended[1].error.is_retryable());
    EXPECT_NE(world.ended[1].error.message.find("is of mesh"), std::string::npos)
        << world.ended[1].error.message;
}

}  // namespace
}  // namespace weft::client
