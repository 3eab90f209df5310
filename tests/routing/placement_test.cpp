#include "routing/placement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace weft::routing {
namespace {

Genesis mesh(std::size_t nodes, std::uint32_t groups, std::uint32_t replicas, std::size_t zones) {
    Genesis genesis;
    genesis.groups = groups;
    genesis.replicas = replicas;
    for (std::size_t i = 0; i < nodes; ++i) {
        NodeRecord record;
        record.node.bytes[0] = static_cast<std::uint8_t>(i + 1);
        record.mesh_address = "m" + std::to_string(i);
        record.client_address = "c" + std::to_string(i);
        if (zones > 0) record.zone = "zone" + std::to_string(i % zones);
        genesis.founders.push_back(record);
    }
    return genesis;
}

TEST(Placement, EveryGroupHasTheEffectiveNumberOfDistinctReplicas) {
    for (const std::size_t nodes : {1u, 2u, 3u, 4u, 7u}) {
        SCOPED_TRACE(nodes);
        const auto table = PlacementTable::first(mesh(nodes, 64, 3, 0));
        ASSERT_EQ(table.groups(), 65u);
        for (std::uint32_t group = 1; group < table.groups(); ++group) {
            const auto replicas = table.replicas(PartitionId{group});
            EXPECT_EQ(replicas.size(), std::min<std::size_t>(3, nodes));
            EXPECT_EQ(std::set<NodeId>(replicas.begin(), replicas.end()).size(), replicas.size());
            for (const NodeId& node : replicas) EXPECT_TRUE(table.hosts(node, PartitionId{group}));
        }
    }
}

TEST(Placement, TheMeshGroupLiesOnTheFirstFiveFounders) {
    const Genesis genesis = mesh(7, 16, 3, 0);
    const auto table = PlacementTable::first(genesis);
    const auto replicas = table.replicas(PartitionId{0});
    ASSERT_EQ(replicas.size(), 5u);
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(replicas[i], genesis.founders[i].node);
    EXPECT_EQ(PlacementTable::first(mesh(1, 16, 3, 0)).replicas(PartitionId{0}).size(), 1u);
}

TEST(Placement, LeadersAndReplicasAreSpreadWithinFivePercent) {
    for (const std::size_t nodes : {2u, 3u, 5u, 6u}) {
        SCOPED_TRACE(nodes);
        const auto table = PlacementTable::first(mesh(nodes, 1024, 3, 0));
        std::map<NodeId, int> leads, holds;
        for (std::uint32_t group = 1; group < table.groups(); ++group) {
            ++leads[table.replicas(PartitionId{group})[0]];
            for (const NodeId& node : table.replicas(PartitionId{group})) ++holds[node];
        }
        ASSERT_EQ(leads.size(), nodes);
        const auto by_count = [](const auto& a, const auto& b) { return a.second < b.second; };
        for (const auto* counts : {&leads, &holds}) {
            const int most = std::max_element(counts->begin(), counts->end(), by_count)->second;
            const int least = std::min_element(counts->begin(), counts->end(), by_count)->second;
            EXPECT_LE(most, least + least / 20 + 1);
        }
    }
}

TEST(Placement, ReplicasLieInDistinctZonesWhileTheyLast) {
    for (const std::size_t zones : {3u, 4u}) {
        const Genesis genesis = mesh(9, 256, 3, zones);
        std::map<NodeId, std::string> zone_of;
        for (const NodeRecord& record : genesis.founders) zone_of[record.node] = record.zone;
        const auto table = PlacementTable::first(genesis);
        for (std::uint32_t group = 1; group < table.groups(); ++group) {
            std::set<std::string> seen;
            for (const NodeId& node : table.replicas(PartitionId{group}))
                seen.insert(zone_of[node]);
            EXPECT_EQ(seen.size(), 3u) << "group " << group;
        }
    }
}

TEST(Placement, DistinctHostsComeBeforeEvenLoad) {
    Genesis genesis = mesh(4, 64, 2, 0);
    for (std::size_t i = 0; i < 4; ++i) genesis.founders[i].host = i < 3 ? "big" : "small";
    const auto table = PlacementTable::first(genesis);
    const NodeId small = genesis.founders[3].node;
    for (std::uint32_t group = 1; group < table.groups(); ++group)
        EXPECT_TRUE(table.hosts(small, PartitionId{group})) << "group " << group;
}

TEST(Placement, IsAFunctionOfTheGenesisAlone) {
    Genesis genesis = mesh(5, 128, 3, 2);
    const auto table = PlacementTable::first(genesis);
    std::reverse(genesis.founders.begin(), genesis.founders.end());
    EXPECT_EQ(PlacementTable::first(genesis).digest(), table.digest());
    EXPECT_EQ(table.epoch(), Epoch{1});
    EXPECT_NE(PlacementTable::first(mesh(5, 128, 2, 2)).digest(), table.digest());
}

}  // namespace
}  // namespace weft::routing
