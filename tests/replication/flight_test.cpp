// Replies that wait for the commit of their entries.

#include "replication/partition/flight.h"

#include "tests/support/said_by.h"

#include <gtest/gtest.h>

namespace weft::replication {
namespace {

class FlightTest : public testing::Test {
protected:
    static InFlight of(std::uint64_t seq) {
        InFlight item;
        item.id.seq = seq;
        return item;
    }
    Flight flight;
};

TEST_F(FlightTest, LeavesInTheOrderOfTheLog) {
    flight.enter(LogIndex{7}, of(1));
    flight.enter(LogIndex{8}, of(2));
    EXPECT_TRUE(flight.join(LogIndex{8}, {}, 1));
    EXPECT_FALSE(flight.join(LogIndex{8}, {}, 1)) << "as many as may wait for one";
    EXPECT_TRUE(flight.is_first(LogIndex{7}));
    EXPECT_FALSE(flight.is_first(LogIndex{8}));
    flight.check(LogIndex{6});
    EXPECT_EQ(flight.leave(LogIndex{7}).id.seq, 1u);
    flight.check(LogIndex{7});
    EXPECT_EQ(flight.leave(LogIndex{8}).joined.size(), 1u);
    EXPECT_TRUE(flight.empty());
    EXPECT_FALSE(flight.is_first(LogIndex{9}));
    flight.check(LogIndex{77});
}

TEST_F(FlightTest, BeginsAnywhereOnceAllHaveLeft) {
    flight.enter(LogIndex{7}, of(1));
    EXPECT_EQ(flight.drop().size(), 1u);
    EXPECT_TRUE(flight.empty());
    flight.enter(LogIndex{3}, of(2));
    EXPECT_EQ(flight.first().id.seq, 2u);
}

TEST_F(FlightTest, TellsWhatCannotBe) {
    flight.enter(LogIndex{7}, of(1));
    EXPECT_EQ(weft::test::said_by([&] { flight.enter(LogIndex{9}, of(2)); }),
              "entry 9 enters the flight of 1 from 7");
    EXPECT_EQ(weft::test::said_by([&] { flight.leave(LogIndex{8}); }),
              "applied 8, in flight from 7");
    EXPECT_EQ(weft::test::said_by([&] { flight.join(LogIndex{8}, {}, 9); }),
              "joined entry 8 is not in flight");
    EXPECT_EQ(weft::test::said_by([&] { flight.join(LogIndex{6}, {}, 9); }),
              "joined entry 6 is not in flight");
    EXPECT_EQ(weft::test::said_by([&] { flight.check(LogIndex{7}); }),
              "in flight from 7, applied 7");
}

}  // namespace
}  // namespace weft::replication
