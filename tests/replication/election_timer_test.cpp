// When a replica stands for election (Raft paper 5.2; S5, S7).

#include "replication/raft/election_timer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

namespace weft::replication {
namespace {

constexpr Duration kMs = std::chrono::milliseconds(1);
constexpr Instant kStart{0};

class ElectionTimerTest : public testing::Test {
protected:
    ElectionTimerTest() { timer.restart(kStart); }
    ElectionTimer timer{Timings{}, Random(7)};
};

TEST_F(ElectionTimerTest, LapsesAfterARandomTimeout) {
    std::set<Instant> drawn;
    for (int i = 0; i < 50; ++i) {
        timer.restart(kStart);
        EXPECT_GE(timer.deadline(), kStart + 500 * kMs);
        EXPECT_LE(timer.deadline(), kStart + 1000 * kMs);
        drawn.insert(timer.deadline());
    }
    EXPECT_GT(drawn.size(), 40U);
    EXPECT_FALSE(timer.lapsed(timer.deadline() + Duration{-1}, false));
    EXPECT_TRUE(timer.lapsed(timer.deadline(), false));
}

TEST_F(ElectionTimerTest, WaitsAFullTimeoutForALeaderThatWasHeard) {
    const Instant first = timer.deadline();
    timer.heard(kStart + 300 * kMs);
    EXPECT_EQ(timer.deadline(), first) << "no message moves it";
    EXPECT_FALSE(timer.lapsed(first, true));
    EXPECT_EQ(timer.deadline(), first + 300 * kMs);
    EXPECT_TRUE(timer.lapsed(first + 300 * kMs, true)) << "nothing was heard since";
}

TEST_F(ElectionTimerTest, LapsesAtOnceWhenTheLeaderIsFollowedNoMore) {
    timer.heard(kStart + 300 * kMs);
    EXPECT_TRUE(timer.lapsed(timer.deadline(), false));
}

// S5. Contact times come late, and say nothing of what came after them.
TEST_F(ElectionTimerTest, HearsItsLeaderForTheMinimumTimeout) {
    EXPECT_FALSE(timer.hears(kStart));
    timer.heard(kStart + 300 * kMs);
    timer.heard(kStart + 200 * kMs);
    EXPECT_TRUE(timer.hears(kStart + 800 * kMs + Duration{-1}));
    EXPECT_FALSE(timer.hears(kStart + 800 * kMs));
}

TEST_F(ElectionTimerTest, GoesByRankWhenThereIsAReason) {
    timer.in_turn(kStart, 2);
    EXPECT_EQ(timer.deadline(), kStart + 300 * kMs);
    timer.in_turn(kStart, 3);
    EXPECT_EQ(timer.deadline(), kStart + 300 * kMs) << "it is never put off";
    timer.in_turn(kStart, 0);
    EXPECT_EQ(timer.deadline(), kStart);
}

// S7.
TEST_F(ElectionTimerTest, GoesWithinAHeartbeatAfterAnOlderLogWasRefused) {
    timer.soon(kStart);
    const Instant soon = timer.deadline();
    std::set<Instant> drawn;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        ElectionTimer one(Timings{}, Random(seed));
        one.restart(kStart);
        one.soon(kStart);
        EXPECT_GE(one.deadline(), kStart);
        EXPECT_LE(one.deadline(), kStart + 100 * kMs);
        drawn.insert(one.deadline());
    }
    EXPECT_GT(drawn.size(), 40U) << "who refused one candidate must not stand all at once";
    timer.soon(kStart + 500 * kMs);
    EXPECT_EQ(timer.deadline(), soon) << "it is never put off";
}

}  // namespace
}  // namespace weft::replication
