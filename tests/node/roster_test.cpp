// Who the nodes of the mesh are, and which groups this one holds.

#include "node/roster.h"

#include "node/local_partitions.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::node::test {
namespace {

NodeId node(std::uint8_t first) {
    NodeId id;
    id.bytes[0] = first;
    return id;
}

TEST(Roster, KnowsFoundersWhateverTheirOrder) {
    routing::Genesis genesis;
    for (const int number : {7, 3, 9}) {
        routing::NodeRecord record;
        record.node = node(static_cast<std::uint8_t>(number));
        record.name = number == 9 ? "" : "n" + std::to_string(number);
        genesis.founders.push_back(record);
    }
    const Roster roster(genesis);
    ASSERT_EQ(roster.records().size(), 3U);
    EXPECT_EQ(roster.records().front().node, node(3));
    ASSERT_NE(roster.find(node(7)), nullptr);
    EXPECT_EQ(roster.find(node(7))->name, "n7");
    EXPECT_EQ(roster.find(node(8)), nullptr);
    EXPECT_EQ(roster.find(node(10)), nullptr);
    EXPECT_EQ(roster.name_of(node(3)), "n3");
    EXPECT_EQ(roster.name_of(node(9)), "09000000") << "it has no name";
    EXPECT_EQ(roster.name_of(node(8)), "08000000") << "nobody's";
}

TEST(Roster, ANodeIsAdmittedDrainsAndIsRetiredForGood) {
    routing::NodeRecord founder;
    founder.node = node(1);
    routing::Genesis genesis;
    genesis.founders.push_back(founder);
    Roster roster(genesis);
    EXPECT_EQ(roster.version(), 1U);
    EXPECT_EQ(roster.state(node(1)), NodeState::Founder);
    EXPECT_EQ(roster.state(node(2)), std::nullopt);
    EXPECT_FALSE(roster.in_service(node(2)));
    EXPECT_FALSE(roster.drain(node(2)));
    EXPECT_FALSE(roster.retire(node(2)));
    routing::NodeRecord record;
    record.node = node(2);
    record.name = "two";
    EXPECT_TRUE(roster.admit(record));
    EXPECT_FALSE(roster.admit(record)) << "as it was";
    EXPECT_EQ(roster.version(), 2U);
    EXPECT_EQ(roster.state(node(2)), NodeState::Admitted);
    EXPECT_TRUE(roster.in_service(node(2)));
    EXPECT_TRUE(roster.drain(node(2)));
    EXPECT_FALSE(roster.drain(node(2)));
    EXPECT_FALSE(roster.in_service(node(2)));
    record.mesh_address = "127.0.0.1:7340";
    EXPECT_TRUE(roster.admit(record)) << "it has moved";
    EXPECT_EQ(roster.state(node(2)), NodeState::Draining) << "all the same";
    EXPECT_EQ(roster.find(node(2))->mesh_address, record.mesh_address);
    EXPECT_TRUE(roster.retire(node(2)));
    EXPECT_EQ(roster.version(), 5U);
    EXPECT_EQ(roster.find(node(2)), nullptr);
    EXPECT_EQ(roster.name_of(node(2)), "two") << "what it did is still told";
    EXPECT_FALSE(roster.admit(record));
    EXPECT_EQ(roster.state(node(2)), NodeState::Retired);
    EXPECT_EQ(roster.nodes(), std::vector<NodeId>{node(1)});
}

TEST(Roster, AClientIsToldTheNodesUnlessItHasThem) {
    routing::Genesis genesis;
    for (std::uint8_t number = 1; number <= 2; ++number) {
        routing::NodeRecord record;
        record.node = node(number);
        record.client_address = "a:" + std::to_string(number);
        genesis.founders.push_back(record);
    }
    Roster roster(genesis);
    const auto told = [&](bool by_version, std::uint64_t digest) {
        routing::ClientHello hello;
        hello.by_version = by_version;
        hello.nodes_digest = digest;
        routing::HelloReply reply;
        roster.tell(hello, reply);
        return reply;
    };
    const routing::HelloReply first = told(true, 0);
    ASSERT_EQ(first.nodes.size(), 2U);
    EXPECT_EQ(first.nodes[1].client_address, "a:2");
    EXPECT_EQ(first.nodes_digest, roster.digest());
    EXPECT_TRUE(told(true, roster.digest()).nodes.empty());
    EXPECT_EQ(told(true, ~roster.digest()).nodes.size(), 2U) << "another list";
    const routing::HelloReply older = told(false, roster.digest());
    EXPECT_EQ(older.nodes.size(), 2U) << "an older weft is told each time";
    EXPECT_EQ(older.nodes_digest, 0U);
    roster.retire(node(2));
    EXPECT_EQ(told(true, first.nodes_digest).nodes.size(), 1U) << "it has changed";
}

LocalPartition group(std::uint32_t id) {
    static const entity::TypeTable types;
    replication::PartitionOptions options;
    options.replica.group = PartitionId{id};
    options.replica.self = node(1);
    options.replica.config = replication::Config::of({node(1)});
    storage::RecoveredGroup recovered;
    recovered.group = PartitionId{id};
    return {PartitionId{id}, replication::Partition(std::move(options), std::move(recovered), types,
                                                    Random(1), Log())};
}

TEST(LocalPartitions, AreFoundByIdAndStayWhereTheyAre) {
    LocalPartitions groups;
    EXPECT_EQ(groups.find(PartitionId{0}), nullptr);
    EXPECT_EQ(groups.from(PartitionId{0}), nullptr);
    LocalPartition& five = groups.host(group(5));
    for (const std::uint32_t id : {900U, 2U, 70U}) groups.host(group(id));
    EXPECT_EQ(groups.size(), 4U);
    EXPECT_EQ(groups.find(PartitionId{5}), &five);
    EXPECT_EQ(groups.find(PartitionId{6}), nullptr);
    EXPECT_EQ(groups.find(PartitionId{100'000}), nullptr);
    std::vector<std::uint32_t> rising;
    for (const LocalPartition& one : groups.all()) rising.push_back(one.id.value);
    EXPECT_EQ(rising, (std::vector<std::uint32_t>{2, 5, 70, 900}));
    EXPECT_EQ(groups.from(PartitionId{3}), &five);
    EXPECT_EQ(groups.from(PartitionId{5}), &five);
    EXPECT_EQ(groups.from(PartitionId{6})->id, PartitionId{70});
    EXPECT_EQ(groups.from(PartitionId{901}), nullptr);
}

}  // namespace
}  // namespace weft::node::test
