// A promise is kept when its round is on disk (S2).

#include "node/disk/rounds.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

namespace weft::node::test {
namespace {

using std::chrono::milliseconds;

const Instant kStart = Instant{} + std::chrono::seconds(1);

struct DiskRoundsTest : testing::Test {
    // What can be kept: "group:seq ...", a bar behind each batch.
    std::string durable() {
        std::string said;
        while (const auto marks = rounds.take_durable()) {
            for (const DiskMark& mark : *marks)
                said +=
                    std::to_string(mark.group.value) + ':' + std::to_string(mark.seq.value) + ' ';
            said += '|';
        }
        rounds.check();
        return said;
    }

    DiskRounds rounds{4};
};

TEST_F(DiskRoundsTest, APromiseIsKeptWhenItsRoundIsOnDiskAndNotBefore) {
    rounds.want(PartitionId{2}, PersistSeq{5});
    rounds.want(PartitionId{1}, PersistSeq{3});
    rounds.want(PartitionId{2}, PersistSeq{6});
    EXPECT_EQ(rounds.at_hand(), RoundSeq{1});
    EXPECT_EQ(rounds.close(kStart, 10), RoundSeq{1});
    rounds.want(PartitionId{1}, PersistSeq{4});
    EXPECT_EQ(rounds.close(kStart, 10), RoundSeq{2});
    EXPECT_EQ(durable(), "");
    rounds.on_persisted(RoundSeq{1});
    EXPECT_EQ(durable(), "2:6 1:3 |") << "each group once, with its newest";
    rounds.on_persisted(RoundSeq{2});
    EXPECT_EQ(durable(), "1:4 |");
}

TEST_F(DiskRoundsTest, ARoundThatWroteNothingIsAsDurableAsTheOneBefore) {
    rounds.want(PartitionId{1}, PersistSeq{1});
    EXPECT_EQ(rounds.close(kStart, 0), std::nullopt);
    EXPECT_EQ(durable(), "1:1 |") << "nothing was ever written";
    EXPECT_EQ(rounds.close(kStart, 10), RoundSeq{1});
    rounds.want(PartitionId{1}, PersistSeq{2});
    EXPECT_EQ(rounds.close(kStart, 0), std::nullopt);
    EXPECT_EQ(durable(), "") << "it may rest on what the batch before holds";
    rounds.on_persisted(RoundSeq{1});
    EXPECT_EQ(durable(), "1:2 |");
}

TEST_F(DiskRoundsTest, BytesAndAgeAreThoseOfWhatWaits) {
    EXPECT_EQ(rounds.oldest(), std::nullopt);
    rounds.close(kStart, 10);
    rounds.close(kStart + milliseconds(5), 7);
    EXPECT_EQ(rounds.bytes(), 17U);
    EXPECT_EQ(rounds.age(kStart + milliseconds(8)), milliseconds(8));
    EXPECT_EQ(rounds.age_ms(kStart + milliseconds(8)), 8u);
    EXPECT_EQ(rounds.age_ms(kStart + std::chrono::hours(24 * 60)), UINT32_MAX) << "as much as fits";
    rounds.on_persisted(RoundSeq{1});
    EXPECT_EQ(durable(), "|");
    EXPECT_EQ(rounds.bytes(), 7U);
    EXPECT_EQ(rounds.oldest(), kStart + milliseconds(5));
    rounds.on_persisted(RoundSeq{2});
    EXPECT_EQ(durable(), "|");
    EXPECT_EQ(rounds.age(kStart + milliseconds(8)), Duration{});
    EXPECT_EQ(rounds.age_ms(kStart + milliseconds(8)), 0u);
}

TEST_F(DiskRoundsTest, CheckFindsWhatIsDurableAndWasNotTaken) {
    rounds.close(kStart, 10);
    EXPECT_EQ(weft::test::said_by([&] { rounds.check(); }), "");
    rounds.on_persisted(RoundSeq{1});
    EXPECT_EQ(weft::test::said_by([&] { rounds.check(); }), "round 1 waits behind 1");
    rounds.take_durable();
    EXPECT_EQ(weft::test::said_by([&] { rounds.check(); }), "");
    rounds.on_persisted(RoundSeq{2});
    EXPECT_EQ(weft::test::said_by([&] { rounds.check(); }), "round 2 is on disk, 1 was the last");
}

TEST_F(DiskRoundsTest, CheckFindsAPromiseOfNothing) {
    rounds.want(PartitionId{1}, PersistSeq{});
    EXPECT_EQ(weft::test::said_by([&] { rounds.check(); }), "group 1 is promised nothing");
}

// What was moved from has lost its batches and still counts them.
TEST_F(DiskRoundsTest, CheckFindsBytesThatNoBatchHas) {
    rounds.close(kStart, 10);
    const DiskRounds taken(static_cast<DiskRounds&&>(rounds));
    EXPECT_EQ(weft::test::said_by([&] { taken.check(); }), "");
    EXPECT_EQ(weft::test::said_by([&] { rounds.check(); }),
              "0 bytes wait for the disk, 10 are counted");
}

}  // namespace
}  // namespace weft::node::test
