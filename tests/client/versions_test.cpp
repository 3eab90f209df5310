// Routes are asked for by version: what a node has told is named, what calls wait for is asked for.
#include "tests/client/caller_world.h"

#include <gtest/gtest.h>

namespace weft::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Versions : public ::testing::Test {
protected:
    Versions() {
        world.step(Timer{});
        world.up(LinkId{0});
    }
    // Node 1 in its seventh life, with a list of nodes.
    routing::HelloReply all(std::uint64_t version) const {
        routing::HelloReply hello = world.hello_of(1);
        hello.boot = Boot{7};
        hello.version = version;
        hello.nodes_digest = 11;
        return hello;
    }
    // Node `leader` leads everything that is told.
    routing::HelloReply changes(std::uint64_t version, std::vector<PartitionId> groups,
                                std::uint16_t leader, std::uint64_t term) const {
        routing::HelloReply hello = all(version);
        hello.nodes.clear();
        hello.leaders.assign(groups.size(), static_cast<std::uint16_t>(leader - 1));
        hello.terms.assign(groups.size(), term);
        hello.told = std::move(groups);
        return hello;
    }
    void told(routing::HelloReply hello) { world.step(FromNode{LinkId{0}, std::move(hello)}); }
    // Asks the node again, and returns with what.
    routing::ClientHello ask() {
        world.step(LinkDown{LinkId{0}});
        world.step(WantLink{LinkId{0}});
        world.pass(milliseconds(20));
        world.up(LinkId{0});
        return world.last_hello;
    }
    CallerWorld world;
};

TEST_F(Versions, AreNamedToTheNodeThatToldThem) {
    EXPECT_TRUE(world.last_hello.by_version);
    EXPECT_EQ(world.last_hello.known, routing::RoutesKnown{}) << "nothing is known yet";
    told(all(20));
    routing::ClientHello hello = ask();
    EXPECT_EQ(hello.known, (routing::RoutesKnown{node_id(1), Boot{7}, 20}));
    EXPECT_EQ(hello.nodes_digest, 11u);
    told(changes(23, {}, 1, 1));
    EXPECT_EQ(ask().known.version, 23u);
    told(changes(21, {}, 1, 1));
    EXPECT_EQ(ask().known.version, 23u) << "an older answer takes nothing back";
    routing::HelloReply other_life = changes(90, {}, 1, 1);
    other_life.boot = Boot{8};
    told(other_life);
    EXPECT_EQ(ask().known, (routing::RoutesKnown{node_id(1), Boot{7}, 23}))
        << "what has changed since says nothing to whoever has not heard that life";
    routing::HelloReply begun_anew = all(3);
    begun_anew.boot = Boot{8};
    told(begun_anew);
    EXPECT_EQ(ask().known, (routing::RoutesKnown{node_id(1), Boot{8}, 3}));
}

TEST_F(Versions, OfALeaderAreFollowedByGroup) {
    told(all(20));
    const PartitionId group = [&] {
        world.call(1);
        const PartitionId found = world.last().second.id.group;
        world.done(world.last());
        return found;
    }();
    told(changes(21, {group}, 2, 2));
    world.call(2);
    EXPECT_EQ(world.opened.back(), world.link_to(2));
}

// Nothing has changed at the node, and yet the client knows less than before.
TEST_F(Versions, DoNotKeepALeaderFromBeingToldAgain) {
    told(all(20));
    world.call(1);
    const PartitionId group = world.last().second.id.group;
    world.refuse(world.last(), ErrorNumber::NoLeader);
    world.pass(milliseconds(20));
    EXPECT_EQ(world.last_hello.wanted, std::vector<PartitionId>{group});
    told(changes(20, {group}, 1, 1));
    world.pass(milliseconds(20));
    EXPECT_EQ(world.sent.size(), 2u);
}

TEST_F(Versions, AreNotTakenWithPlacesInAListThatIsNotHere) {
    told(all(20));
    routing::HelloReply elsewhere = changes(25, {PartitionId{1}}, 2, 9);
    elsewhere.nodes_digest = 12;
    told(elsewhere);
    const routing::ClientHello hello = ask();
    EXPECT_EQ(hello.known.version, 20u);
    EXPECT_EQ(hello.nodes_digest, 11u) << "so that the node sends the other one";
}

TEST_F(Versions, KnowFourThousandNodesAndConnectToThoseThatLead) {
    routing::HelloReply hello = all(5);
    hello.nodes.resize(1);
    for (std::uint32_t n = 1; n < routing::kHelloNodesMax; ++n) {
        NodeId id;
        id.bytes[4] = static_cast<std::uint8_t>(n);
        id.bytes[5] = static_cast<std::uint8_t>(n >> 8);
        hello.nodes.push_back({id, "n" + std::to_string(n), "10.0.0.1:" + std::to_string(n)});
    }
    hello.leaders.assign(kGroups + 1, routing::kHelloNodesMax - 1);
    told(hello);
    EXPECT_EQ(world.caller.nodes().size(), routing::kHelloNodesMax);
    EXPECT_EQ(world.opened.size(), 1u);
    world.call(1);
    ASSERT_EQ(world.opened.size(), 2u);
    EXPECT_EQ(world.addresses[world.opened.back()], "10.0.0.1:4095");
    world.pass(seconds(9));
    EXPECT_GT(world.addresses.size(), 129u) << "it looks for another leader, and meets all in turn";
    EXPECT_GT(world.closed.size(), 64u) << "those that do not answer make room";
}

}  // namespace
}  // namespace weft::client
