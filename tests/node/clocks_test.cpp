// Stamps are such as a quorum takes (S29).

#include "node/clocks.h"

#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>

namespace weft::node::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr PartitionId kGroup{1};

NodeId node(std::uint8_t number) {
    NodeId id;
    id.bytes[0] = number;
    return id;
}

struct ClocksTest : testing::Test {
    ClocksTest() {
        clocks.meet(node(1));
        clocks.meet(node(2));
        clocks.look_at_own(now);
    }
    // The peer's clock is that much behind ours, or ahead.
    void tell(std::uint8_t peer, std::int64_t behind_ms) {
        clocks.learn(now, node(peer), now.wall.ms - behind_ms);
    }
    // True: the group was judged and is told something new.
    bool judge(std::int64_t jump_ms = 0, std::optional<Instant> leader_heard = {}) {
        if (!clocks.judge_peers(now, jump_ms)) return false;
        const bool news =
            clocks.judge_group(now, {kGroup, config, leader_heard.value_or(now.mono)}, jump_ms);
        clocks.check();
        return news;
    }

    Now now{.mono = Instant{} + seconds(100), .wall = {1'000'000}};
    replication::Config config = replication::Config::of({node(0), node(1), node(2)});
    Clocks clocks{4, milliseconds(300), weft::Log()};
};

TEST_F(ClocksTest, OneOfThreeBehindCostsNothingASecondOneTheLead) {
    EXPECT_FALSE(clocks.judge_peers(now, 0)) << "nobody has told anything";
    tell(1, 0);
    tell(2, 60'000);
    EXPECT_FALSE(judge());
    EXPECT_FALSE(clocks.of(kGroup).ahead);
    tell(1, 60'000);
    EXPECT_TRUE(judge());
    EXPECT_TRUE(clocks.of(kGroup).ahead);
    EXPECT_EQ(clocks.of(kGroup).stamps_back_ms, 56'000) << "what one of them takes is enough";
    EXPECT_EQ(clocks.stamps_back_ms(), 56'000);
    EXPECT_FALSE(judge()) << "that is no news";
    tell(1, 0);
    EXPECT_TRUE(judge());
    EXPECT_FALSE(clocks.of(kGroup).ahead);
    EXPECT_EQ(clocks.stamps_back_ms(), 0);
}

TEST_F(ClocksTest, AheadBeginsAHalfSecondBeforeTheLimitAndEndsASecondBefore) {
    struct Case {
        std::int64_t behind_ms;
        bool ahead;
    };
    const Case cases[] = {{4'500, false}, {4'501, true}, {4'001, true}, {4'000, false}};
    for (const Case& c : cases) {
        tell(1, c.behind_ms);
        tell(2, c.behind_ms);
        judge();
        EXPECT_EQ(clocks.of(kGroup).ahead, c.ahead) << c.behind_ms;
    }
}

TEST_F(ClocksTest, WhatWasToldLongAgoKeepsNobodyFromLeading) {
    tell(1, 60'000);
    tell(2, 60'000);
    now.mono = now.mono + milliseconds(299);
    now.wall.ms += 299;
    judge(0, Instant::long_ago());
    EXPECT_TRUE(clocks.of(kGroup).ahead);
    now.mono = now.mono + milliseconds(1);
    now.wall.ms += 1;
    judge(0, Instant::long_ago());
    EXPECT_FALSE(clocks.of(kGroup).ahead) << "nobody leads";
    judge();
    EXPECT_TRUE(clocks.of(kGroup).ahead) << "who leads would hear of better clocks";
}

TEST_F(ClocksTest, StampsStayWhereTheyWereWhileNoQuorumIsKnown) {
    tell(1, 60'000);
    tell(2, 60'000);
    judge();
    clocks.forget(node(1));
    clocks.forget(node(2));
    judge();
    EXPECT_EQ(clocks.stamps_back_ms(), 56'000);
    EXPECT_EQ(clocks.ahead_of(now, node(1)), std::nullopt);
    now.wall.ms += 5'000;
    const std::int64_t jump = clocks.look_at_own(now);
    EXPECT_EQ(jump, 5'000);
    EXPECT_TRUE(judge(jump));
    EXPECT_EQ(clocks.stamps_back_ms(), 61'000);
}

TEST_F(ClocksTest, AClockThatWasSetIsNoticedFromAQuarterSecondOn) {
    now.wall.ms += 249;
    EXPECT_EQ(clocks.look_at_own(now), 0);
    now.wall.ms += 1;
    EXPECT_EQ(clocks.look_at_own(now), 250) << "small steps add up";
    EXPECT_EQ(clocks.look_at_own(now), 0);
}

TEST_F(ClocksTest, OfANodeThatLeftTheRosterNothingIsKnown) {
    tell(1, 60'000);
    tell(2, 60'000);
    judge();
    clocks.part_with(node(1));
    tell(1, 60'000);
    EXPECT_EQ(clocks.ahead_of(now, node(1)), std::nullopt);
    EXPECT_EQ(clocks.ahead_of(now, node(2)), 60'000);
    judge();
    EXPECT_FALSE(clocks.of(kGroup).ahead);
}

TEST_F(ClocksTest, CheckFindsAGroupThatWasNotJudgedAgain) {
    tell(1, 60'000);
    tell(2, 60'000);
    judge();
    EXPECT_TRUE(clocks.judge_peers(now, 0));
    EXPECT_EQ(weft::test::said_by([&] { clocks.check(); }),
              "stamps stay 56000 ms behind in a group, 0 are kept");
}

// Two were behind as peers were judged and were forgotten before the group was: it is ahead, and
// how far nobody can say.
TEST_F(ClocksTest, CheckFindsAGroupThatIsAheadAndWasNotJudgedAgain) {
    tell(1, 60'000);
    tell(2, 60'000);
    EXPECT_TRUE(clocks.judge_peers(now, 0));
    clocks.forget(node(1));
    clocks.forget(node(2));
    EXPECT_TRUE(clocks.judge_group(now, {kGroup, config, now.mono}, 0));
    EXPECT_TRUE(clocks.of(kGroup).ahead);
    EXPECT_EQ(clocks.stamps_back_ms(), 0);
    clocks.check();
    EXPECT_TRUE(clocks.judge_peers(now, 0));
    EXPECT_EQ(weft::test::said_by([&] { clocks.check(); }), "a clock that is off is forgotten");
}

}  // namespace
}  // namespace weft::node::test
