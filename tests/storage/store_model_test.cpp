// The two stores against each other: whatever valid batches come, however often the process ends
// and whatever the bounds inside are, both answer the same.

#include "storage/data_check.h"
#include "storage/data_directory.h"
#include "storage/log_record.h"
#include "storage/memory_store.h"
#include "support.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>

namespace weft::storage::test {
namespace {

constexpr std::uint64_t kMapBytes = std::uint64_t{1} << 30;

// Of two long texts.
std::string first_difference(std::string_view ours, std::string_view model) {
    const auto at = std::ranges::mismatch(ours, model).in1 - ours.begin();
    const std::size_t from = ours.rfind('\n', static_cast<std::size_t>(at)) + 1;
    return fmt::format("{} bytes and {} in the model, from byte {}: '{}', in the model '{}'",
                       ours.size(), model.size(), from,
                       ours.substr(std::min(from, ours.size()), 200),
                       model.substr(std::min(from, model.size()), 200));
}

class StoreModel : public ::testing::Test {
protected:
    void begin(const LmdbStoreBounds& bounds) {
        lmdb_.reset();
        folder_.emplace();
        bounds_ = bounds;
        memory_ = MemoryStore({kMapBytes, false});
        durable_ = {};
        log_bytes_ = 0;
        reopen();
    }
    void reopen() {
        lmdb_.reset();
        DataDirectoryOptions options = directory_options(folder_->file("data"));
        options.map_bytes = kMapBytes;
        options.bounds = bounds_;
        auto opened = DataDirectory::open(options);
        ASSERT_TRUE(opened.has_value()) << opened.error().message;
        lmdb_ = std::move(*opened);
        EXPECT_EQ(store().stats().durable, durable_) << "after a reopen";
        EXPECT_EQ(store().stats().log_bytes, log_bytes_) << "after a reopen";
    }
    // One round, as the journal thread makes it of all that waits.
    void apply(const WriteBatch& batch) {
        const auto stats = store().apply(batch);
        ASSERT_TRUE(stats.has_value()) << stats.error().message;
        lmdb_->check();
        ASSERT_TRUE(memory_.apply(batch).has_value());
        EXPECT_GE(stats->durable, durable_);
        EXPECT_EQ(stats->map_bytes, memory_.stats().map_bytes);
        durable_ = stats->durable;
        log_bytes_ = stats->log_bytes;
    }
    void expect_same(const ReadBounds& reads, const std::string& prefix) {
        const std::string ours = picture(store(), reads, prefix);
        const std::string model = picture(memory_, reads, prefix);
        ASSERT_TRUE(ours == model) << first_difference(ours, model);
        expect_same_log_bytes();
    }
    // With everything below `erased` gone.
    void expect_same_when_settled(const ReadBounds& reads, const std::vector<std::string>& erased) {
        finish_erasing(store(), erased);
        trim();
        expect_same(reads, "");
    }
    // The file by itself, read by the checker.
    void expect_sound() {
        lmdb_.reset();
        const auto report = check_data(folder_->file("data"), {}, bounds_);
        ASSERT_TRUE(report.has_value()) << report.error().message;
        EXPECT_TRUE(report->sound()) << report->damaged.front();
        std::uint64_t entries = 0;
        for (const RecoveredGroup& group : memory_.recover()) entries += group.log.size();
        EXPECT_EQ(report->entries, entries);
        for (const Table table : {Table::Entity, Table::Journal, Table::Session, Table::Meta})
            EXPECT_EQ(report->rows[static_cast<std::size_t>(table) - 1],
                      memory_.row_keys(table).size());
        reopen();
    }

    Store& store() { return lmdb_->store(); }

    MemoryStore memory_;
    std::unique_ptr<DataDirectory> lmdb_;

private:
    // Empty rounds until the log's old end is a record that lives, or the log is empty.
    void trim() {
        constexpr int kRoundsMax = 1'000'000;
        for (int round = 0; round < kRoundsMax; ++round) {
            const auto stats = store().apply(WriteBatch{});
            ASSERT_TRUE(stats.has_value()) << stats.error().message;
            lmdb_->check();
            durable_ = stats->durable;
            if (stats->oldest.has_value() == memory_.stats().oldest.has_value()) return;
        }
        FAIL() << "the log is not trimmed";
    }
    // Both count the records that live: one their entries, the other their chunks' headers too.
    void expect_same_log_bytes() {
        std::uint64_t entries = 0, chunks = 0;
        bool oldest_lives = !store().stats().oldest.has_value();
        for (const RecoveredGroup& group : memory_.recover()) {
            oldest_lives =
                oldest_lives || (group.group == store().stats().oldest && !group.log.empty());
            for (LogIndex at = next(group.base.index);
                 at.value <= group.base.index.value + group.log.size(); at = next(at)) {
                const auto entry = memory_.read_log({group.group, at, at, 1});
                entries += entry->entries.front().size();
                chunks += log_chunks(entry->entries.front().size());
            }
        }
        EXPECT_EQ(memory_.stats().log_bytes, entries);
        EXPECT_EQ(store().stats().log_bytes, entries + chunks * kLogHeaderBytes);
        EXPECT_TRUE(oldest_lives) << "the oldest group has no entries";
    }

    std::optional<TempDir> folder_;
    LmdbStoreBounds bounds_;
    Lsn durable_;
    std::uint64_t log_bytes_ = 0;
};

TEST_F(StoreModel, LmdbAndMemoryAnswerTheSameWithEveryBoundThroughReopens) {
    for (std::uint64_t seed = 1; seed <= scaled(600); ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        BatchMaker maker(seed, 4);
        Random& random = maker.random();
        ASSERT_NO_FATAL_FAILURE(begin(drawn_bounds(random)));
        for (int round = 0; round < 150; ++round) {
            SCOPED_TRACE(testing::Message() << "round " << round);
            WriteBatch merged = maker.next();
            while (random.chance(1, 2)) merged.merge(maker.next());
            ASSERT_NO_FATAL_FAILURE(apply(merged));
            if (random.chance(1, 25)) reopen();
            // Erased prefixes are on their way out: what is beside them is whole at any moment.
            if (random.chance(1, 25)) expect_same(drawn_read_bounds(random), maker.prefix());
            if (random.chance(1, 60))
                expect_same_when_settled(drawn_read_bounds(random), maker.erased());
            if (HasFailure()) return;
        }
        expect_same_when_settled(drawn_read_bounds(random), maker.erased());
        expect_sound();
        if (HasFailure()) return;
    }
}

// A read that a bound ended says nothing about what it has not looked at.
TEST_F(StoreModel, AReadThatABoundEndedCallsNothingMissing) {
    ASSERT_NO_FATAL_FAILURE(begin({}));
    LogWriter log(PartitionId{5});
    WriteBatch batch;
    for (const std::size_t size : {0U, 1700U, 1U, 5000U, 300U})
        log.append(batch, Term{1}, std::string(size, 'e'));
    ASSERT_NO_FATAL_FAILURE(apply(batch));
    std::size_t total = 0;
    for (std::uint64_t i = 1; i <= log.last().value; ++i) total += log.entry(LogIndex{i}).size();
    for (std::size_t bytes = 1; bytes <= total + 1; ++bytes)
        for (std::uint64_t to = 1; to <= log.last().value + 1; ++to)
            for (const Store* asked :
                 {static_cast<const Store*>(&store()), static_cast<const Store*>(&memory_)}) {
                const auto found = asked->read_log({log.group(), LogIndex{1}, LogIndex{to}, bytes});
                std::size_t got = 0, before_last = 0;
                for (const Bytes& entry : found->entries) {
                    before_last = got;
                    got += entry.size();
                }
                ASSERT_FALSE(found->damaged.has_value());
                ASSERT_LT(before_last, bytes) << "one entry more than the bound";
                const bool ended = got >= bytes || found->entries.size() == to;
                ASSERT_TRUE(ended || found->entries.size() == log.last().value);
                ASSERT_EQ(found->missing.has_value(), !ended) << bytes << " bytes up to " << to;
            }
}

// ---- several times beyond the defaults ----------------------------------------------------------

class StoreModelAtSize : public StoreModel {
protected:
    static constexpr std::size_t kMiB = std::size_t{1} << 20;

    // More log than any read at once, from entries of many sizes up to the greatest value.
    void fill_log(Random& random, std::size_t bytes) {
        std::size_t written = 0;
        while (written < bytes) {
            WriteBatch merged;
            for (int batches = 0; batches < 3; ++batches) {
                WriteBatch batch;
                const std::size_t size = random.chance(1, 4) ? kMiB : random.below(20'000);
                log_.append(batch, Term{1}, random_bytes(random, size));
                written += size;
                merged.merge(batch);
            }
            ASSERT_NO_FATAL_FAILURE(apply(merged));
        }
    }
    void fill_rows(Random& random, std::size_t rows) {
        for (std::size_t row = 0; row < rows;) {
            WriteBatch batch;
            for (int i = 0; i < 2000 && row < rows; ++i, ++row)
                batch.put_row(Table::Entity, fmt::format("{}{:06}", kRows, row),
                              random_bytes(random, random.below(60)));
            ASSERT_NO_FATAL_FAILURE(apply(batch));
        }
        for (std::size_t i = 0; i < 12; ++i) {
            WriteBatch batch;
            const std::size_t size = random.chance(1, 3) ? kRowValueBytesMax : kMiB;
            batch.put_row(Table::Journal, fmt::format("{}{}", kRows, i),
                          random_bytes(random, size));
            ASSERT_NO_FATAL_FAILURE(apply(batch));
        }
    }
    // Small batches of everything, with restarts between them.
    void go_on(BatchMaker& maker, int rounds) {
        for (int round = 0; round < rounds; ++round) {
            ASSERT_NO_FATAL_FAILURE(apply(maker.next()));
            if (!maker.random().chance(1, 20)) continue;
            ASSERT_NO_FATAL_FAILURE(reopen());
        }
    }
    void apply_one(const std::function<void(WriteBatch&)>& fill) {
        WriteBatch batch;
        fill(batch);
        apply(batch);
    }

    static constexpr const char* kRows = "large/";
    LogWriter log_{PartitionId{1000}};
};

TEST_F(StoreModelAtSize, OfLogAndRowsBothAnswerTheSameThroughReopens) {
    for (std::uint64_t seed = 1; seed <= scaled(5); ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        BatchMaker maker(seed, 3);
        Random& random = maker.random();
        // The first with the defaults.
        ASSERT_NO_FATAL_FAILURE(begin(seed == 1 ? LmdbStoreBounds{} : drawn_bounds(random)));
        log_ = LogWriter(PartitionId{1000});
        ASSERT_NO_FATAL_FAILURE(fill_log(random, scaled(seed == 1 ? 100 * kMiB : 20 * kMiB)));
        ASSERT_NO_FATAL_FAILURE(reopen());
        ASSERT_NO_FATAL_FAILURE(expect_same({kMiB, kMiB, 1024}, ""));
        ASSERT_NO_FATAL_FAILURE(fill_rows(random, scaled(seed == 1 ? 110'000 : 20'000)));
        ASSERT_NO_FATAL_FAILURE(go_on(maker, 60));
        ASSERT_NO_FATAL_FAILURE(expect_same(drawn_read_bounds(random), kRows));

        // The removal of all those rows goes on while others are written; so does the trimming.
        const LogIndex middle{log_.last().value / 2};
        apply_one([&](WriteBatch& batch) {
            for (const Table table : {Table::Entity, Table::Journal})
                batch.erase_prefix(table, kRows);
            log_.move_base(batch, middle);
        });
        ASSERT_NO_FATAL_FAILURE(go_on(maker, 60));
        ASSERT_NO_FATAL_FAILURE(expect_same({kMiB, 5000, 100}, maker.prefix()));
        apply_one([&](WriteBatch& batch) {
            log_.truncate(batch, LogIndex{log_.last().value - log_.last().value / 8});
        });
        ASSERT_NO_FATAL_FAILURE(go_on(maker, 40));
        ASSERT_NO_FATAL_FAILURE(fill_log(random, scaled(4 * kMiB)));
        ASSERT_NO_FATAL_FAILURE(reopen());
        std::vector<std::string> erased = maker.erased();
        erased.emplace_back(kRows);
        ASSERT_NO_FATAL_FAILURE(expect_same_when_settled({kMiB, 5000, 100}, erased));
        ASSERT_NO_FATAL_FAILURE(expect_sound());
        apply_one([&](WriteBatch& batch) { log_.remove(batch); });
        ASSERT_NO_FATAL_FAILURE(go_on(maker, 40));
        ASSERT_NO_FATAL_FAILURE(expect_same_when_settled({1, 1, 1}, maker.erased()));
        if (HasFailure()) return;
    }
}

TEST(StoreModelImage, ACopyOfTheMemoryStoreIsAnImageOfItsOwn) {
    MemoryStore store;
    BatchMaker maker(3, 3);
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(store.apply(maker.next()).has_value());
    const MemoryStore image = store;
    const std::string before = picture(image);
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(store.apply(maker.next()).has_value());
    EXPECT_EQ(picture(image), before);
    EXPECT_NE(picture(store), before);
}

}  // namespace
}  // namespace weft::storage::test
