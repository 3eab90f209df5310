// What a client keeps of what hellos have told.
#include "client/core/known_mesh.h"

#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace weft::client {
namespace {

NodeId id_of(std::uint8_t n) {
    NodeId id;
    id.bytes[0] = n;
    return id;
}

ClusterId cluster_of(std::uint8_t n) {
    ClusterId id;
    id.bytes[0] = n;
    return id;
}

// Node 1 says that there are nodes 1 and 2, and that node 2 leads groups 0 to 2 in term 3.
routing::HelloReply full_hello() {
    routing::HelloReply hello;
    hello.cluster = cluster_of(9);
    hello.node = id_of(1);
    hello.boot = Boot{5};
    hello.groups = 2;
    hello.nodes = {{id_of(1), "a", "one"}, {id_of(2), "b", "two"}};
    hello.nodes_digest = 77;
    hello.leaders = {1, 1, routing::kNoPlace};
    hello.terms = {3, 3, 4};
    hello.version = 8;
    return hello;
}

KnownMesh known() {
    KnownMesh mesh(ClusterId{});
    mesh.meet(full_hello());
    mesh.learn_nodes(full_hello());
    return mesh;
}

class KnownMeshRule : public testing::Test {};

TEST_F(KnownMeshRule, TheFirstHelloNamesTheMesh) {
    routing::HelloReply other = full_hello();
    other.cluster = cluster_of(8);
    routing::HelloReply grown = full_hello();
    grown.groups = 3;
    KnownMesh mesh(ClusterId{});
    EXPECT_FALSE(mesh.is_foreign(full_hello()));
    EXPECT_FALSE(mesh.is_foreign(other));
    mesh.meet(full_hello());
    EXPECT_FALSE(mesh.is_foreign(full_hello()));
    EXPECT_TRUE(mesh.is_foreign(other));
    EXPECT_TRUE(mesh.is_foreign(grown)) << "the number of groups never changes";
    EXPECT_TRUE(KnownMesh(cluster_of(8)).is_foreign(full_hello())) << "another one was meant";
}

TEST_F(KnownMeshRule, LeadersAreNamedByTheListThatIsHere) {
    KnownMesh mesh = known();
    routing::HelloReply without_list = full_hello();
    without_list.nodes.clear();
    EXPECT_TRUE(mesh.learn_nodes(without_list));
    without_list.nodes_digest = 78;
    EXPECT_FALSE(mesh.learn_nodes(without_list));

    const std::vector<Claim> claims = mesh.learn_leaders(mesh.find(id_of(1)), full_hello());
    ASSERT_EQ(claims.size(), 3u);
    EXPECT_EQ(claims[1].group, PartitionId{1});
    EXPECT_EQ(claims[1].leader, mesh.find(id_of(2)));
    EXPECT_EQ(claims[1].term, Term{3});
    EXPECT_EQ(claims[2].leader, kNoNode);
}

TEST_F(KnownMeshRule, ChangesCountOnlyForTheBootTheyBelongTo) {
    KnownMesh mesh = known();
    const NodeIndex teller = mesh.find(id_of(1));
    routing::HelloReply change = full_hello();
    change.told = {PartitionId{2}};
    change.leaders = {1};
    change.terms = {6};
    change.version = 9;
    const auto version_after = [&](std::uint64_t boot) {
        change.boot = Boot{boot};
        mesh.learn_leaders(teller, change);
        return mesh.told_by(teller).version;
    };
    EXPECT_EQ(version_after(5), 0u) << "nothing was told before that it could change";
    mesh.learn_leaders(teller, full_hello());
    EXPECT_EQ(version_after(6), 8u) << "the changes of another boot";
    EXPECT_EQ(version_after(5), 9u);
}

TEST_F(KnownMeshRule, GroupsThatTheMeshHasNotAreNotClaimed) {
    KnownMesh mesh = known();
    routing::HelloReply change = full_hello();
    change.told = {PartitionId{2}, PartitionId{3}, PartitionId{1}};
    EXPECT_EQ(mesh.learn_leaders(mesh.find(id_of(1)), change).size(), 1u);
}

// Bounded, whatever nodes say.
TEST_F(KnownMeshRule, NodesBeyondTheBoundAndWithoutIdAreNotKept) {
    KnownMesh mesh = known();
    routing::HelloReply crowd = full_hello();
    crowd.nodes = {{NodeId{}, "nobody", "nowhere"}};
    for (std::size_t i = 0; i <= routing::kHelloNodesMax; ++i) {
        NodeId id = id_of(3);
        id.bytes[1] = static_cast<std::uint8_t>(i);
        id.bytes[2] = static_cast<std::uint8_t>(i >> 8);
        crowd.nodes.push_back({id, "c", "three"});
    }
    mesh.learn_nodes(crowd);
    EXPECT_EQ(mesh.nodes().size(), routing::kHelloNodesMax);
    EXPECT_EQ(mesh.places().front(), kNoNode);
    EXPECT_EQ(mesh.places().back(), kNoNode);
    EXPECT_EQ(weft::test::said_by([&] { mesh.check(); }), "");
}

TEST_F(KnownMeshRule, ANodesTimeGoesOnWithOurClock) {
    KnownMesh mesh = known();
    const NodeIndex node = mesh.find(id_of(2));
    EXPECT_FALSE(mesh.log_time_ms(node, Instant{0}));
    mesh.learn_time(node, Instant{1'000'000'000}, 500'000);
    EXPECT_EQ(mesh.log_time_ms(node, Instant{3'000'000'000}), 502'000);
}

TEST_F(KnownMeshRule, FindsEachFaultThatIsPlanted) {
    struct Case {
        std::function<void(Indexed<NodeIndex, KnownNode>&)> fault;
        std::string says;
    };
    const Case cases[] = {
        {[](auto&) {}, ""},
        {[](auto& nodes) { nodes = {}; }, "node 0 is listed and not known"},
        {[](auto& nodes) { nodes.add({}); }, "3 nodes are known, 2 by their ids"},
        {[](auto& nodes) { nodes[NodeIndex{1}].info.node = id_of(3); },
         "node 1 is not found by its id"},
    };
    for (const Case& c : cases) {
        KnownMesh mesh = known();
        c.fault(const_cast<Indexed<NodeIndex, KnownNode>&>(mesh.nodes()));
        EXPECT_EQ(weft::test::said_by([&] { mesh.check(); }), c.says);
    }
}

}  // namespace
}  // namespace weft::client
