// A follower that takes snapshots on a disk that is slow: what is being erased is never written to
// again, and a transfer is known from the one before it (S19).

#include "partition_lab.h"
#include "replication/partition/snapshot_format.h"
#include "storage/lmdb_store.h"
#include "tests/support/temp_folder.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>

namespace weft::replication::test {
namespace {

// One follower whose disk is LMDB behind a journal thread that merges what waits.
class SlowDisk : public testing::Test {
protected:
    SlowDisk() {
        types_.add(entity::make_kv());
        storage::RecoveredGroup recovered;
        recovered.group = PartitionLab::kGroup;
        begin(std::move(recovered));
        storage::LmdbStoreOptions store;
        store.directory = folder_.path();
        store.map_bytes = std::uint64_t{64} << 20;
        store.preallocate_bytes = 0;
        auto opened = storage::LmdbStore::open(store);
        EXPECT_TRUE(opened.has_value());
        disk_ = std::move(*opened);
        step(Tick{});
    }
    void begin(storage::RecoveredGroup recovered) {
        PartitionOptions options;
        options.replica.group = PartitionLab::kGroup;
        options.replica.self = PartitionLab::node(0);
        options.replica.config =
            Config::of({PartitionLab::node(0), PartitionLab::node(1), PartitionLab::node(2)});
        partition_ = std::make_unique<Partition>(std::move(options), std::move(recovered), types_,
                                                 Random(1), weft::Log());
    }
    void step(PartitionEvent event) {
        Effects out;
        partition_->step(now_, std::move(event), out);
        for (Effect& effect : out.list) {
            if (const auto* persist = std::get_if<Persist>(&effect)) number_ = persist->seq;
            if (auto* fetch = std::get_if<Fetch>(&effect)) fetches_.push_back(std::move(*fetch));
            const auto* send = std::get_if<Send>(&effect);
            if (send == nullptr) continue;
            if (const auto* told = std::get_if<SnapshotAnswer>(&send->message)) answer_ = *told;
        }
        waiting_.merge(out.batch);
    }
    void sync() {
        ASSERT_TRUE(disk_->apply(waiting_).has_value());
        waiting_.clear();
        step(Persisted{number_});
    }
    // The reader sees what is on the disk, and does not wait for what is on its way.
    void read() {
        while (!fetches_.empty()) {
            const Fetch fetch = std::move(fetches_.front());
            fetches_.pop_front();
            Fetched event;
            event.id = fetch.id;
            if (const auto* row = std::get_if<storage::RowRead>(&fetch.what))
                event.result = disk_->read_row(*row);
            if (const auto* scan = std::get_if<storage::RowScan>(&fetch.what))
                event.result = disk_->scan(*scan);
            step(std::move(event));
        }
    }
    void chunk(LogIndex at, std::uint32_t sequence, bool last, std::size_t rows) {
        step(Beat{PartitionLab::node(1), term_, at});  // a leader names what it sends committed
        SnapshotChunk chunk;
        chunk.group = PartitionLab::kGroup;
        chunk.term = term_;
        chunk.at = {Term{4}, at};
        chunk.sequence = sequence;
        chunk.last = last;
        chunk.transfer = transfer_;
        storage::LogBase base;
        base.index = at;
        base.term = Term{4};
        base.stamp_ms = 1;
        base.config = config_;
        if (sequence == 0) chunk.base = Bytes::adopt(encode_snapshot_base(base));
        std::string text;
        for (std::size_t i = 0; i < rows; ++i) {
            const std::string key = "row " + std::to_string(1000 + i);
            append_snapshot_row(text,
                                {.table = storage::Table::Entity, .key = key, .value = "value"});
        }
        chunk.rows = Bytes::adopt(std::move(text));
        step(FromPeer{PartitionLab::node(1), std::move(chunk)});
    }
    std::size_t rows_of_the_base() const {
        storage::RowScan scan;
        scan.table = storage::Table::Entity;
        scan.prefix = partition_->row_prefix(storage::Table::Entity);
        scan.bytes_max = std::size_t{1} << 20;
        scan.rows_max = 1000;
        return disk_->scan(scan)->rows.size();
    }

    weft::test::TempFolder folder_;
    entity::TypeTable types_;
    std::unique_ptr<Partition> partition_;
    std::unique_ptr<storage::LmdbStore> disk_;
    storage::WriteBatch waiting_;
    std::deque<Fetch> fetches_;
    PersistSeq number_;
    Term term_{5};
    std::string config_;   // what chunks say of it
    TransferId transfer_;  // and their number
    SnapshotAnswer answer_;
    Now now_{Instant{1'000'000'000}, WallTime{1'000'000}};
};

TEST_F(SlowDisk, DoesNotMakeASnapshotUseTheSlotOfTheOneGivenUp) {
    step(Beat{PartitionLab::node(1), Term{5}, LogIndex{}});
    sync();
    chunk(LogIndex{100}, 0, false, 10);
    read();
    ASSERT_FALSE(waiting_.empty()) << "the rows and the staging row wait for the disk";
    chunk(LogIndex{120}, 0, false, 10);  // the leader begins anew, with a newer base
    read();
    sync();
    chunk(LogIndex{120}, 1, true, 0);
    sync();
    ASSERT_EQ(partition_->replica().base().index, LogIndex{120});
    EXPECT_EQ(rows_of_the_base(), 10U);
}

// Another transfer of the same base has other pages, and its receiver must not wait for those of
// the one before.
TEST_F(SlowDisk, TakesATransferThatBeginsAnewFromItsBeginning) {
    for (const bool same_term : {false, true}) {
        SCOPED_TRACE(same_term);
        const LogIndex at{same_term ? 200U : 100U};
        step(Beat{PartitionLab::node(1), term_, LogIndex{}});
        sync();
        chunk(at, 0, false, 10);
        read();
        sync();
        chunk(at, 1, false, 10);
        sync();
        if (same_term) {
            chunk(at, 0, false, 7);  // a repeat that came late changes nothing
            now_.mono = now_.mono + std::chrono::seconds(10);
        } else {
            term_.value += 1;
            step(Beat{PartitionLab::node(1), term_, LogIndex{}});
            sync();
        }
        chunk(at, 0, false, 7);
        read();
        sync();
        chunk(at, 1, true, 0);
        sync();
        EXPECT_EQ(partition_->replica().base().index, at);
        EXPECT_EQ(rows_of_the_base(), 7U);
    }
}

// So it is when only the first chunk of the one before has come, on the disk or not: its page may
// end elsewhere than that of the new first chunk, and rows between the two would be missing.
TEST_F(SlowDisk, TakesNoFirstPageFromATransferAndTheSecondFromTheNext) {
    LogIndex at{100};
    for (const bool same_term : {false, true}) {
        for (const bool space_known : {false, true}) {
            SCOPED_TRACE(testing::Message() << same_term << " " << space_known);
            step(Beat{PartitionLab::node(1), term_, LogIndex{}});
            sync();
            chunk(at, 0, false, 10);
            if (space_known) {
                read();
                sync();
            }
            if (!same_term) {
                term_.value += 1;
                step(Beat{PartitionLab::node(1), term_, LogIndex{}});
                sync();
            }
            chunk(at, 0, false, 13);
            read();
            sync();
            chunk(at, 1, true, 0);
            sync();
            EXPECT_EQ(partition_->replica().base().index, at);
            EXPECT_EQ(rows_of_the_base(), 13U);
            at.value += 100;
        }
    }
}

// A transfer of the same leader, term and base takes the place of the one before, whose first chunk
// alone has come: neither goes on with the other's pages, however late they come.
TEST_F(SlowDisk, TakesNoPageOfOneTransferForThatOfAnother) {
    const LogIndex at{100};
    step(Beat{PartitionLab::node(1), term_, LogIndex{}});
    sync();
    const auto chunk_of = [&](std::uint64_t transfer, std::uint32_t sequence, std::size_t rows) {
        transfer_ = TransferId{transfer};
        chunk(at, sequence, sequence == 1, rows);
        read();
        sync();
    };
    chunk_of(1, 0, 10);
    EXPECT_EQ(answer_.next, 1U);
    EXPECT_EQ(answer_.transfer, TransferId{1});
    chunk_of(2, 1, 0);
    EXPECT_EQ(answer_.next, 0U) << "from the beginning, please";
    EXPECT_EQ(answer_.transfer, TransferId{2});
    chunk_of(2, 0, 13);
    chunk_of(1, 0, 10);
    chunk_of(1, 1, 0);
    EXPECT_LT(partition_->replica().base().index, at);
    chunk_of(2, 1, 0);
    EXPECT_EQ(partition_->replica().base().index, at);
    EXPECT_EQ(rows_of_the_base(), 13U);
    EXPECT_EQ(answer_.next, kSnapshotWhole);
}

// A base that cannot be understood is no base: its sender has to wait, not to send it again at
// once.
TEST_F(SlowDisk, CallsNoSnapshotWholeThatWasNotInstalled) {
    step(Beat{PartitionLab::node(1), term_, LogIndex{}});
    sync();
    for (const bool senseless : {true, false}) {
        config_ = senseless ? "senseless" : "";
        chunk(LogIndex{100}, 0, true, 10);
        read();
        sync();
        EXPECT_EQ(answer_.refused, senseless);
        EXPECT_EQ(partition_->replica().base().index, LogIndex{senseless ? 0U : 100U});
    }
}

// The last answer may be lost: a damaged vote is no reason to take the whole snapshot again.
TEST_F(SlowDisk, SaysAgainThatASnapshotIsWholeThoughTheVoteIsDamaged) {
    storage::RecoveredGroup recovered;
    recovered.group = PartitionLab::kGroup;
    recovered.hard_damaged = true;
    begin(std::move(recovered));
    step(Beat{PartitionLab::node(1), term_, LogIndex{}});
    for (int i = 0; i < 2; ++i) {
        chunk(LogIndex{100}, 0, true, 10);
        read();
        if (i == 0) sync();
        EXPECT_FALSE(answer_.refused);
        EXPECT_EQ(answer_.next, kSnapshotWhole);
        answer_ = {};
    }
}

}  // namespace
}  // namespace weft::replication::test
