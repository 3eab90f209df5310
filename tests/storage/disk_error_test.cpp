// Disks that refuse, fail and stall, call by call.

#include "io_shim.h"
#include "storage/data_directory.h"
#include "storage/memory_store.h"
#include "support.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <thread>

namespace weft::storage::test {
namespace {

class DiskErrorTest : public testing::Test {
protected:
    void open() {
        data_.reset();
        auto opened = DataDirectory::open(directory_options(dir_.path()));
        ASSERT_TRUE(opened.has_value()) << opened.error().message;
        data_ = std::move(*opened);
    }
    WriteBatch some(int round) {
        WriteBatch batch;
        for (int i = 0; i < 8; ++i) log_.append(batch, Term{1}, std::string(700, 'e'));
        batch.put_row(Table::Entity, "row" + std::to_string(round), std::string(9000, 'r'));
        return batch;
    }
    // Runs one round whose `nth` call of that kind fails; nothing when it has fewer calls.
    std::optional<Result<StoreStats>> fail_nth(const WriteBatch& batch, IoCall kind, int nth,
                                               int error) {
        IoShim shim(dir_.file("data.mdb"));
        int seen = 0;
        shim.answer = [&](IoCall call) { return call == kind && ++seen == nth ? error : 0; };
        auto done = data_->store().apply(batch);
        data_->check();
        if (seen < nth) return std::nullopt;
        return done;
    }

    TempDir dir_;
    LogWriter log_{PartitionId{2}};
    std::unique_ptr<DataDirectory> data_;
};

// Every write and every sync of a round in turn: after an I/O error nothing is acknowledged, the
// store says no to everything, and a reopen finds the rounds before (or the failed one as well).
TEST_F(DiskErrorTest, AnIoErrorOnAnyCallEndsTheStoreAndLosesNothing) {
    MemoryStore memory;
    for (const IoCall kind : {IoCall::Write, IoCall::Sync}) {
        int nth = 1;
        for (;; ++nth) {
            open();
            const LogWriter kept = log_;
            const WriteBatch batch = some(nth);
            const auto failed = fail_nth(batch, kind, nth, EIO);
            if (!failed) {  // it has fewer calls: it went through
                ASSERT_TRUE(memory.apply(batch).has_value());
                break;
            }
            ASSERT_FALSE(failed->has_value());
            EXPECT_EQ(failed->error().number, 5004) << failed->error().message;
            EXPECT_EQ(failed->error().code, ErrorCode::StorageFailed);
            const auto again = data_->store().apply(WriteBatch{});
            ASSERT_FALSE(again.has_value());
            EXPECT_EQ(again.error().number, 5004);
            open();
            const std::string found = picture(data_->store());
            if (found == picture(memory)) {
                log_ = kept;
                continue;
            }
            ASSERT_TRUE(memory.apply(batch).has_value());
            EXPECT_EQ(found, picture(memory));
        }
        EXPECT_GT(nth, 1);
    }
}

// No room: nothing is written, and the same batch goes through as soon as there is.
TEST_F(DiskErrorTest, AFullDiskOnAnyWriteRefusesTheBatchUntilThereIsRoom) {
    open();
    int refused = 0;
    for (int nth = 1;; ++nth) {
        const std::string before = picture(data_->store());
        const WriteBatch batch = some(nth);
        const auto failed = fail_nth(batch, IoCall::Write, nth, ENOSPC);
        if (!failed) break;
        ASSERT_FALSE(failed->has_value());
        if (failed->error().number == 5004) {
            // LMDB's own last page: the state of the file is not known until it is reopened.
            open();
            const bool whole = data_->store().recover().at(0).log.size() == log_.last().value;
            if (!whole) {
                ASSERT_TRUE(data_->store().apply(batch).has_value());
            }
            continue;
        }
        ++refused;
        EXPECT_EQ(failed->error().number, 5003) << failed->error().message;
        EXPECT_EQ(picture(data_->store()), before);
        const auto again = data_->store().apply(batch);
        ASSERT_TRUE(again.has_value()) << again.error().message;
        EXPECT_EQ(data_->store().recover().at(0).log.size(), log_.last().value);
    }
    EXPECT_GT(refused, 0);
    const std::string after = picture(data_->store());
    open();
    EXPECT_EQ(picture(data_->store()), after);
}

// The identity's sync counts like any other: the counter it shows may not be on the disk.
TEST_F(DiskErrorTest, AFailedSyncOfTheIdentityRefusesTheNextStart) {
    open();
    ASSERT_TRUE(data_->begin_boot().has_value());
    {
        IoShim shim(dir_.file("identity.new"));
        shim.answer = [](IoCall call) { return call == IoCall::Sync ? EIO : 0; };
        const auto begun = data_->begin_boot();
        ASSERT_FALSE(begun.has_value());
        EXPECT_EQ(begun.error().number, 5004);
    }
    data_.reset();
    const auto again = DataDirectory::open(directory_options(dir_.path()));
    ASSERT_FALSE(again.has_value());
    EXPECT_EQ(again.error().number, 5004);
    std::filesystem::remove(dir_.file("sync-failed"));
    open();
    EXPECT_EQ(data_->begin_boot(), Boot{2});
}

// A full disk that shows only at the sync: the pages it lost are those of the refused round, which
// the next one writes again before anything refers to them.
TEST_F(DiskErrorTest, AFullDiskAtTheSyncLosesNothing) {
    open();
    ASSERT_TRUE(data_->store().apply(some(1)).has_value());
    const std::string before = picture(data_->store());
    const WriteBatch batch = some(2);
    const auto failed = fail_nth(batch, IoCall::Sync, 1, ENOSPC);
    ASSERT_TRUE(failed.has_value());
    ASSERT_FALSE(failed->has_value());
    EXPECT_EQ(failed->error().number, 5003) << failed->error().message;
    EXPECT_EQ(picture(data_->store()), before);
    ASSERT_TRUE(data_->store().apply(batch).has_value());
    const std::string after = picture(data_->store());
    open();
    EXPECT_EQ(picture(data_->store()), after);
    EXPECT_EQ(data_->store().recover().at(0).log.size(), 16U);
}

// A stall is only slow: reads go on meanwhile and see the state before the round.
TEST_F(DiskErrorTest, AStalledSyncDelaysTheRoundAndNotTheReads) {
    open();
    ASSERT_TRUE(data_->store().apply(some(1)).has_value());
    const std::string before = picture(data_->store());
    const WriteBatch batch = some(2);
    IoShim shim(dir_.file("data.mdb"));
    std::atomic<bool> stalled{false};
    std::atomic<bool> go_on{false};
    shim.answer = [&](IoCall call) {
        if (call == IoCall::Sync) {
            stalled = true;
            stalled.notify_all();
            go_on.wait(false);
        }
        return 0;
    };
    std::thread writer([&] { EXPECT_TRUE(data_->store().apply(batch).has_value()); });
    stalled.wait(false);
    const auto stats = data_->store().stats();
    const auto fetched =
        data_->store().read_log({PartitionId{2}, LogIndex{1}, LogIndex{8}, 1 << 20});
    EXPECT_EQ(fetched->entries.size(), 8U);
    EXPECT_EQ(data_->store().read_log({PartitionId{2}, LogIndex{9}, LogIndex{9}, 1})->missing,
              LogIndex{9});
    EXPECT_EQ(data_->store().read_row({Table::Entity, "row2"})->state, FetchedRow::State::Missing);
    EXPECT_EQ(stats.durable, data_->store().stats().durable);
    go_on = true;
    go_on.notify_all();
    writer.join();
    EXPECT_NE(picture(data_->store()), before);
    EXPECT_EQ(data_->store().recover().at(0).log.size(), 16U);
}

}  // namespace
}  // namespace weft::storage::test
