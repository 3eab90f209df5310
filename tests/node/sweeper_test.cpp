// A sweep is slices, each after the last one is on disk.

#include "node/sweeper.h"

#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace weft::node::test {
namespace {

using std::chrono::milliseconds;

const Instant kStart = Instant{} + std::chrono::seconds(1);

struct SweeperTest : testing::Test {
    // One slice over the groups and their dirty rows that are given: "group:rows ...".
    std::string slice(Instant now = kStart, RoundSeq persisted = {}) {
        std::string said;
        if (!sweeper.begin_slice(now, persisted)) return "none";
        bool wrote = false;
        while (const std::size_t rows = sweeper.rows_left()) {
            const auto group = dirty.lower_bound(sweeper.next_group());
            if (group == dirty.end()) break;
            sweeper.begin_group(group->first);
            const std::size_t written = std::min(rows, group->second);
            group->second -= written;
            wrote = wrote || written > 0;
            said += std::to_string(group->first.value) + ':' + std::to_string(written) + ' ';
            sweeper.end_group(group->first, written, group->second == 0);
        }
        std::optional<RoundSeq> with;
        if (wrote) with = next_number(last);
        sweeper.end_slice(now, with, dirty.lower_bound(sweeper.next_group()) != dirty.end());
        sweeper.check({last.value + 1});
        return said;
    }

    Sweeper sweeper{{.log_bytes = 100, .rows = 4}, weft::Log()};
    std::map<PartitionId, std::size_t> dirty;
    RoundSeq last;
};

TEST_F(SweeperTest, BeginsWhenTheLogHasGrownByMoreThanTheLimitSinceTheLastOneEnded) {
    dirty = {{PartitionId{0}, 0}};
    sweeper.on_log_bytes(100);
    EXPECT_EQ(slice(), "none");
    sweeper.on_log_bytes(101);
    EXPECT_EQ(slice(), "0:0 ");
    EXPECT_EQ(sweeper.finished(), 1U);
    sweeper.on_log_bytes(201);
    EXPECT_EQ(slice(), "none");
    sweeper.on_log_bytes(50);
    sweeper.on_log_bytes(151);
    EXPECT_EQ(slice(), "0:0 ") << "growth counts from the least since then";
}

TEST_F(SweeperTest, ASliceEndsWithItsRowsAndTheNextWaitsForTheDisk) {
    dirty = {{PartitionId{1}, 3}, {PartitionId{4}, 6}, {PartitionId{7}, 1}};
    sweeper.begin();
    EXPECT_EQ(slice(), "1:3 4:1 ");
    EXPECT_EQ(slice(), "none");
    EXPECT_FALSE(sweeper.on_disk(RoundSeq{}));
    EXPECT_EQ(slice(kStart, RoundSeq{1}), "4:4 ");
    EXPECT_EQ(slice(kStart, RoundSeq{2}), "4:1 7:1 ");
    EXPECT_EQ(sweeper.finished(), 1U);
    EXPECT_TRUE(sweeper.on_disk(RoundSeq{3}));
    EXPECT_EQ(slice(kStart, RoundSeq{3}), "none");
}

// No Persisted follows that the sweep could go on from.
TEST_F(SweeperTest, ASliceThatWroteNothingIsFollowedByAnotherSoon) {
    for (std::uint32_t group = 0; group < 257; ++group) dirty[PartitionId{group}] = 0;
    sweeper.begin();
    EXPECT_NE(slice(), "none");
    EXPECT_EQ(sweeper.finished(), 0U) << "a slice looks at 256 groups";
    EXPECT_EQ(slice(), "none");
    EXPECT_EQ(sweeper.deadline(), kStart + milliseconds(1));
    EXPECT_EQ(slice(kStart + milliseconds(1)), "256:0 ");
    EXPECT_EQ(sweeper.finished(), 1U);
    EXPECT_EQ(sweeper.deadline(), Instant::never());
}

TEST_F(SweeperTest, BegunAnewItSweepsTheFirstGroupsAgain) {
    dirty = {{PartitionId{1}, 4}, {PartitionId{2}, 1}};
    sweeper.begin();
    EXPECT_EQ(slice(), "1:4 ");
    dirty[PartitionId{1}] = 2;
    sweeper.begin();
    EXPECT_EQ(slice(kStart, RoundSeq{1}), "1:2 2:1 ");
}

TEST_F(SweeperTest, CheckFindsASliceInARoundThatIsStillToCome) {
    dirty = {{PartitionId{1}, 1}};
    sweeper.begin();
    EXPECT_EQ(slice(), "1:1 ");
    EXPECT_EQ(weft::test::said_by([&] { sweeper.check(RoundSeq{1}); }),
              "swept with round 1, the next is 1");
}

}  // namespace
}  // namespace weft::node::test
