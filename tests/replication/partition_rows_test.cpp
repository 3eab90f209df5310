// Write-back and restart of one partition with one voter.

#include "core/error.h"
#include "partition_lab.h"
#include "replication/partition/rows.h"

#include <gtest/gtest.h>

namespace weft::replication::test {
namespace {

std::string get(PartitionLab& lab, std::string type, std::string id) {
    return std::string(lab.call(0, std::move(type), std::move(id), "get").payload.view());
}

TEST(Restart, ReplaysTheLogToTheSameState) {
    PartitionLab lab;
    lab.lead();
    for (int i = 0; i < 50; ++i) {
        lab.put("k" + std::to_string(i % 7), std::to_string(i));
        lab.call(0, "counter", "c" + std::to_string(i % 3), "add", std::to_string(i));
    }
    lab.call(0, "kv", "k3", "delete");
    const std::uint64_t before = lab.at(0).state_hash();
    const LogIndex applied = lab.at(0).status().applied;
    lab.restart(0);
    lab.lead();
    EXPECT_EQ(lab.at(0).status().applied.value, applied.value + 1);  // the new no-op
    EXPECT_EQ(lab.at(0).state_hash(), before);
    EXPECT_EQ(get(lab, "kv", "k1"), "43");
    EXPECT_FALSE(lab.call(0, "kv", "k3", "get").exists);
}

TEST(Restart, RemembersWhatItAnswered) {
    PartitionLab lab;
    lab.lead();
    const Request add = lab.request("counter", "c", "add", "5");
    const Reply first = lab.call(0, add);
    for (const bool swept : {false, true}) {
        SCOPED_TRACE(swept);
        if (swept) lab.sweep(0);
        lab.restart(0);
        lab.lead();
        const Reply again = lab.call(0, add);
        EXPECT_EQ(again.outcome, Outcome::Done);
        EXPECT_EQ(again.payload.view(), "5");
        EXPECT_EQ(again.index, first.index);
        EXPECT_EQ(again.version, first.version);
        EXPECT_EQ(again.generation, first.generation);
        EXPECT_TRUE(again.exists);
    }
    EXPECT_EQ(get(lab, "counter", "c"), "5");
}

TEST(Sweep, WritesEverythingAndCompactsTheLog) {
    PartitionLab lab;
    lab.lead();
    for (int i = 0; i < 100; ++i) lab.put("k" + std::to_string(i), std::to_string(i));
    EXPECT_EQ(lab.at(0).status().dirty_entities, 100U);
    EXPECT_GT(lab.at(0).dirty_bytes(), 0U);
    const std::size_t rows = lab.sweep(0, 10);
    EXPECT_EQ(rows, 101U);  // and one session
    EXPECT_EQ(lab.at(0).status().dirty_entities, 0U);
    EXPECT_EQ(lab.at(0).dirty_bytes(), 0U);
    EXPECT_EQ(lab.at(0).status().base, lab.at(0).status().applied);
    lab.restart(0);
    lab.lead();
    EXPECT_EQ(lab.at(0).status().active_entities, 0U);
    EXPECT_EQ(get(lab, "kv", "k42"), "42");
    EXPECT_EQ(lab.at(0).status().active_entities, 1U);
}

TEST(Sweep, IsBoundedPerStep) {
    PartitionLab lab;
    lab.lead();
    for (int i = 0; i < 20; ++i) lab.put("k" + std::to_string(i), "v");
    lab.step(0, Sweep{8});
    ASSERT_TRUE(lab.swept.has_value());
    EXPECT_EQ(lab.swept->rows, 8U);
    EXPECT_FALSE(lab.swept->done);
    EXPECT_EQ(lab.at(0).status().base, LogIndex{});
}

// What became dirty behind the sweep's place keeps its log entries.
TEST(Sweep, CompactsOnlyToWhereItBegan) {
    PartitionLab lab;
    lab.lead();
    for (int i = 0; i < 20; ++i) lab.put("k" + std::to_string(i), "v");
    const LogIndex begun = lab.at(0).status().applied;
    lab.step(0, Sweep{12});
    for (int i = 0; i < 20; ++i) lab.put("k" + std::to_string(i), "w");
    lab.sweep(0, 64);
    EXPECT_EQ(lab.at(0).status().base, begun);
    const std::uint64_t before = lab.at(0).state_hash();
    lab.restart(0);
    lab.lead();
    EXPECT_EQ(lab.at(0).state_hash(), before);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(get(lab, "kv", "k" + std::to_string(i)), "w");
}

TEST(Sweep, CrashInTheMiddleLosesNothing) {
    for (int cut = 1; cut < 12; ++cut) {
        SCOPED_TRACE(cut);
        PartitionLab lab;
        lab.lead();
        for (int i = 0; i < 10; ++i) {
            lab.put("k" + std::to_string(i), "v");
            lab.call(0, "counter", "c", "add", "1");
        }
        for (int step = 0; step < cut; ++step) lab.step(0, Sweep{1});
        lab.put("k0", "last");
        lab.call(0, "counter", "c", "add", "1");
        lab.restart(0);
        lab.lead();
        EXPECT_EQ(get(lab, "counter", "c"), "11");
        EXPECT_EQ(get(lab, "kv", "k0"), "last");
        EXPECT_EQ(get(lab, "kv", "k9"), "v");
        lab.sweep(0);
        lab.restart(0);
        lab.lead();
        EXPECT_EQ(get(lab, "counter", "c"), "11");
    }
}

// A damaged vote is for good: whoever has it goes on applying, or its log would grow without end.
TEST(DamagedVote, KeepsNobodyFromApplyingAndCompacting) {
    PartitionLab::Options options;
    options.count = 3;
    PartitionLab lab(options);
    const std::size_t leader = lab.lead();
    const std::size_t hurt = (leader + 1) % 3;
    const auto put = [&](int count) {
        for (int i = 0; i < count; ++i) {
            ASSERT_EQ(lab.call(leader, "kv", "k", "put", "v").outcome, Outcome::Done);
            lab.lowest_open = lab.seq + 1;
        }
        lab.run(std::chrono::milliseconds(200));
    };
    put(5);
    lab.sweep(hurt);
    lab.crash(hurt);
    ASSERT_TRUE(lab.disk(hurt).corrupt_hard(PartitionLab::kGroup));
    lab.boot(hurt);
    put(200);
    EXPECT_TRUE(lab.at(hurt).status().damaged);
    EXPECT_EQ(lab.at(hurt).status().applied, lab.at(leader).status().applied);
    lab.sweep(hurt);
    EXPECT_EQ(lab.at(hurt).status().base, lab.at(hurt).status().applied);
}

TEST(Sweep, DeletedValuesLeaveNoRow) {
    PartitionLab lab;
    lab.lead();
    lab.put("a", "v");
    lab.sweep(0);
    EXPECT_EQ(lab.disk(0).row_keys(storage::Table::Entity).size(), 1U);
    lab.call(0, "kv", "a", "delete");
    lab.sweep(0);
    EXPECT_TRUE(lab.disk(0).row_keys(storage::Table::Entity).empty());
    lab.restart(0);
    lab.lead();
    EXPECT_FALSE(lab.call(0, "kv", "a", "get").exists);
}

TEST(Sweep, RowsOfEndedSessionsGo) {
    PartitionLab lab;
    lab.lead();
    lab.put("a", "v");
    lab.sweep(0);
    EXPECT_EQ(lab.disk(0).row_keys(storage::Table::Session).size(), 1U);
    lab.now.wall.ms += kSessionLifeMs;
    lab.start_ms = lab.now.wall.ms;
    lab.put("a", "w");
    lab.sweep(0);  // the log before the session's end goes first
    lab.sweep(0);
    EXPECT_EQ(lab.disk(0).row_keys(storage::Table::Session).size(), 1U);
    lab.restart(0);
    lab.lead();
    EXPECT_EQ(lab.at(0).status().sessions, 1U);
}

// ---- event-sourced
// --------------------------------------------------------------------------------

TEST(EventSourced, SurvivesSnapshotsSweepsAndRestarts) {
    PartitionLab lab;
    lab.lead();
    std::int64_t sum = 0;
    int adds = 0;
    for (const int count : {3, 255, 1, 300, 2, 256}) {
        SCOPED_TRACE(count);
        for (int i = 0; i < count; ++i) {
            lab.lowest_open = lab.seq + 1;
            lab.call(0, "counter", "c", "add", std::to_string(i));
            sum += i;
            ++adds;
        }
        lab.sweep(0);
        lab.restart(0);
        lab.lead();
        const Reply reply = lab.call(0, "counter", "c", "get");
        EXPECT_EQ(reply.payload.view(), std::to_string(sum));
        EXPECT_EQ(reply.version.value, static_cast<std::uint64_t>(adds));
    }
}

TEST(EventSourced, RestartsWithTheNewestEventsOnlyInTheLog) {
    PartitionLab lab;
    lab.lead();
    for (int i = 0; i < 300; ++i) {
        lab.lowest_open = lab.seq + 1;
        lab.call(0, "counter", "c", "add", "1");
        if (i == 100 || i == 270) lab.sweep(0);
    }
    lab.restart(0);
    lab.lead();
    EXPECT_EQ(get(lab, "counter", "c"), "300");
}

TEST(EventSourced, JournalHoldsEveryEventOnce) {
    PartitionLab lab;
    lab.lead();
    for (int i = 0; i < 600; ++i) {
        lab.lowest_open = lab.seq + 1;
        lab.call(0, "counter", "c", "add", std::to_string(i));
    }
    lab.sweep(0);
    storage::RowScan scan;
    scan.bytes_max = std::size_t{1} << 20;
    scan.rows_max = 10000;
    scan.table = storage::Table::Journal;
    scan.prefix = lab.at(0).row_prefix(storage::Table::Journal);
    const auto page = lab.disk(0).scan(scan);
    ASSERT_TRUE(page.has_value());
    std::uint64_t version = 0;
    bool boundary_at_snapshot = false;
    for (const auto& row : page->rows) {
        const auto block = decode_journal_row(row.key, row.value.view());
        ASSERT_TRUE(block.has_value());
        EXPECT_EQ(block->first.value, version + 1);
        EXPECT_LE(row.value.size(), 2100U);
        boundary_at_snapshot = boundary_at_snapshot || block->first == Version{513};
        std::string_view records = block->records;
        while (const auto record = entity::take_event_record(records)) {
            ASSERT_EQ(record->bytes.size(), 8U);
            std::int64_t amount = 0;
            std::memcpy(&amount, record->bytes.data(), 8);
            EXPECT_EQ(static_cast<std::uint64_t>(amount), version);
            ++version;
        }
    }
    EXPECT_EQ(version, 600U);
    EXPECT_TRUE(boundary_at_snapshot);
}

// Rows may be ahead of the base, and a sweep in the middle of the replay begins a block where one
// lies that held more: what is missing behind it is in the log, and in memory once it is applied.
TEST(EventSourced, ABlockThatIsWrittenAgainShorterIsNoDamage) {
    PartitionLab::Options options;
    options.count = 3;
    options.limits.log_page_bytes = 1;  // one entry
    PartitionLab lab(options);
    const std::size_t leader = lab.lead();
    lab.run(std::chrono::milliseconds(100));
    lab.hold_disk((leader + 1) % 3);  // in contact, and behind: the base waits for it
    const auto add = [&](int count) {
        for (int i = 0; i < count; ++i) {
            lab.lowest_open = lab.seq + 1;
            ASSERT_EQ(lab.call(leader, "counter", "c", "add", "1").outcome, Outcome::Done);
        }
        lab.sweep(leader);
    };
    const LogIndex base = lab.at(leader).status().applied;
    add(6);
    add(3);
    ASSERT_LE(lab.at(leader).status().base, base);
    ASSERT_EQ(lab.disk(leader).row_keys(storage::Table::Journal).size(), 2U);

    lab.restart(leader);
    lab.hold_disk((leader + 1) % 3, false);
    lab.options().auto_fetch = false;
    for (int i = 0; lab.at(leader).status().applied < LogIndex{base.value + 3}; ++i) {
        ASSERT_LT(i, 1000);
        lab.run(std::chrono::milliseconds(20));
        for (std::size_t seat = 0; seat < 3; ++seat) lab.serve(seat, seat == leader ? 1 : SIZE_MAX);
    }
    ASSERT_EQ(lab.at(leader).status().applied.value, base.value + 3);
    lab.sweep(leader);
    lab.options().auto_fetch = true;
    for (std::size_t seat = 0; seat < 3; ++seat) lab.serve(seat);
    for (int i = 0; lab.lead() != leader; ++i) {
        ASSERT_LT(i, 100);
        lab.restart(lab.lead());
    }
    const Reply reply = lab.call(leader, "counter", "c", "get");
    EXPECT_EQ(reply.payload.view(), "9");
    EXPECT_FALSE(lab.at(leader).status().damaged);
}

TEST(EventSourced, OverflowIsRejectedAndChangesNothing) {
    PartitionLab lab;
    lab.lead();
    lab.call(0, "counter", "c", "add", "9223372036854775807");
    const Reply over = lab.call(0, "counter", "c", "add", "1");
    EXPECT_EQ(over.outcome, Outcome::Rejected);
    EXPECT_EQ(over.version, Version{1});
    EXPECT_EQ(get(lab, "counter", "c"), "9223372036854775807");
}

TEST(AdministrativeReads, ListRowsAndWhatMemoryAdds) {
    PartitionLab lab;
    lab.lead();
    lab.put("a", "v");
    lab.call(0, "counter", "c", "add", "1");
    lab.sweep(0);
    lab.put("b", "w");
    const Partition& partition = lab.at(0);
    storage::RowScan scan;
    scan.bytes_max = std::size_t{1} << 20;
    scan.rows_max = 10000;
    scan.table = storage::Table::Entity;
    scan.prefix = partition.row_prefix(storage::Table::Entity);
    const auto page = lab.disk(0).scan(scan);
    ASSERT_TRUE(page.has_value());
    std::vector<std::string> seen;
    for (const auto& row : page->rows) {
        if (const auto line = partition.entity_line(row.key, row.value.view()))
            seen.push_back(line->type + "/" + line->id);
    }
    std::ranges::sort(seen);
    EXPECT_EQ(seen, (std::vector<std::string>{"counter/c", "kv/a"}));
    const auto dirty = partition.unwritten_lines("kv", "", "", 9);
    ASSERT_EQ(dirty.size(), 1U);
    EXPECT_EQ(dirty[0].id, "b");
    EXPECT_TRUE(dirty[0].standing.exists());
    const std::string key = dirty[0].row_key;
    const std::string before = key.substr(0, key.size() - 1);
    EXPECT_EQ(partition.unwritten_lines("kv", "", before, 9).size(), 1U);
    EXPECT_EQ(partition.unwritten_lines("kv", "", key, 9).size(), 0U);
    EXPECT_EQ(partition.unwritten_lines("kv", "b", "", 9).size(), 1U);
    EXPECT_EQ(partition.unwritten_lines("kv", "bb", "", 9).size(), 0U);
    // A cursor may be anything.
    EXPECT_EQ(partition.unwritten_lines("kv", "", std::string(1, '\0'), 9).size(), 1U);
    EXPECT_EQ(partition.unwritten_lines("kv", "", std::string(9, '\xff'), 9).size(), 0U);
    EXPECT_EQ(partition.unwritten_lines("kv", "", "", 0).size(), 0U);
}

// Rows that are not on disk yet are in nobody's scan; they are known until they are.
TEST(AdministrativeReads, KnowWhatIsOnItsWayToTheDisk) {
    PartitionLab::Options options;
    options.count = 3;
    PartitionLab lab(options);
    const std::size_t leader = lab.lead();
    const auto put = [&](const char* id) {
        EXPECT_EQ(lab.call(leader, lab.request("kv", id, "put", "v")).outcome, Outcome::Done);
    };
    for (const char* id : {"a", "b", "c"}) put(id);
    lab.hold_disk(leader);
    lab.sweep(leader);
    const Partition& partition = lab.at(leader);
    ASSERT_EQ(partition.status().dirty_entities, 0U);
    EXPECT_EQ(partition.unwritten_lines("kv", "", "", 9).size(), 3U);
    put("b");
    ASSERT_EQ(partition.status().dirty_entities, 1U);
    const auto both = partition.unwritten_lines("kv", "", "", 9);
    ASSERT_EQ(both.size(), 3U);
    lab.hold_disk(leader, false);
    lab.settle();
    const auto left = partition.unwritten_lines("kv", "", "", 9);
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0].id, "b");
}

}  // namespace
}  // namespace weft::replication::test
