// What a leader's stamps are, and when it gives up for them (S29; ADR 6).

#include "replication/raft/leader_stamps.h"

#include "replica_lab.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>

namespace weft::replication::test {
namespace {

// Place 0 leads a group of three. Its log ends at 5, of which 2 are committed; those who refuse
// may hold 3, and an earlier leader may have counted 4.
class LeaderStampsTest : public testing::Test {
protected:
    LeaderStamps::Copies copies(PeerSet takers) const {
        return {.config = config,
                .takers = takers,
                .refusers_may_hold = LogIndex{3},
                .commit = LogIndex{2},
                .counted = LogIndex{4},
                .newest_config = LogIndex{0},
                .last = LogIndex{5}};
    }
    Config config = members(3);
    LeaderStamps stamps;
};

TEST_F(LeaderStampsTest, StayBehindTheClockButNeverFall) {
    EXPECT_EQ(stamps.next(100, WallTime{1000}), 1000);
    stamps.stay_back(300);
    EXPECT_EQ(stamps.next(100, WallTime{1000}), 700);
    EXPECT_EQ(stamps.next(701, WallTime{1000}), 701);
    EXPECT_EQ(stamps.back_ms(), 300);
    stamps.stay_back(0);
    EXPECT_EQ(stamps.next(701, WallTime{1000}), 1000);
}

// Whoever may hold an entry may have counted it.
TEST_F(LeaderStampsTest, RefusedInEveryQuorumEndALeadershipAtOnce) {
    EXPECT_EQ(stamps.refused(copies(seats({0}))), LogIndex{3});
    EXPECT_FALSE(stamps.due());
    LeaderStamps::Copies committed = copies(seats({0}));
    committed.commit = LogIndex{4};
    EXPECT_EQ(stamps.refused(committed), LogIndex{4});
}

TEST_F(LeaderStampsTest, RefusedByFewerWaitForATick) {
    EXPECT_EQ(stamps.deadline(), Instant::never());
    EXPECT_EQ(stamps.refused(copies(seats({0, 2}))), std::nullopt);
    EXPECT_TRUE(stamps.due());
    EXPECT_EQ(stamps.deadline(), Instant::long_ago());
    EXPECT_EQ(stamps.judge(copies(seats({0, 2})), seats({0, 1, 2})), std::nullopt);
    EXPECT_FALSE(stamps.due()) << "judged once";
}

TEST_F(LeaderStampsTest, AreForgottenAsRefusedWithTheLeadership) {
    (void)stamps.refused(copies(seats({0, 2})));
    stamps.end();
    EXPECT_EQ(stamps.deadline(), Instant::never());
}

// The one who is silent may have led, and counted what is here.
TEST_F(LeaderStampsTest, EndALeadershipWhenTheRestIsSilentAndOneWhoRefusesCanWin) {
    LeaderStamps::Copies one_refuses = copies(seats({0, 2}));
    EXPECT_EQ(stamps.judge(one_refuses, seats({0, 1})), std::nullopt)
        << "who refuses lacks the 4th, which may be committed";
    one_refuses.counted = LogIndex{1};
    EXPECT_EQ(stamps.judge(one_refuses, seats({0, 1})), LogIndex{2});
    EXPECT_EQ(stamps.judge(one_refuses, seats({0, 2})), std::nullopt) << "a quorum goes on";
    one_refuses.refusers_may_hold = LogIndex{1};
    EXPECT_EQ(stamps.judge(one_refuses, seats({0, 1})), std::nullopt)
        << "who refuses lacks what is committed";
}

// A quorum of the other half may have taken all.
TEST_F(LeaderStampsTest, OfWhatAnEarlierLeaderCountedStayWhileJoint) {
    config.outgoing = seats({1, 2});
    EXPECT_EQ(stamps.refused(copies(seats({0}))), LogIndex{4});
    config.outgoing = {};
    EXPECT_EQ(stamps.refused(copies(seats({0}))), LogIndex{3});
}

TEST_F(LeaderStampsTest, OfAnEntryBeforeAConfigurationStay) {
    LeaderStamps::Copies changed = copies(seats({0}));
    changed.newest_config = LogIndex{4};
    EXPECT_EQ(stamps.refused(changed), LogIndex{5}) << "the whole log";
    changed.counted = LogIndex{1};
    EXPECT_EQ(stamps.judge(changed, seats({0, 1})), std::nullopt)
        << "with it nobody who refuses can win";
    changed.newest_config = LogIndex{3};
    EXPECT_EQ(stamps.refused(changed), LogIndex{3});
}

// A refusal may name an index past our end.
TEST_F(LeaderStampsTest, KeepNoMoreThanThereIs) {
    LeaderStamps::Copies longer = copies(seats({0}));
    longer.refusers_may_hold = LogIndex{std::numeric_limits<std::uint64_t>::max()};
    EXPECT_EQ(stamps.refused(longer), LogIndex{5});
}

TEST_F(LeaderStampsTest, TellOfAJudgementThatNobodyWaitsFor) {
    stamps.check(false);
    stamps.stay_back(7);
    (void)stamps.refused(copies(seats({0, 2})));
    stamps.check(true);
    EXPECT_EQ(weft::test::said_by([&] { stamps.check(false); }),
              "stamps 7 ms behind wait for a judgement of no leader");
}

}  // namespace
}  // namespace weft::replication::test
