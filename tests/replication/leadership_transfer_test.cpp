// When a leader that gives its leadership away may serve again (thesis 3.10; S9).

#include "replication/raft/leadership_transfer.h"

#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <optional>

namespace weft::replication {
namespace {

constexpr NodeId kTarget{7};
constexpr Instant kUntil{1000};
constexpr Duration kAgain{50};

class LeadershipTransferTest : public testing::Test {
protected:
    LeadershipTransferTest() { transfer.begin(kTarget, kUntil); }
    LeadershipTransfer transfer;
};

TEST_F(LeadershipTransferTest, TellsItsTargetOnce) {
    EXPECT_EQ(transfer.untold(), kTarget);
    transfer.told();
    EXPECT_EQ(transfer.untold(), std::nullopt);
    EXPECT_TRUE(transfer.under_way());
    transfer.end();
    EXPECT_FALSE(transfer.under_way());
    EXPECT_EQ(transfer.deadline(), Instant::never());
}

TEST_F(LeadershipTransferTest, IsOverOnceAQuorumHasAnsweredWhatCameAfterIt) {
    EXPECT_FALSE(transfer.look(Instant{999}, Instant{999}, kAgain));
    EXPECT_EQ(transfer.untold(), kTarget) << "it was not due";
    EXPECT_EQ(transfer.deadline(), kUntil);
    EXPECT_FALSE(transfer.look(kUntil, Instant{999}, kAgain));
    EXPECT_EQ(transfer.untold(), std::nullopt) << "it is too late to tell";
    EXPECT_EQ(transfer.deadline(), kUntil + kAgain);
    transfer.check(true);
    EXPECT_FALSE(transfer.look(Instant{1049}, kUntil, kAgain)) << "it was not due";
    EXPECT_TRUE(transfer.look(Instant{1050}, kUntil, kAgain));
    EXPECT_FALSE(transfer.under_way());
    EXPECT_FALSE(transfer.look(Instant{2000}, Instant{2000}, kAgain));
}

TEST_F(LeadershipTransferTest, TellsWhatCannotBe) {
    EXPECT_EQ(weft::test::said_by([&] { transfer.begin(kTarget, Instant{2000}); }),
              "a transfer until 1000 and one until 2000");
    EXPECT_EQ(weft::test::said_by([&] { transfer.check(false); }),
              "a transfer until 1000 by no leader");
    transfer.end();
    transfer.check(false);
}

}  // namespace
}  // namespace weft::replication
