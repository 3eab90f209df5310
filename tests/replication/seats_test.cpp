// Seats of a configuration, and what a quorum of them has reached.

#include "replica_lab.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <vector>

namespace weft::replication::test {
namespace {

TEST(PeerSet, ListsItsSeatsInTheOrderOfTheTable) {
    std::vector<Seat> listed;
    for (const Seat seat : seats({15, 0, 3})) listed.push_back(seat);
    EXPECT_EQ(listed, (std::vector{Seat(0), Seat(3), Seat(15)}));
    for (const Seat seat : PeerSet{}) FAIL() << "none is " << int{seat.place};
}

TEST(Seat, IsOfTheReplicaThatIsMeantAndOfNoOther) {
    Config config = members(3);
    config.members[2].since = LogIndex{7};
    EXPECT_EQ(config.seat(node(2)), Seat(2));
    EXPECT_EQ(config.seat(Member{node(2), LogIndex{7}}), Seat(2));
    EXPECT_EQ(config.seat(Member{node(2), {}}), std::nullopt);
    EXPECT_EQ(config.seat(node(3)), std::nullopt);
    EXPECT_EQ(config.at(Seat(2)).node, node(2));
}

// What `held` says of each seat, from 0 on.
BySeat<LogIndex> values(std::initializer_list<std::uint64_t> held) {
    BySeat<LogIndex> all;
    std::size_t place = 0;
    for (const std::uint64_t index : held) all[Seat(place++)] = LogIndex{index};
    return all;
}

TEST(Quorum, HasReachedWhatAMajorityOfTheVotersHas) {
    Config five = members(5);
    EXPECT_EQ(five.reached_by_quorum(values({9, 7, 5, 3, 1}), LogIndex{}), LogIndex{5});
    EXPECT_EQ(five.reached_by_quorum(values({9, 7, 5, 3, 1}), LogIndex{6}), LogIndex{6});
    five.voters = seats({0, 1, 4});
    EXPECT_EQ(five.reached_by_quorum(values({1, 2, 9, 9, 3}), LogIndex{}), LogIndex{2})
        << "two have no vote";
    five.outgoing = seats({0, 2, 3});
    EXPECT_EQ(five.reached_by_quorum(values({1, 5, 3, 2, 5}), LogIndex{}), LogIndex{2})
        << "each half for itself";
}

}  // namespace
}  // namespace weft::replication::test
