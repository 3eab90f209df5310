// The two stores against each other: whatever valid batches come and however often the process
// ends, both answer the same.

#include "storage/lmdb_store.h"
#include "storage/memory_store.h"
#include "support.h"

#include <gtest/gtest.h>

#include <optional>

namespace weft::storage::test {
namespace {

LmdbStoreOptions small_store(const TempDir& dir) {
    LmdbStoreOptions options;
    options.directory = dir.path();
    options.map_bytes = std::uint64_t{64} << 20;
    options.preallocate_bytes = 0;
    options.bounds.log_slack_bytes = 4096;
    return options;
}

// Rows below an erased prefix may still be there on disk until their slice comes, and are never
// asked for: empty batches let the removal finish before the stores are compared.
void settle(Store& store) {
    for (int i = 0; i < 12; ++i) ASSERT_TRUE(store.apply(WriteBatch{}).has_value());
}

void run(std::uint64_t seed, int rounds) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const TempDir dir;
    auto opened = LmdbStore::open(small_store(dir));
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    std::unique_ptr<LmdbStore> lmdb = std::move(*opened);
    MemoryStore memory;
    BatchMaker maker(seed, 4);
    std::uint64_t live_peak = 0;
    for (int round = 0; round < rounds; ++round) {
        const WriteBatch batch = maker.next();
        const auto stats = lmdb->apply(batch);
        ASSERT_TRUE(stats.has_value()) << stats.error().message;
        ASSERT_TRUE(memory.apply(batch).has_value());
        live_peak = std::max(live_peak, stats->log_bytes);
        if (maker.random().chance(1, 25)) {
            if (maker.random().chance(1, 2)) {
                lmdb.reset();
                opened = LmdbStore::open(small_store(dir));
                ASSERT_TRUE(opened.has_value()) << opened.error().message;
                lmdb = std::move(*opened);
                EXPECT_EQ(lmdb->stats().durable, stats->durable);
                EXPECT_EQ(lmdb->stats().log_bytes, stats->log_bytes);
            }
            settle(*lmdb);
            ASSERT_EQ(picture(*lmdb), picture(memory)) << "round " << round;
        }
    }
    settle(*lmdb);
    EXPECT_EQ(picture(*lmdb), picture(memory));
}

TEST(StoreModel, LmdbAndMemoryAnswerTheSameThroughReopens) {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        run(seed, 150);
        if (HasFailure()) return;
    }
}

TEST(StoreModel, ACopyOfTheMemoryStoreIsAnImageOfItsOwn) {
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
