// What the replica of a partition on this node is made of at the start.

#include "node/partition_options.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace weft::node::test {
namespace {

NodeId node(std::uint8_t number) {
    NodeId id;
    id.bytes[0] = number;
    return id;
}

RequestId request_of(std::uint32_t group) {
    RequestId id;
    id.group = PartitionId{group};
    id.seq = group;
    return id;
}

TEST(PartitionOptions, NameTheReplicasOfTheTableAndWhatCrashedInThePartition) {
    NodeOptions options;
    options.genesis.groups = 8;
    options.genesis.replicas = 3;
    for (std::uint8_t number = 1; number <= 5; ++number)
        options.genesis.founders.emplace_back().node = node(number);
    options.self = node(1);
    options.crashed = {request_of(1), request_of(2), request_of(1)};
    options.timings.heartbeat = Duration{7};
    options.limits.append_entries = 8;
    options.partition_limits.mailbox = 9;
    options.genesis.hash_key[0] = 10;
    const auto table = routing::PlacementTable::first(options.genesis);
    const auto settings = partition_options(options, table, PartitionId{1});
    EXPECT_EQ(settings.replica.group, PartitionId{1});
    EXPECT_EQ(settings.replica.self, node(1));
    EXPECT_EQ(settings.replica.config.members.size(), 3U);
    for (const NodeId& replica : table.replicas(PartitionId{1})) {
        const auto seat = settings.replica.config.seat(replica);
        EXPECT_TRUE(seat && settings.replica.config.is_voter(*seat));
    }
    EXPECT_EQ(settings.replica.timings.heartbeat, Duration{7});
    EXPECT_EQ(settings.replica.limits.append_entries, 8U);
    EXPECT_EQ(settings.limits.mailbox, 9U);
    EXPECT_EQ(settings.hash_key, options.genesis.hash_key);
    EXPECT_EQ(settings.crashed, (std::vector<RequestId>{request_of(1), request_of(1)}));
    EXPECT_TRUE(partition_options(options, table, PartitionId{7}).crashed.empty());
}

TEST(PartitionOptions, OfWhatWasNotRecoveredTheLogIsEmpty) {
    std::vector<storage::RecoveredGroup> recovered(2);
    recovered[0].group = PartitionId{3};
    recovered[1].group = PartitionId{4};
    recovered[1].hard.term = Term{9};
    EXPECT_EQ(take_recovered(recovered, PartitionId{4}).hard.term, Term{9});
    const auto none = take_recovered(recovered, PartitionId{16384});
    EXPECT_EQ(none.group, PartitionId{16384});
    EXPECT_EQ(none.hard.term, Term{});
}

}  // namespace
}  // namespace weft::node::test
