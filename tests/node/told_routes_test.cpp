// What a client is told of leaders: what has changed since the version that it has, what it waits
// for, and everything where nobody can tell what it has.
#include "node/told_routes.h"

#include <gtest/gtest.h>

namespace weft::node {
namespace {

NodeId node_id(std::uint8_t n) {
    NodeId id;
    id.bytes[0] = n;
    return id;
}
constexpr Boot kBoot{7};

class ToldRoutesTest : public ::testing::Test {
protected:
    ToldRoutesTest() {
        for (std::uint32_t group = 0; group < 4; ++group) learn(group, 1, 1);
    }
    void learn(std::uint32_t group, std::uint8_t leader, std::uint64_t term) {
        routes.learn(PartitionId{group}, {leader == 0 ? NodeId{} : node_id(leader), Term{term}});
    }
    routing::ClientHello hello_with(std::uint64_t version) const {
        routing::ClientHello hello;
        hello.by_version = true;
        hello.known = {node_id(1), kBoot, version};
        return hello;
    }
    std::vector<PartitionId> since(std::uint64_t version) const {
        return routes.since(hello_with(version)).groups;
    }
    ToldRoutes routes{node_id(1), kBoot, 4};
};

TEST_F(ToldRoutesTest, RiseWithWhatIsNewOnly) {
    const std::uint64_t before = routes.version();
    learn(2, 1, 1);
    EXPECT_EQ(routes.version(), before);
    EXPECT_TRUE(since(before).empty());
    learn(2, 3, 2);
    learn(1, 0, 2);
    EXPECT_GT(routes.version(), before);
    EXPECT_EQ(since(before), (std::vector<PartitionId>{PartitionId{1}, PartitionId{2}}));
    EXPECT_TRUE(since(routes.version()).empty());
    EXPECT_FALSE(routes.since(hello_with(before)).all);
}

// Hellos cost nothing to send, and what answers them may cost all groups.
TEST_F(ToldRoutesTest, AreLearnedOnceInARoundAndToldOnceToEach) {
    using Turn = ToldRoutes::Turn;
    EXPECT_EQ(routes.hello_of(ClientRef{1}), Turn::First);
    EXPECT_EQ(routes.hello_of(ClientRef{2}), Turn::Further);
    EXPECT_EQ(routes.hello_of(ClientRef{1}), Turn::Again);
    EXPECT_EQ(routes.hello_of(ClientRef{2}), Turn::Again);
    routes.end_round();
    EXPECT_EQ(routes.hello_of(ClientRef{2}), Turn::First);
}

TEST_F(ToldRoutesTest, TellWhatIsWaitedForWhateverItsVersion) {
    const std::uint64_t before = routes.version();
    learn(2, 3, 2);
    routing::ClientHello hello = hello_with(before);
    hello.wanted = {PartitionId{3}, PartitionId{2}, PartitionId{3}, PartitionId{900}};
    EXPECT_EQ(routes.since(hello).groups,
              (std::vector<PartitionId>{PartitionId{2}, PartitionId{3}}))
        << "once each, rising, and of no group that is not here";
}

TEST_F(ToldRoutesTest, NameLeadersByTheirPlaceInTheListAndTheirTerm) {
    std::vector<routing::NodeRecord> nodes(2);
    nodes[0].node = node_id(1);
    nodes[1].node = node_id(3);
    const std::uint64_t before = routes.version();
    learn(1, 3, 5);
    learn(2, 2, 6);  // not in the list any more
    learn(3, 0, 7);
    routing::HelloReply some;
    routes.tell(hello_with(before), nodes, some);
    const auto none = routing::kNoPlace;
    EXPECT_EQ(some.told, (std::vector{PartitionId{1}, PartitionId{2}, PartitionId{3}}));
    EXPECT_EQ(some.leaders, (std::vector<std::uint16_t>{1, none, none}));
    EXPECT_EQ(some.terms, (std::vector<std::uint64_t>{5, 6, 7}));
    EXPECT_EQ(some.version, routes.version());

    routing::HelloReply all;
    routes.tell({}, nodes, all);
    EXPECT_TRUE(all.told.empty());
    EXPECT_EQ(all.leaders, (std::vector<std::uint16_t>{0, 1, none, none}));
    EXPECT_EQ(all.version, 0u) << "to who reads no versions";
}

TEST_F(ToldRoutesTest, TellEverythingWhereNobodyKnowsWhatTheClientHas) {
    struct Case {
        const char* why;
        void (*change)(routing::ClientHello&);
    };
    const Case cases[] = {
        {"it reads no versions", [](auto& h) { h.by_version = false; }},
        {"it has nothing", [](auto& h) { h.known = {}; }},
        {"another node told it", [](auto& h) { h.known.node = node_id(2); }},
        {"another life of this node did", [](auto& h) { h.known.boot = Boot{6}; }},
        {"that version is not reached", [](auto& h) { h.known.version = 1000; }},
        {"it knows of no version", [](auto& h) { h.known.version = 0; }},
    };
    for (const Case& each : cases) {
        SCOPED_TRACE(each.why);
        routing::ClientHello hello = hello_with(routes.version());
        EXPECT_FALSE(routes.since(hello).all);
        each.change(hello);
        EXPECT_TRUE(routes.since(hello).all);
    }
}

}  // namespace
}  // namespace weft::node
