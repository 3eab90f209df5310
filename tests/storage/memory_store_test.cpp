// The simulator's disk: what it damages must be found by the reads.

#include "storage/memory_store.h"

#include "support.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weft::storage::test {
namespace {

struct Damaged {
    Damaged() : store(MemoryStore::Options{1 << 20, true}) {
        WriteBatch batch;
        for (int i = 0; i < 5; ++i) log.append(batch, Term{1}, "payload");
        batch.hard_state(log.group(), {Term{4}, {}});
        batch.put_row(Table::Entity, "k", "first");
        EXPECT_TRUE(store.apply(batch).has_value());
    }
    FetchedLog read(LogIndex from) const {
        return *store.read_log({log.group(), from, LogIndex{5}, 1 << 20});
    }
    LogWriter log{PartitionId{3}};
    MemoryStore store;
};

TEST(MemoryStore, ReportsAFlippedLogRecordAsDamagedAndServesTheOthers) {
    Damaged d;
    ASSERT_TRUE(d.store.flip_bit_in_log(d.log.group(), LogIndex{3}, 8 * kEntryHeaderBytes + 5));
    EXPECT_EQ(d.read(LogIndex{1}).entries.size(), 2U);
    EXPECT_EQ(d.read(LogIndex{1}).damaged, LogIndex{3});
    EXPECT_EQ(d.read(LogIndex{4}).entries.size(), 2U);
    const auto log = d.store.recover().at(0).log;
    EXPECT_TRUE(log[2].readable);
    EXPECT_FALSE(log[2].intact);
    EXPECT_TRUE(log[3].intact);
}

TEST(MemoryStore, StopsTheProcessWhenARowIsWrittenBelowAnErasedPrefix) {
    MemoryStore store;
    WriteBatch batch;
    batch.put_row(Table::Entity, "s1/a", "old");
    batch.erase_prefix(Table::Entity, "s1/b");
    batch.erase_prefix(Table::Entity, "s1/");
    batch.erase_prefix(Table::Entity, "s1/c");
    batch.put_row(Table::Entity, "s0/a", "before");
    batch.put_row(Table::Entity, "s2/a", "behind");
    batch.put_row(Table::Journal, "s1/a", "another table");
    ASSERT_TRUE(store.apply(batch).has_value());
    EXPECT_EQ(store.read_row({Table::Entity, "s1/a"})->state, FetchedRow::State::Missing);
    for (const char* key : {"s1/", "s1/a", "s1/d"}) {
        WriteBatch late;
        late.put_row(Table::Entity, key, "new");
        EXPECT_DEATH((void)store.apply(late), "below an erased prefix") << key;
    }
}

// As the real store: what a slice has left is still there to be read.
TEST(MemoryStore, ErasesInSlicesWithLaterBatches) {
    MemoryStore::Options options;
    options.erase_rows = 2;
    MemoryStore store(options);
    WriteBatch batch;
    for (const char* key : {"a/1", "a/2", "a/3", "b/1", "c"})
        batch.put_row(Table::Entity, key, "v");
    batch.erase_prefix(Table::Entity, "a/");
    batch.erase_prefix(Table::Entity, "b/");
    ASSERT_TRUE(store.apply(batch).has_value());
    using Keys = std::vector<std::string>;
    EXPECT_EQ(store.row_keys(Table::Entity), (Keys{"a/3", "b/1", "c"}));
    MemoryStore copy = store;
    for (MemoryStore* each : {&store, &copy}) {
        ASSERT_TRUE(each->apply(WriteBatch{}).has_value());
        EXPECT_EQ(each->row_keys(Table::Entity), Keys{"c"});
    }
}

TEST(MemoryStore, StopsTheProcessWhenAReadNamesNoBound) {
    const MemoryStore store;
    EXPECT_DEATH((void)store.read_log({PartitionId{1}, LogIndex{1}, LogIndex{9}}),
                 "without a bound");
    EXPECT_DEATH((void)store.scan({Table::Entity, "a", ""}), "without a bound");
}

TEST(MemoryStore, RecoversAVanishedRecordAsUnreadableInItsPlace) {
    Damaged d;
    ASSERT_TRUE(d.store.vanish_log(d.log.group(), LogIndex{5}));
    const auto log = d.store.recover().at(0).log;
    ASSERT_EQ(log.size(), 5U);
    EXPECT_FALSE(log[4].readable);
    EXPECT_EQ(log[4].header.index, LogIndex{5});
    EXPECT_EQ(d.read(LogIndex{5}).damaged, LogIndex{5});
}

TEST(MemoryStore, AppendOfTheSameIndexRepairsARecord) {
    Damaged d;
    ASSERT_TRUE(d.store.vanish_log(d.log.group(), LogIndex{2}));
    WriteBatch batch;
    d.log.repair(batch, LogIndex{2});
    ASSERT_TRUE(d.store.apply(batch).has_value());
    EXPECT_EQ(d.read(LogIndex{1}).entries.size(), 5U);
    EXPECT_TRUE(d.store.recover().at(0).log[1].intact);
}

// S1: such a replica may not vote.
TEST(MemoryStore, ReportsDamagedHardStateUntilItIsWrittenAnew) {
    Damaged d;
    ASSERT_TRUE(d.store.corrupt_hard(d.log.group()));
    EXPECT_TRUE(d.store.recover().at(0).hard_damaged);
    EXPECT_EQ(d.store.recover().at(0).hard, HardState{});
    WriteBatch batch;
    batch.hard_state(d.log.group(), {Term{9}, {}});
    ASSERT_TRUE(d.store.apply(batch).has_value());
    EXPECT_FALSE(d.store.recover().at(0).hard_damaged);
    EXPECT_EQ(d.store.recover().at(0).hard.term, Term{9});
}

TEST(MemoryStore, FlippedRowsAreCorruptAndVanishedRowsAreMissing) {
    Damaged d;
    ASSERT_TRUE(d.store.flip_bit_in_row(Table::Entity, "k", 77));
    EXPECT_EQ(d.store.read_row({Table::Entity, "k"})->state, FetchedRow::State::Corrupt);
    ASSERT_TRUE(d.store.vanish_row(Table::Entity, "k"));
    EXPECT_EQ(d.store.read_row({Table::Entity, "k"})->state, FetchedRow::State::Missing);
    EXPECT_FALSE(d.store.vanish_row(Table::Entity, "k"));
}

TEST(MemoryStore, ServesTheValueBeforeALostWrite) {
    Damaged d;
    EXPECT_FALSE(d.store.serve_old_row(Table::Entity, "k"));
    WriteBatch batch;
    batch.put_row(Table::Entity, "k", "second");
    ASSERT_TRUE(d.store.apply(batch).has_value());
    ASSERT_TRUE(d.store.serve_old_row(Table::Entity, "k"));
    EXPECT_EQ(d.store.read_row({Table::Entity, "k"})->value.view(), "first");
}

// As the real store: between the two bounds it says what it said before.
TEST(MemoryStore, SaysThatRoomIsScarceFromNinetyPercentUntilBelowEightyFive) {
    MemoryStore store(MemoryStore::Options{10000});
    const auto put = [&](const char* key, std::size_t bytes) {
        WriteBatch batch;
        batch.put_row(Table::Entity, key, std::string(bytes - 1, 'x'));
        const auto done = store.apply(batch);
        EXPECT_TRUE(done.has_value());
        return done.has_value() && done->scarce;
    };
    EXPECT_FALSE(put("a", 8000));
    EXPECT_FALSE(put("b", 999));
    EXPECT_TRUE(put("c", 1));
    EXPECT_TRUE(store.stats().scarce);
    EXPECT_TRUE(put("b", 499));
    EXPECT_FALSE(put("b", 498));
    EXPECT_FALSE(put("b", 998));
    EXPECT_FALSE(store.stats().scarce);
}

TEST(MemoryStore, RefusesABatchAboveItsLimitAndKeepsNothingOfIt) {
    MemoryStore store(MemoryStore::Options{100, false});
    WriteBatch batch;
    batch.put_row(Table::Entity, "k", std::string(200, 'x'));
    const auto refused = store.apply(batch);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().number, 5003);
    EXPECT_EQ(store.read_row({Table::Entity, "k"})->state, FetchedRow::State::Missing);
}

}  // namespace
}  // namespace weft::storage::test
