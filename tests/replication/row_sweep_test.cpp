// The write-back of dirty rows, and the base it leads to (S25, S26).

#include "replication/partition/row_sweep.h"

#include "replication/partition/rows.h"
#include "storage/write_ops.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::replication {
namespace {

class RowSweepTest : public testing::Test {
protected:
    RowSweepTest() {
        limits.laggard_entries = 100;
        limits.laggard_bytes = 1000;
    }
    static std::string key(const std::string& id) {
        std::string key;
        entity::write_key(key, 1, "kv", id);
        return key;
    }
    void dirty(const std::string& id, bool deleted = false) {
        entity::Change change;
        change.index = LogIndex{++last};
        change.version = Version{1};
        change.generation = deleted ? Generation{} : Generation{1};
        change.deleted = deleted;
        change.value = "value";
        host.commit(host.obtain({1, "kv", id}, Instant{}), change, nullptr);
    }
    void session(std::uint8_t client) {
        RequestPart part;
        part.client.bytes[0] = client;
        part.start_ms = kStartMs;
        part.seq = 1;
        part.lowest_open = 1;
        Remembered outcome;
        outcome.seq = 1;
        ++last;
        sessions.takes_effect(part, LogIndex{last}, part.start_ms);
        sessions.remember(part, LogIndex{last}, outcome);
    }
    std::size_t write(std::size_t rows, LogIndex base = {}) {
        const auto written = sweep.write(rows, {host, sessions, prefix, base, batch});
        for (entity::Entity* entity : written.entities) host.flushed(*entity, PersistSeq{1});
        return written.rows;
    }
    void begin() { sweep.begin({LogIndex{last}, 1}, false, host); }
    bool over(LogIndex base = {}) const { return sweep.all_written(sessions, base); }
    // Keys that were put or erased, in order, since it was asked last.
    std::vector<std::string> keys(storage::WriteOp::Kind kind) {
        std::vector<std::string> found;
        storage::for_each_op(batch, [&](const storage::WriteOp& op) {
            EXPECT_EQ(op.kind, kind);
            found.emplace_back(op.key);
            return true;
        });
        batch.clear();
        return found;
    }
    std::string session_key(std::uint8_t client) const {
        SessionName name;
        name.client.bytes[0] = client;
        name.start_ms = kStartMs;
        return session_row_key(prefix, name);
    }
    // Everybody has the log up to 200.
    static RowSweep::LogEnds log() {
        return {.applied = LogIndex{200},
                .durable = LogIndex{200},
                .voters = LogIndex{200},
                .behind_bytes = 0};
    }
    // Stamps are known of 1, 65, 129 and 193; a sweep that began at 200 ends.
    Stamped end(const RowSweep::LogEnds& ends) {
        for (std::uint64_t i = 1; i <= 200; ++i)
            sweep.applied({LogIndex{i}, static_cast<std::int64_t>(i) * 10});
        sweep.begin({LogIndex{200}, 2000}, false, host);
        return sweep.end(ends);
    }

    using Op = storage::WriteOp::Kind;
    using Keys = std::vector<std::string>;
    static constexpr std::int64_t kStartMs = 1'000'000;
    const std::string prefix = rows_prefix(PartitionId{1}, {0});
    PartitionLimits limits;
    entity::Host host;
    Sessions sessions{{}};
    storage::WriteBatch batch;
    RowSweep sweep{limits};
    std::uint64_t last = 0;
};

TEST_F(RowSweepTest, WritesAFewRowsAtATimeEntitiesBeforeSessions) {
    for (const char* id : {"a", "b", "c"}) dirty(id);
    session(1);
    session(2);
    begin();
    EXPECT_EQ(write(2), 2u);
    EXPECT_EQ(keys(Op::PutRow),
              (Keys{entity_row_key(prefix, key("a")), entity_row_key(prefix, key("b"))}));
    EXPECT_EQ(host.dirty_count(), 1u);
    EXPECT_FALSE(over());
    EXPECT_EQ(write(2), 2u) << "an entity and a session";
    EXPECT_EQ(keys(Op::PutRow), (Keys{entity_row_key(prefix, key("c")), session_key(1)}));
    EXPECT_EQ(sessions.dirty().size(), 1u);
    EXPECT_FALSE(over());
    EXPECT_EQ(write(2), 1u);
    EXPECT_EQ(keys(Op::PutRow), Keys{session_key(2)});
    EXPECT_TRUE(over());
}

TEST_F(RowSweepTest, OfWhatWasDeletedErasesTheRow) {
    dirty("a");
    dirty("a", true);
    begin();
    EXPECT_EQ(write(10), 1u);
    EXPECT_EQ(keys(Op::EraseRow), Keys{entity_row_key(prefix, key("a"))});
}

TEST_F(RowSweepTest, OfEventsWritesHeaderSnapshotAndJournal) {
    const std::string_view events[] = {"one", "two"};
    entity::Change change;
    change.index = LogIndex{++last};
    change.version = Version{2};
    change.generation = Generation{1};
    change.kind = entity::Kind::EventSourced;
    change.events = events;
    change.snapshot = "state";
    host.commit(host.obtain({1, "kv", "a"}, Instant{}), change, nullptr);
    begin();
    EXPECT_EQ(write(1), 3u) << "one entity is not cut in two";
    EXPECT_EQ(keys(Op::PutRow),
              (Keys{entity_row_key(prefix, key("a")), snapshot_row_key(prefix, key("a")),
                    journal_row_key(prefix, key("a"), Version{1})}));
}

// What the floor ended before the sweep came to it was not written: replay up to the row of the
// floor would know less than the floor says.
TEST_F(RowSweepTest, WritesTheFloorBehindTheSessions) {
    session(1);
    sessions.raise_floor(kStartMs, LogIndex{++last}, kStartMs);
    begin();
    EXPECT_EQ(write(1), 2u) << "with the last of them";
    EXPECT_EQ(keys(Op::PutRow), (Keys{session_key(1), floor_row_key(prefix)}));
    EXPECT_FALSE(sessions.floor_dirty());
    EXPECT_TRUE(over());
    begin();
    EXPECT_EQ(write(10), 0u) << "it has not risen since";
}

// A replica that restarts applies the log before the end again, and must know what had run by then.
TEST_F(RowSweepTest, ErasesEndedSessionsOnceTheLogBeforeTheirEndIsGone) {
    session(1);
    session(2);
    begin();
    EXPECT_EQ(write(10), 2u);
    keys(Op::PutRow);
    const LogIndex end{++last};
    sessions.raise_floor(kStartMs + 1, end, kStartMs + 1);
    EXPECT_EQ(sessions.size(), 0u);
    begin();
    const LogIndex before{end.value - 1};
    EXPECT_EQ(write(10, before), 1u);
    EXPECT_EQ(keys(Op::PutRow), Keys{floor_row_key(prefix)});
    EXPECT_TRUE(over(before));
    EXPECT_FALSE(over(end));
    EXPECT_EQ(write(1, end), 1u);
    EXPECT_EQ(keys(Op::EraseRow), Keys{session_key(1)});
    EXPECT_FALSE(over(end));
    EXPECT_EQ(write(1, end), 1u);
    EXPECT_EQ(keys(Op::EraseRow), Keys{session_key(2)});
    EXPECT_TRUE(over(end));
}

TEST_F(RowSweepTest, OfEntitiesLeavesThoseThatBecomeDirtyMeanwhile) {
    dirty("a");
    begin();
    dirty("b");
    EXPECT_EQ(write(10), 1u);
    EXPECT_TRUE(over());
    EXPECT_EQ(host.dirty_count(), 1u);
}

TEST_F(RowSweepTest, LeadsToWhatWasAppliedWhenItBegan) {
    EXPECT_EQ(end(log()), (Stamped{LogIndex{200}, 2000}));
    EXPECT_FALSE(sweep.runs());
}

TEST_F(RowSweepTest, LeadsToNoEntryThatSomebodyLacks) {
    struct Case {
        const char* why;
        void (*change)(RowSweep::LogEnds&);
        std::uint64_t base;
    };
    const Case cases[] = {
        {"not on disk here", [](auto& log) { log.durable = LogIndex{199}; }, 193},
        {"not at a voter in contact", [](auto& log) { log.voters = LogIndex{130}; }, 129},
        {"who is too many entries behind", [](auto& log) { log.voters = LogIndex{99}; }, 200},
        {"just not too many", [](auto& log) { log.voters = LogIndex{100}; }, 65},
        {"or too many bytes",
         [](auto& log) {
             log.voters = LogIndex{130};
             log.behind_bytes = 1001;
         },
         200},
        {"or is being sent a snapshot",
         [](auto& log) {
             log.voters = LogIndex{130};
             log.sends_snapshot = true;
         },
         200},
        {"whose base must stay",
         [](auto& log) {
             log.voters = LogIndex{130};
             log.sends_snapshot = true;
             log.held = LogIndex{70};
         },
         65},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        sweep.forget();
        RowSweep::LogEnds ends = log();
        c.change(ends);
        const auto base = end(ends);
        EXPECT_EQ(base.index, LogIndex{c.base});
        EXPECT_EQ(base.stamp_ms, static_cast<std::int64_t>(c.base) * 10);
    }
}

TEST_F(RowSweepTest, KnowsTheStampOfTheBaseAndOfWhatIsBehindIt) {
    end(log());
    sweep.base_moved(LogIndex{130});
    sweep.begin({LogIndex{200}, 2000}, false, host);
    RowSweep::LogEnds ends = log();
    ends.durable = LogIndex{128};
    EXPECT_EQ(sweep.end(ends), Stamped{}) << "below the base nothing is asked for";
    sweep.begin({LogIndex{200}, 2000}, false, host);
    ends.durable = LogIndex{150};
    EXPECT_EQ(sweep.end(ends).index, LogIndex{129});
}

TEST_F(RowSweepTest, ChecksThatNothingIsAheadOfWhatIsApplied) {
    const auto says = [&](std::uint64_t applied) {
        return weft::test::said_by([&] { sweep.check(LogIndex{applied}); });
    };
    EXPECT_EQ(says(0), "");
    sweep.begin({LogIndex{7}, 1}, false, host);
    EXPECT_EQ(says(7), "");
    EXPECT_EQ(says(6), "a sweep up to 7, applied is 6");
    sweep.forget();
    sweep.applied({LogIndex{8}, 1});
    EXPECT_EQ(says(8), "");
    EXPECT_EQ(says(7), "the stamp of 8 is known, applied is 7");
}

}  // namespace
}  // namespace weft::replication
