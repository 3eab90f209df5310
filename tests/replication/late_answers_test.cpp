// Reads that are answered late, disks that are slow: an answer belongs to the one question it
// names, and what is being erased is never written to again (S19).

#include "core/error.h"
#include "partition_lab.h"
#include "replication/snapshot_format.h"
#include "storage/lmdb_store.h"
#include "tests/support/temp_folder.h"

#include <gtest/gtest.h>

namespace weft::replication::test {
namespace {

PartitionLab::Options three() {
    PartitionLab::Options options;
    options.count = 3;
    return options;
}

// Calls until a leader has answered with more than a refusal.
Outcome ask(PartitionLab& lab, const Request& request) {
    lab.lowest_open = lab.seq + 1;
    for (int tries = 0; tries < 200; ++tries) {
        const std::size_t leader = lab.lead();
        if (leader == SIZE_MAX) break;
        const Outcome outcome = lab.call(leader, request).outcome;
        if (outcome == Outcome::Done) return outcome;
        lab.run(std::chrono::milliseconds(50));
    }
    return Outcome::Unknown;
}
void put(PartitionLab& lab, std::string id, std::string value) {
    EXPECT_EQ(ask(lab, lab.request("kv", std::move(id), "put", std::move(value))), Outcome::Done);
}
void add(PartitionLab& lab, std::string id) {
    EXPECT_EQ(ask(lab, lab.request("counter", std::move(id), "add", "1")), Outcome::Done);
}
std::size_t rows(PartitionLab& lab, std::size_t i, storage::Table table) {
    storage::RowScan scan;
    scan.table = table;
    scan.prefix = lab.at(i).row_prefix(table);
    scan.bytes_max = std::size_t{64} << 20;
    scan.rows_max = 10000;
    return lab.disk(i).scan(scan)->rows.size();
}
// The others read, answer and talk; `held` answers only what it is told to.
void serve_all_but(PartitionLab& lab, std::size_t held) {
    for (std::size_t i = 0; i < 3; ++i)
        if (i != held) lab.serve(i);
    lab.settle();
}

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
        SnapshotChunk chunk;
        chunk.group = PartitionLab::kGroup;
        chunk.term = term_;
        chunk.at = {Term{4}, at};
        chunk.sequence = sequence;
        chunk.last = last;
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
    std::uint64_t number_ = 0;
    Term term_{5};
    std::string config_;  // what chunks say of it
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
        for (const bool slot_known : {false, true}) {
            SCOPED_TRACE(testing::Message() << same_term << " " << slot_known);
            step(Beat{PartitionLab::node(1), term_, LogIndex{}});
            sync();
            chunk(at, 0, false, 10);
            if (slot_known) {
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

TEST(LateAnswers, OfASnapshotGivenUpAreNoPartOfTheNext) {
    PartitionLab lab(three());
    const std::size_t leader = lab.lead();
    const std::size_t away = (leader + 1) % 3;
    put(lab, "k0", "first");
    lab.run(std::chrono::milliseconds(200));
    lab.cut(away);
    lab.crash(away);
    for (std::size_t i = 0; i < 60; ++i)
        put(lab, "k" + std::to_string(i), std::to_string(i) + std::string(20000, '.'));
    lab.run(std::chrono::seconds(2));
    ASSERT_EQ(lab.lead(), leader);
    lab.sweep(leader);
    lab.sweep(3 - leader - away);
    put(lab, "tail", "x");
    lab.cut(away, false);
    lab.options().auto_fetch = false;
    lab.boot(away);
    const std::size_t begun = lab.snapshot_chunks;
    const auto go_on = [&](std::size_t reads) {
        lab.run(std::chrono::milliseconds(2), std::chrono::milliseconds(2));
        lab.serve(leader, reads);
        lab.settle();
        serve_all_but(lab, leader);
    };
    for (int i = 0; i < 3000 && lab.snapshot_chunks == begun; ++i) go_on(1);
    ASSERT_GT(lab.snapshot_chunks, begun);
    for (int i = 0; i < 20; ++i) serve_all_but(lab, leader);
    lab.run(
        std::chrono::seconds(13));  // the leader's reader stands still: the transfer is given up
    ASSERT_EQ(lab.lead(), leader);
    ASSERT_GE(lab.pending_fetches(leader), 2U);
    for (int i = 0; i < 4000; ++i) go_on(1);
    ASSERT_EQ(lab.at(away).status().applied, lab.at(leader).status().applied);
    EXPECT_EQ(rows(lab, away, storage::Table::Entity), rows(lab, leader, storage::Table::Entity));
    EXPECT_EQ(rows(lab, away, storage::Table::Session), rows(lab, leader, storage::Table::Session));
    EXPECT_FALSE(lab.at(away).status().damaged);
}

TEST(LateAnswers, OfALostTermAreNotForTheActivationOfTheNext) {
    PartitionLab lab(three());
    for (int i = 0; i < 3; ++i) add(lab, "c");
    lab.run(std::chrono::seconds(1));
    for (std::size_t i = 0; i < 3; ++i) lab.sweep(i);
    for (std::size_t i = 0; i < 3; ++i) lab.restart(i);
    const std::size_t first = lab.lead();
    lab.options().auto_fetch = false;
    lab.send(first, lab.request("counter", "c", "add", "1"));
    ASSERT_EQ(lab.pending_fetches(first), 1U);
    lab.cut(first);
    for (int i = 0; i < 200 && (!lab.leader() || *lab.leader() == first); ++i)
        lab.run(std::chrono::milliseconds(20));
    lab.cut(first, false);
    const std::size_t second = *lab.leader();
    for (int i = 0; i < 2; ++i) {
        lab.send(second, lab.request("counter", "c", "add", "1"));
        for (int k = 0; k < 10; ++k) serve_all_but(lab, first);
        lab.run(std::chrono::milliseconds(200));
    }
    lab.step(second, TransferLeadership{PartitionLab::node(first)});
    lab.settle();
    lab.run(std::chrono::seconds(1));
    ASSERT_EQ(lab.leader(), std::optional(first));
    const ClientRef get = lab.send(first, lab.request("counter", "c", "get", ""));
    lab.serve(first);
    lab.settle();
    EXPECT_FALSE(lab.at(first).status().damaged);
    EXPECT_EQ(lab.take(get).payload.view(), "5");
}

// An entry that was not on the disk yet when the disk was asked for it, and is neither in memory
// nor applied when the answer comes, is not damaged.
TEST(LateAnswers, AboutEntriesNotYetWrittenAreNoDamage) {
    PartitionLab lab(three());
    lab.lead();
    for (int i = 0; i < 4; ++i) put(lab, "k", "v");
    lab.run(std::chrono::milliseconds(200));
    // All begin anew with little room for what is not applied; the next leader's disk is slow from
    // its first moment on, so that the others commit its no-op before it is on the disk here.
    lab.options().log_limits.uncommitted_bytes = 10;
    lab.options().auto_fetch = false;
    for (std::size_t i = 0; i < 3; ++i) lab.restart(i);
    lab.options().auto_persist = false;
    std::size_t leader = SIZE_MAX;
    for (int i = 0; i < 500; ++i) {
        lab.run(std::chrono::milliseconds(2), std::chrono::milliseconds(2));
        for (std::size_t n = 0; n < 3; ++n) {
            if (lab.at(n).replica().role() == Role::Leader) leader = n;
            if (n != leader) lab.persist(n);
        }
        lab.settle();
    }
    ASSERT_NE(leader, SIZE_MAX);
    const auto status = lab.at(leader).status();
    ASSERT_EQ(status.commit, status.last);
    ASSERT_LT(status.durable, status.commit);
    auto early = lab.read_one(leader);
    ASSERT_TRUE(early.has_value());
    lab.persist(leader);
    lab.settle();
    ASSERT_TRUE(lab.at(leader).replica().cached(status.last).empty());
    lab.step(leader, std::move(*early));
    EXPECT_FALSE(lab.at(leader).status().damaged);
    lab.options().auto_fetch = lab.options().auto_persist = true;
    for (std::size_t i = 0; i < 3; ++i) lab.serve(i);
    EXPECT_EQ(lab.lead(), leader);
}

// S22: found by seed 804. Both records hold by themselves; neither is the one that was written
// there.
TEST(LateAnswers, WithTheRecordOfAnotherPlaceAreDamage) {
    PartitionLab lab;
    lab.lead();
    for (int i = 0; i < 6; ++i) lab.put("k", std::to_string(i));
    lab.options().auto_fetch = false;
    lab.restart(0);
    lab.run(std::chrono::milliseconds(500));
    ASSERT_EQ(lab.pending_fetches(0), 1U);
    ASSERT_TRUE(lab.disk(0).swap_log(PartitionLab::kGroup, LogIndex{3}, LogIndex{5}));
    lab.serve(0, 3);
    EXPECT_TRUE(lab.at(0).status().damaged);
    EXPECT_EQ(lab.at(0).status().applied, LogIndex{2});
    EXPECT_EQ(lab.pending_fetches(0), 0U);
}

// S19: what the installed base does not hold is not remembered from before it.
TEST(Snapshot, ReplacesTheStateOfAReplicaThatWasAliveAllAlong) {
    PartitionLab lab(three());
    const std::size_t leader = lab.lead();
    const std::size_t away = (leader + 1) % 3;
    const auto from = [&](std::uint8_t client) {
        lab.client = client;
        add(lab, "c");
    };
    for (std::uint8_t client = 1; client < 6; ++client) from(client);
    lab.run(std::chrono::milliseconds(300));
    ASSERT_EQ(lab.at(away).status().sessions, 5U);
    lab.cut(away);
    for (std::uint8_t client = 3; client < 9; ++client) from(client);
    lab.run(std::chrono::seconds(2));
    ASSERT_EQ(lab.lead(), leader);
    lab.sweep(leader);
    lab.sweep(3 - leader - away);
    from(9);
    lab.cut(away, false);
    const std::size_t begun = lab.snapshot_chunks;
    lab.run(std::chrono::seconds(10));
    ASSERT_GT(lab.snapshot_chunks, begun);
    ASSERT_EQ(lab.at(away).status().applied, lab.at(lab.lead()).status().applied);
    EXPECT_EQ(lab.at(away).state_hash(), lab.at(lab.lead()).state_hash());
}

}  // namespace
}  // namespace weft::replication::test
