// What may be promised once a Persist has been reported (S1, S2).

#include "replication/raft/promises.h"

#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace weft::replication {
namespace {

const storage::HardState kFirst{Term{1}, NodeId{}};
const storage::HardState kSecond{Term{2}, NodeId{}};

class PromisesTest : public testing::Test {
protected:
    PromisesTest() { promises.start(kFirst, LogIndex{5}, LogIndex{5}); }
    PersistSeq mark(std::uint64_t last) {
        return promises.mark(kFirst, LogIndex{last}, LogIndex{last});
    }
    Promises promises;
};

TEST_F(PromisesTest, HoldWhatWasWrittenByThenAndNothingLater) {
    promises.wrote();
    EXPECT_TRUE(promises.unmarked());
    const PersistSeq first = mark(6);
    EXPECT_FALSE(promises.unmarked());
    const PersistSeq second = promises.mark(kSecond, LogIndex{7}, LogIndex{7});
    EXPECT_EQ(promises.durable(), LogIndex{5});
    EXPECT_TRUE(promises.persisted(first));
    EXPECT_EQ(promises.durable(), LogIndex{6});
    EXPECT_TRUE(promises.holds(kFirst));
    EXPECT_FALSE(promises.persisted(first)) << "it says nothing new";
    EXPECT_TRUE(promises.persisted(second));
    EXPECT_EQ(promises.durable(), LogIndex{7});
    EXPECT_TRUE(promises.holds(kSecond));
}

TEST_F(PromisesTest, AreReportedSeveralAtOnce) {
    mark(6);
    mark(7);
    EXPECT_TRUE(promises.persisted(mark(8)));
    EXPECT_EQ(promises.durable(), LogIndex{8});
}

// Entry 7 was replaced: the report of the first is about another entry than the log now has there.
TEST_F(PromisesTest, OfEntriesThatWereCutOffAreNotKeptByThoseThatReplaceThem) {
    const PersistSeq before = mark(7);
    promises.lower(LogIndex{6}, LogIndex{6});
    const PersistSeq after = mark(7);
    EXPECT_TRUE(promises.persisted(before));
    EXPECT_EQ(promises.durable(), LogIndex{6});
    EXPECT_TRUE(promises.persisted(after));
    EXPECT_EQ(promises.durable(), LogIndex{7});
}

TEST_F(PromisesTest, OfADamagedLogEndBeforeTheDamage) {
    const PersistSeq open = mark(7);
    promises.lower(LogIndex{7}, LogIndex{3});
    EXPECT_EQ(promises.durable(), LogIndex{5});
    EXPECT_EQ(promises.intact(), LogIndex{3});
    EXPECT_TRUE(promises.persisted(open));
    EXPECT_EQ(promises.durable(), LogIndex{7});
    EXPECT_EQ(promises.intact(), LogIndex{3});
    promises.check(LogIndex{7});
}

TEST_F(PromisesTest, StayInOrderWhenManyAreOpen) {
    for (std::uint64_t i = 1; i <= 200; ++i) EXPECT_EQ(mark(5 + i), PersistSeq{i});
    for (std::uint64_t i = 1; i <= 200; ++i) {
        EXPECT_TRUE(promises.persisted(PersistSeq{i}));
        EXPECT_EQ(promises.durable(), LogIndex{5 + i});
    }
}

TEST_F(PromisesTest, TellWhatCannotBe) {
    EXPECT_EQ(weft::test::said_by([&] { promises.persisted(PersistSeq{1}); }), "persisted 1 of 0");
    mark(7);
    promises.check(LogIndex{7});
    EXPECT_EQ(weft::test::said_by([&] { promises.check(LogIndex{6}); }),
              "persist 1 promises 7 past last 6");
    promises.mark(kFirst, LogIndex{7}, LogIndex{8});
    EXPECT_EQ(weft::test::said_by([&] { promises.check(LogIndex{8}); }),
              "persist 2 promises 8 whole of 7");
}

}  // namespace
}  // namespace weft::replication
