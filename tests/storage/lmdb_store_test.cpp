#include "storage/lmdb_store.h"

#include "support.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace weft::storage::test {
namespace {

class LmdbStoreTest : public testing::Test {
protected:
    LmdbStoreTest() { open(); }
    LmdbStoreOptions options() const {
        LmdbStoreOptions options;
        options.directory = dir_.path();
        options.map_bytes = map_bytes_;
        options.bounds.log_slack_bytes = 16 << 10;
        return options;
    }
    void open() {
        store_.reset();
        auto opened = LmdbStore::open(options());
        ASSERT_TRUE(opened.has_value()) << opened.error().message;
        store_ = std::move(*opened);
    }
    void apply(WriteBatch& batch) {
        const auto done = store_->apply(batch);
        ASSERT_TRUE(done.has_value()) << done.error().message;
        store_->check();
        batch.clear();
    }
    std::size_t entries(PartitionId group, LogIndex from, LogIndex to) const {
        return store_->read_log({group, from, to, std::size_t{64} << 20})->entries.size();
    }
    FetchedRow row(const std::string& key) const { return *store_->read_row({Table::Entity, key}); }

    TempDir dir_;
    std::uint64_t map_bytes_ = std::uint64_t{256} << 20;
    std::unique_ptr<LmdbStore> store_;
    WriteBatch batch_;
};

TEST_F(LmdbStoreTest, KeepsEntriesOfEverySizeThroughAReopen) {
    LogWriter log(PartitionId{9});
    Random random(1);
    const std::size_t sizes[] = {0, 1, 1800, 1888, 1889, 1900, 1952, 5000, 300000, 2000000};
    for (const std::size_t size : sizes) log.append(batch_, Term{2}, random_bytes(random, size));
    apply(batch_);
    for (int pass = 0; pass < 2; ++pass) {
        const auto fetched = store_->read_log({log.group(), LogIndex{1}, log.last(), 64U << 20});
        ASSERT_EQ(fetched->entries.size(), std::size(sizes));
        for (std::uint64_t i = 1; i <= log.last().value; ++i)
            EXPECT_EQ(fetched->entries[i - 1], log.entry(LogIndex{i}));
        const RecoveredGroup group = store_->recover().at(0);
        EXPECT_EQ(group.log.size(), std::size(sizes));
        for (const RecoveredEntry& entry : group.log) EXPECT_TRUE(entry.intact);
        open();
    }
}

// Docs/findings.md 8: a replica takes what it is given for its whole log, and overwrites the rest.
TEST_F(LmdbStoreTest, RecoversTheWholeLogOfEveryGroupHoweverLong) {
    LogWriter small(PartitionId{1}), large(PartitionId{2}), last(PartitionId{3});
    for (int i = 0; i < 6000; ++i) small.append(batch_, Term{1}, std::string(1000, 's'));
    for (int i = 0; i < 5; ++i) large.append(batch_, Term{1}, std::string(1U << 20, 'l'));
    for (int i = 0; i < 3; ++i) last.append(batch_, Term{1}, "e");
    apply(batch_);
    for (int pass = 0; pass < 2; ++pass) {
        const auto recovered = store_->recover();
        ASSERT_EQ(recovered.size(), 3U);
        EXPECT_EQ(recovered[0].log.size(), 6000U);
        EXPECT_EQ(recovered[1].log.size(), 5U);
        EXPECT_EQ(recovered[2].log.size(), 3U);
        for (const RecoveredGroup& group : recovered)
            for (const RecoveredEntry& entry : group.log) ASSERT_TRUE(entry.intact);
        open();
    }
}

TEST_F(LmdbStoreTest, StopsTheProcessWhenAReadNamesNoBound) {
    EXPECT_DEATH((void)store_->read_log({PartitionId{1}, LogIndex{1}, LogIndex{9}}),
                 "without a bound");
    EXPECT_DEATH((void)store_->scan({Table::Entity, "a", ""}), "without a bound");
}

// What is written below a prefix whose rows are still being erased would go with a later slice: a
// snapshot was installed without its rows so (docs/findings.md).
TEST_F(LmdbStoreTest, StopsTheProcessWhenARowIsWrittenBelowAnErasedPrefix) {
    for (int i = 0; i < 600; ++i) batch_.put_row(Table::Entity, "s1/" + std::to_string(i), "old");
    apply(batch_);
    batch_.erase_prefix(Table::Entity, "s1/");
    batch_.put_row(Table::Journal, "s1/a", "another table");
    batch_.put_row(Table::Entity, "s2/a", "another prefix");
    WriteBatch same = batch_;
    same.put_row(Table::Entity, "s1/a", "new");
    EXPECT_DEATH((void)store_->apply(same), "below an erased prefix");
    apply(batch_);
    batch_.put_row(Table::Entity, "s1/a", "new");
    EXPECT_DEATH((void)store_->apply(batch_), "below an erased prefix");
    EXPECT_EQ(row("s2/a").state, FetchedRow::State::Found);
}

TEST_F(LmdbStoreTest, KeepsRowsOfEverySizeAndDropsSurplusChunksWhenTheyShrink) {
    Random random(2);
    const std::size_t sizes[] = {0, 1, 1960, 1976, 1977, 2000, 4000, 70000, 4U << 20, 3, 5000, 0};
    const std::string key(kRowKeyBytesMax, 'k');
    for (const std::size_t size : sizes) {
        const std::string value = random_bytes(random, size);
        batch_.put_row(Table::Entity, key, value);
        apply(batch_);
        ASSERT_EQ(row(key).state, FetchedRow::State::Found) << size;
        EXPECT_EQ(row(key).value.view(), value);
        open();
        EXPECT_EQ(row(key).value.view(), value);
    }
    EXPECT_LT(store_->stats().file_bytes, 64U << 10);
}

TEST_F(LmdbStoreTest, ScansInKeyOrderWithoutTheChunksOfShorterKeys) {
    const std::string zeros = std::string("a") + std::string(2, '\0');
    batch_.put_row(Table::Entity, "a", std::string(10000, 'x'));
    batch_.put_row(Table::Entity, zeros, "zeros");
    batch_.put_row(Table::Entity, std::string("a\0\1", 3), "one");
    batch_.put_row(Table::Entity, "ab", "ab");
    apply(batch_);
    const auto all = store_->scan({Table::Entity, "a", "", 1 << 20, 100});
    ASSERT_EQ(all->rows.size(), 4U);
    EXPECT_EQ(all->rows[0].value.size(), 10000U);
    EXPECT_EQ(all->rows[1].key, zeros);
    EXPECT_TRUE(all->last);
    const auto below = store_->scan({Table::Entity, std::string("a\0", 2), "", 1 << 20, 100});
    EXPECT_EQ(below->rows.size(), 2U);
    const auto after = store_->scan({Table::Entity, "a", zeros, 1 << 20, 1});
    ASSERT_EQ(after->rows.size(), 1U);
    EXPECT_EQ(after->rows[0].value.view(), "one");
    EXPECT_FALSE(after->last);
}

TEST_F(LmdbStoreTest, ErasesAPrefixInSlicesAcrossReopens) {
    for (int i = 0; i < 1000; ++i) batch_.put_row(Table::Entity, "s1/" + std::to_string(i), "v");
    batch_.put_row(Table::Entity, "s", "shorter");
    batch_.put_row(Table::Entity, "s2", "longer");
    apply(batch_);
    const auto left = [&] {
        return store_->scan({Table::Entity, "s1/", "", 1 << 20, 2000})->rows.size();
    };
    batch_.erase_prefix(Table::Entity, "s1/");
    apply(batch_);
    std::size_t before = left();
    EXPECT_GE(before, 1000U - 256U);
    for (int i = 0; i < 3; ++i) {
        open();
        apply(batch_);
        EXPECT_LE(before - left(), 256U);
        EXPECT_LT(left(), before);
        before = left();
    }
    EXPECT_EQ(left(), 0U);
    // The removal is over: it does not begin again after a reopen.
    open();
    batch_.put_row(Table::Entity, "s1/late", "v");
    apply(batch_);
    EXPECT_EQ(left(), 1U);
    EXPECT_EQ(row("s").value.view(), "shorter");
    EXPECT_EQ(row("s2").value.view(), "longer");
}

// The chunk number of the row "a" begins with the zero that ends the prefix.
TEST_F(LmdbStoreTest, ErasingAPrefixSparesTheChunksOfAShorterKey) {
    batch_.put_row(Table::Entity, "a", std::string(10000, 'x'));
    batch_.put_row(Table::Entity, std::string("a\0b", 3), "below");
    apply(batch_);
    batch_.erase_prefix(Table::Entity, std::string("a\0", 2));
    apply(batch_);
    EXPECT_EQ(row("a").value.size(), 10000U);
    EXPECT_EQ(row(std::string("a\0b", 3)).state, FetchedRow::State::Missing);
}

TEST_F(LmdbStoreTest, TrimsWhatIsCompacted) {
    LogWriter log(PartitionId{1});
    std::uint64_t bytes_max = 0;
    for (int round = 0; round < 400; ++round) {
        for (int i = 0; i < 16; ++i) log.append(batch_, Term{1}, std::string(200, 'p'));
        if (round % 10 == 9) log.move_base(batch_, log.last());
        apply(batch_);
        bytes_max = std::max(bytes_max, store_->stats().file_bytes);
    }
    EXPECT_LT(bytes_max, 1U << 20);
    EXPECT_EQ(store_->stats().log_bytes, 0U);
}

// A group that is idle must not keep the records of busy ones from being trimmed.
TEST_F(LmdbStoreTest, MovesALiveRecordThatPinsTheOldEnd) {
    LogWriter idle(PartitionId{1});
    LogWriter busy(PartitionId{2});
    for (int i = 0; i < 20; ++i) idle.append(batch_, Term{1}, std::string(5000, 'i'));
    idle.truncate(batch_, LogIndex{16});
    apply(batch_);
    for (int round = 0; round < 300; ++round) {
        for (int i = 0; i < 10; ++i) busy.append(batch_, Term{1}, std::string(100, 'b'));
        busy.move_base(batch_, busy.last());
        apply(batch_);
        ASSERT_LT(store_->stats().file_bytes, 600U << 10) << round;
    }
    EXPECT_EQ(store_->stats().oldest, PartitionId{1});
    for (int pass = 0; pass < 2; ++pass) {
        EXPECT_EQ(entries(PartitionId{1}, LogIndex{1}, LogIndex{99}), 15U);
        const auto recovered = store_->recover();
        ASSERT_EQ(recovered.at(0).log.size(), 15U);
        for (const RecoveredEntry& entry : recovered.at(0).log) EXPECT_TRUE(entry.intact);
        open();
    }
}

// A repaired record has a higher LSN than its successors.
TEST_F(LmdbStoreTest, ARepairedRecordKeepsItsPlaceAfterAReopen) {
    LogWriter log(PartitionId{4});
    for (int i = 0; i < 6; ++i) log.append(batch_, Term{1}, "entry");
    apply(batch_);
    log.repair(batch_, LogIndex{2});
    log.truncate(batch_, LogIndex{5});
    log.append(batch_, Term{2}, "other");
    apply(batch_);
    open();
    const auto recovered = store_->recover();
    ASSERT_EQ(recovered.at(0).log.size(), 5U);
    EXPECT_EQ(recovered[0].log[4].header.term, Term{2});
    for (const RecoveredEntry& entry : recovered[0].log) EXPECT_TRUE(entry.intact);
}

TEST_F(LmdbStoreTest, ARemovedGroupLeavesNothingAndMayBeginAnew) {
    LogWriter log(PartitionId{4});
    for (int i = 0; i < 6; ++i) log.append(batch_, Term{1}, "entry");
    batch_.hard_state(log.group(), {Term{3}, {}});
    log.move_base(batch_, LogIndex{2});
    apply(batch_);
    log.remove(batch_);
    apply(batch_);
    open();
    EXPECT_TRUE(store_->recover().empty());
    log.append(batch_, Term{7}, "anew");
    apply(batch_);
    open();
    ASSERT_EQ(store_->recover().size(), 1U);
    EXPECT_EQ(store_->recover()[0].log.size(), 1U);
    EXPECT_EQ(store_->recover()[0].hard, HardState{});
}

TEST_F(LmdbStoreTest, AFullMapRefusesTheBatchAndKeepsEverythingBefore) {
    map_bytes_ = 1 << 20;
    store_.reset();
    const TempDir fresh;
    LmdbStoreOptions small = options();
    small.directory = fresh.path();
    auto opened = LmdbStore::open(small);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    LogWriter log(PartitionId{1});
    std::string before;
    Result<StoreStats> done;
    do {
        before = picture(**opened);
        batch_.clear();
        log.append(batch_, Term{1}, std::string(20000, 'x'));
        done = (*opened)->apply(batch_);
    } while (done && log.last().value < 1000);
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error().number, 5003);
    EXPECT_EQ(done.error().code, ErrorCode::StorageFailed);
    EXPECT_EQ(picture(**opened), before);
    // Room can be made: the same batch then goes through.
    WriteBatch compacting;
    LogBase base;
    base.index = LogIndex{log.last().value - 1};
    base.term = Term{1};
    compacting.move_base(PartitionId{1}, base);
    ASSERT_TRUE((*opened)->apply(compacting).has_value());
    ASSERT_TRUE((*opened)->apply(WriteBatch{}).has_value());
    EXPECT_TRUE((*opened)->apply(batch_).has_value());
    opened->reset();
    EXPECT_TRUE(LmdbStore::open(small).has_value());
}

// Read-only before the disk is full, so that what makes room can still be written.
TEST_F(LmdbStoreTest, SaysThatRoomIsScarceBeforeItIsUsedUp) {
    const TempDir fresh;
    LmdbStoreOptions small = options();
    small.directory = fresh.path();
    small.map_bytes = 4 << 20;
    auto opened = LmdbStore::open(small);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    std::uint64_t rows = 0;
    StoreStats stats;
    while (!stats.scarce) {
        batch_.clear();
        batch_.put_row(Table::Entity, "row" + std::to_string(rows++), std::string(20000, 'x'));
        const auto done = (*opened)->apply(batch_);
        ASSERT_TRUE(done.has_value()) << done.error().message;
        stats = *done;
    }
    EXPECT_GT(stats.file_bytes, small.map_bytes / 10 * 8);
    EXPECT_TRUE((*opened)->apply(WriteBatch{})->scarce);
    opened->reset();
    opened = LmdbStore::open(small);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    EXPECT_TRUE((*opened)->stats().scarce);
    // A little room is not enough: the node would go to and fro.
    batch_.clear();
    batch_.erase_row(Table::Entity, "row0");
    EXPECT_TRUE((*opened)->apply(batch_)->scarce);
    batch_.clear();
    for (std::uint64_t i = 1; i < rows / 3; ++i)
        batch_.erase_row(Table::Entity, "row" + std::to_string(i));
    const auto roomy = (*opened)->apply(batch_);
    ASSERT_TRUE(roomy.has_value()) << roomy.error().message;
    EXPECT_FALSE(roomy->scarce);
}

TEST_F(LmdbStoreTest, KeepsAReserveOfTheFileSystemFree) {
    LmdbStoreOptions greedy = options();
    greedy.reserve_bytes = std::uint64_t{1} << 62;  // more than there is
    store_.reset();
    auto opened = LmdbStore::open(greedy);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    EXPECT_TRUE((*opened)->stats().scarce);
    const auto done = (*opened)->apply(WriteBatch{});
    ASSERT_TRUE(done.has_value()) << done.error().message;
    EXPECT_TRUE(done->scarce);
}

// The reader thread's fetches against the journal thread's moves and trims.
TEST_F(LmdbStoreTest, ReadsDuringWritesFindEveryLiveRecordSound) {
    LogWriter idle(PartitionId{1});
    for (int i = 0; i < 15; ++i) idle.append(batch_, Term{1}, std::string(3000, 'i'));
    batch_.put_row(Table::Entity, "row", std::string(5000, 'a'));
    apply(batch_);
    std::atomic<bool> done{false};
    std::thread reader([&] {
        while (!done) {
            const auto fetched =
                store_->read_log({PartitionId{1}, LogIndex{1}, LogIndex{15}, 1 << 20});
            ASSERT_TRUE(fetched.has_value());
            ASSERT_EQ(fetched->damaged, std::nullopt);
            ASSERT_EQ(fetched->entries.size(), 15U);
            const FetchedRow found = row("row");
            ASSERT_EQ(found.state, FetchedRow::State::Found);
            ASSERT_EQ(found.value.view().find_first_not_of(found.value.view()[0]),
                      std::string_view::npos);
            ASSERT_GT(store_->stats().durable, Lsn{0});
        }
    });
    LogWriter busy(PartitionId{2});
    for (int round = 0; round < 400; ++round) {
        for (int i = 0; i < 10; ++i) busy.append(batch_, Term{1}, std::string(200, 'b'));
        busy.move_base(batch_, busy.last());
        batch_.put_row(Table::Entity, "row",
                       std::string(4000 + static_cast<std::size_t>(round % 3) * 2000,
                                   static_cast<char>('a' + round % 26)));
        apply(batch_);
    }
    done = true;
    reader.join();
}

TEST_F(LmdbStoreTest, ReadsWhatIsMissingAsMissing) {
    LogWriter log(PartitionId{1});
    for (int i = 0; i < 4; ++i) log.append(batch_, Term{1}, "entry");
    log.move_base(batch_, LogIndex{2});
    apply(batch_);
    EXPECT_EQ(store_->read_log({PartitionId{1}, LogIndex{2}, LogIndex{4}, 100})->missing,
              LogIndex{2});
    EXPECT_EQ(store_->read_log({PartitionId{1}, LogIndex{3}, LogIndex{9}, 9999})->missing,
              LogIndex{5});
    EXPECT_EQ(store_->read_log({PartitionId{5}, LogIndex{1}, LogIndex{1}, 100})->missing,
              LogIndex{1});
    EXPECT_EQ(row("nothing").state, FetchedRow::State::Missing);
}

}  // namespace
}  // namespace weft::storage::test
