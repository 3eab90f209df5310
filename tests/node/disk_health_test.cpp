// A stalled disk leads nothing, and a full one takes no commands.

#include "node/disk/health.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace weft::node::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Instant kStart = Instant{} + seconds(1);

struct DiskHealthTest : testing::Test {
    static storage::StoreStats scarce(bool is) {
        storage::StoreStats stats;
        stats.scarce = is;
        return stats;
    }

    DiskHealth disk{milliseconds(100), weft::Log()};
};

TEST_F(DiskHealthTest, TheAgeOfTheOldestBatchSaysHowWellItIs) {
    struct Case {
        Duration age;
        DiskState state;
    };
    const Case cases[] = {
        {milliseconds(50), DiskState::Well},  {milliseconds(50) + Duration{1}, DiskState::Slow},
        {milliseconds(200), DiskState::Slow}, {milliseconds(200) + Duration{1}, DiskState::Stalled},
        {milliseconds(60), DiskState::Slow},  {Duration{}, DiskState::Well},
    };
    for (const Case& c : cases) {
        const DiskState before = disk.state();
        EXPECT_EQ(disk.judge(c.age), before != c.state);
        EXPECT_EQ(disk.state(), c.state);
        EXPECT_FALSE(disk.judge(c.age)) << "that is no news";
    }
}

TEST_F(DiskHealthTest, ItIsLookedAtWhenABatchBecomesTooOld) {
    EXPECT_EQ(disk.deadline(std::nullopt), Instant::never());
    for (const DiskState next : {DiskState::Slow, DiskState::Stalled}) {
        const Instant due = disk.deadline(kStart);
        EXPECT_FALSE(disk.judge(due - Duration{1} - kStart));
        EXPECT_TRUE(disk.judge(due - kStart));
        EXPECT_EQ(disk.state(), next);
    }
    EXPECT_EQ(disk.deadline(kStart), Instant::never()) << "it cannot become worse";
}

TEST_F(DiskHealthTest, ScarceRoomIsAFullDiskUntilThereIsClearlyMore) {
    EXPECT_FALSE(disk.on_stats(kStart, scarce(false)));
    EXPECT_TRUE(disk.on_stats(kStart, scarce(true)));
    EXPECT_FALSE(disk.on_full(kStart)) << "it is already";
    EXPECT_TRUE(disk.full());
    EXPECT_FALSE(disk.on_stats(kStart, scarce(false)));
    EXPECT_FALSE(disk.full());
    EXPECT_TRUE(disk.on_full(kStart));
}

TEST_F(DiskHealthTest, RoomIsLookedForWhileItIsFullAndNothingElseIsWritten) {
    EXPECT_TRUE(disk.on_full(kStart));
    EXPECT_FALSE(disk.look_for_room(kStart, true)) << "it was seen just now";
    Instant due = disk.deadline(std::nullopt);
    EXPECT_EQ(due, kStart + seconds(1));
    EXPECT_FALSE(disk.look_for_room(due, false)) << "what waits will tell";
    due = disk.deadline(std::nullopt);
    EXPECT_EQ(due, kStart + seconds(2));
    EXPECT_TRUE(disk.look_for_room(due, true));
    disk.on_stats(due, scarce(false));
    EXPECT_FALSE(disk.look_for_room(due + seconds(1), true));
    EXPECT_EQ(disk.deadline(std::nullopt), Instant::never());
}

TEST_F(DiskHealthTest, ALostOneIsFullAndNobodyLooksForRoom) {
    disk.on_lost();
    EXPECT_TRUE(disk.full());
    EXPECT_EQ(disk.deadline(std::nullopt), Instant::never());
}

TEST_F(DiskHealthTest, CheckFindsASlowDiskThatNobodyWaitsFor) {
    disk.judge(seconds(1));
    EXPECT_EQ(weft::test::said_by([&] { disk.check(true); }), "");
    EXPECT_EQ(weft::test::said_by([&] { disk.check(false); }),
              "the disk is slow and nothing waits");
}

}  // namespace
}  // namespace weft::node::test
