// Replies that wait for the commit of their entries.

#include "replication/partition/flight.h"

#include "tests/support/said_by.h"
#include "weft/errors.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

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
    EXPECT_EQ(flight.lose().refused.size(), 1u);
    EXPECT_TRUE(flight.empty());
    flight.enter(LogIndex{3}, of(2));
    EXPECT_EQ(flight.first().id.seq, 2u);
}

TEST_F(FlightTest, WhoOnlyTellsHearsHowItEnded) {
    Reply reply;
    reply.outcome = Outcome::Done;
    reply.payload = Bytes::copy_of("reply");
    EXPECT_EQ(answer_to({ClientRef{5}, false}, reply).reply.payload.view(), "reply");
    const SendReply told = answer_to({ClientRef{6}, true}, reply);
    EXPECT_EQ(told.to, Origin{ClientRef{6}});
    EXPECT_EQ(told.reply.outcome, Outcome::Done);
    EXPECT_TRUE(told.reply.payload.empty());
}

// Thesis 6.3: an entry without a commit may yet be committed, so nobody may call it not done.
TEST_F(FlightTest, NobodyKnowsHowItEndsOnceTheTermIsLost) {
    entity::Host host;
    entity::Entity& ahead = host.obtain({1, "kv", "e"}, Instant{});
    InFlight changes = of(1);
    changes.entity = &ahead;
    flight.enter(LogIndex{7}, changes);
    flight.enter(LogIndex{8}, {});
    flight.enter(LogIndex{9}, of(2));
    ASSERT_TRUE(flight.join(LogIndex{7}, {ClientRef{5}, true}, 1));
    const Flight::Lost lost = flight.lose();
    ASSERT_EQ(lost.refused.size(), 3u) << "an entry of the group's own is nobody's";
    for (const Refused& refused : lost.refused) {
        EXPECT_EQ(refused.outcome, Outcome::Unknown);
        EXPECT_EQ(number_of(refused.error), ErrorNumber::LeadershipLost);
    }
    EXPECT_EQ(lost.refused[0].id.seq, 1u);
    EXPECT_EQ(lost.refused[1].id.seq, 1u);
    EXPECT_EQ(lost.refused[1].to, Origin{ClientRef{5}}) << "who joined is told behind the first";
    EXPECT_EQ(lost.refused[2].id.seq, 2u);
    EXPECT_EQ(lost.entities, std::vector<entity::Entity*>{&ahead});
    EXPECT_TRUE(flight.empty());
    EXPECT_TRUE(flight.lose().refused.empty());
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
