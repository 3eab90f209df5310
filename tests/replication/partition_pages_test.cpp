// More of everything than one fetch or one message holds: whoever reads a page goes on behind it
// (docs/findings.md, bounded reads).

#include "partition_lab.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace weft::replication::test {
namespace {

// Keeps the first character of each event, in order; answers with what it was given.
class Notes final : public entity::EntityType {
public:
    const entity::TypeInfo& info() const override { return info_; }
    std::optional<entity::Access> command(std::string_view name) const override {
        return name == "get" ? entity::Access::Read : entity::Access::Write;
    }
    entity::Decision handle(const entity::StateView& view, std::string_view command,
                            std::string_view payload, const entity::Context&) const override {
        entity::Decision decision;
        decision.reply = Bytes::copy_of(command == "get" ? view.state : payload);
        if (command == "get") return decision;
        decision.change = entity::Decision::Change::Events;
        decision.events = {Bytes::copy_of(payload)};
        return decision;
    }
    Result<std::string> apply(std::string_view state, std::string_view event) const override {
        return std::string(state) + event[0];
    }

private:
    entity::TypeInfo info_{
        .name = "notes", .kind = entity::Kind::EventSourced, .snapshot_every = 1'000'000};
};

std::string note(std::size_t number, std::size_t bytes) {
    return std::string(bytes, static_cast<char>('a' + number % 26));
}

void add_note(PartitionLab& lab, std::size_t at, std::size_t number, std::size_t bytes) {
    lab.lowest_open = lab.seq + 1;
    ASSERT_EQ(lab.call(at, "notes", "n", "add", note(number, bytes)).outcome, Outcome::Done);
}

std::string get(PartitionLab& lab, std::size_t at, std::string type, std::string id) {
    return std::string(lab.call(at, std::move(type), std::move(id), "get").payload.view());
}

// A session of its own for each.
Request from_session(PartitionLab& lab, std::size_t number, std::size_t bytes) {
    lab.client = static_cast<std::uint8_t>(2 + number % 200);
    lab.start_ms = PartitionLab::kStart - static_cast<std::int64_t>(number / 200);
    lab.seq = 0;
    lab.lowest_open = 1;
    return lab.request("notes", "s" + std::to_string(number), "add", note(number, bytes));
}

// The group's rows on disk, without the slot they lie in.
std::map<std::string, std::string> rows_of(PartitionLab& lab, std::size_t at,
                                           storage::Table table) {
    storage::RowScan scan;
    scan.table = table;
    scan.prefix = lab.at(at).row_prefix(table);
    scan.bytes_max = scan.rows_max = SIZE_MAX;
    std::map<std::string, std::string> rows;
    const auto found = lab.disk(at).scan(scan);
    for (const storage::ScannedRow& row : found->rows)
        rows.emplace(row.key.substr(scan.prefix.size()), row.value.view());
    return rows;
}

struct Case {
    const char* bound;
    std::size_t count, bytes;
    std::size_t fetches;  // at least
};

TEST(Pages, AJournalOfSeveralIsFoldedToItsEnd) {
    for (const Case& c : {Case{"bytes", 90, 10'000, 4}, Case{"rows", 1100, 10, 4}}) {
        SCOPED_TRACE(c.bound);
        PartitionLab lab;
        lab.types().add(std::make_unique<Notes>());
        lab.lead();
        std::string wanted;
        for (std::size_t i = 0; i < c.count; ++i) {
            add_note(lab, 0, i, c.bytes);
            wanted += note(i, 1);
            lab.sweep(0);  // each sweep begins a block
        }
        lab.restart(0);
        lab.lead();
        lab.fetches_served = 0;
        EXPECT_EQ(get(lab, 0, "notes", "n"), wanted);
        EXPECT_GE(lab.fetches_served, c.fetches);
        EXPECT_FALSE(lab.at(0).status().damaged);
    }
}

TEST(Pages, SessionsOfSeveralAreAllRemembered) {
    for (const Case& c : {Case{"rows", 1300, 10, 2}, Case{"bytes", 60, 10'000, 3}}) {
        SCOPED_TRACE(c.bound);
        PartitionLab lab;
        lab.types().add(std::make_unique<Notes>());
        lab.lead();
        std::vector<Request> sent;
        for (std::size_t i = 0; i < c.count; ++i) {
            sent.push_back(from_session(lab, i, c.bytes));
            ASSERT_EQ(lab.call(0, sent.back()).outcome, Outcome::Done);
        }
        lab.sweep(0);
        lab.fetches_served = 0;
        lab.restart(0);
        lab.lead();
        EXPECT_GE(lab.fetches_served, c.fetches);
        ASSERT_EQ(lab.at(0).status().sessions, c.count);
        for (std::size_t i = 0; i < c.count; ++i) {
            const Reply again = lab.call(0, sent[i]);
            ASSERT_EQ(again.payload.view(), note(i, c.bytes));
            ASSERT_EQ(again.version, Version{1}) << "session " << i << " ran its command twice";
        }
    }
}

// Nothing of the log is in memory after a restart; an entry may be longer than one fetch.
TEST(Pages, ALogOfSeveralIsAppliedToItsEnd) {
    PartitionLab lab;
    lab.lead();
    const auto value = [](std::size_t i) {
        return std::string(i == 7 ? kPayloadBytesMax : 150'000, static_cast<char>('a' + i));
    };
    for (std::size_t i = 0; i < 20; ++i) {
        lab.lowest_open = lab.seq + 1;
        ASSERT_EQ(lab.put("k" + std::to_string(i), value(i)).outcome, Outcome::Done);
    }
    const LogIndex last = lab.at(0).status().applied;
    lab.fetches_served = 0;
    lab.restart(0);
    lab.lead();
    EXPECT_GE(lab.fetches_served, 4U);
    EXPECT_GE(lab.at(0).status().applied, last);
    EXPECT_FALSE(lab.at(0).status().damaged);
    for (std::size_t i = 0; i < 20; ++i)
        EXPECT_EQ(get(lab, 0, "kv", "k" + std::to_string(i)), value(i));
}

TEST(Pages, ASnapshotOfSeveralPerTableWithRowsLongerThanOneIsWhole) {
    PartitionLab::Options options;
    options.count = 3;
    PartitionLab lab(options);
    lab.types().add(std::make_unique<Notes>());
    const std::size_t leader = lab.lead();
    const std::size_t away = (leader + 1) % 3;
    lab.crash(away);
    lab.cut(away);
    for (std::size_t i = 0; i < 60; ++i) add_note(lab, leader, i, 10'000);
    for (const std::size_t bytes : {std::size_t{300'000}, kPayloadBytesMax})
        ASSERT_EQ(
            lab.call(leader, "kv", "long" + std::to_string(bytes), "put", std::string(bytes, 'l'))
                .outcome,
            Outcome::Done);
    for (std::size_t i = 0; i < 1100; ++i)  // an entity, a block and a session each
        ASSERT_EQ(lab.call(leader, from_session(lab, i, 10)).outcome, Outcome::Done);
    lab.run(std::chrono::seconds(2));
    ASSERT_EQ(lab.lead(), leader);
    lab.sweep(leader, 4096);
    lab.sweep(3 - leader - away, 4096);
    ASSERT_GT(lab.at(leader).status().base, LogIndex{1000});
    lab.cut(away, false);
    lab.boot(away);
    lab.run(std::chrono::seconds(10));
    EXPECT_GE(lab.snapshot_chunks, 8U);
    EXPECT_EQ(lab.at(away).replica().base().space.value, 1U) << "no snapshot was installed";
    EXPECT_EQ(lab.at(away).status().sessions, lab.at(leader).status().sessions);
    for (const auto table :
         {storage::Table::Entity, storage::Table::Journal, storage::Table::Session}) {
        const auto sent = rows_of(lab, leader, table);
        EXPECT_EQ(rows_of(lab, away, table), sent);
        EXPECT_GT(sent.size(), 1000U);
    }
}

// The smallest bounds: whatever is read or sent in parts goes on to its end.
TEST(Pages, OfOneRowOrEntryEachAreAllRead) {
    PartitionLab::Options options;
    options.count = 3;
    options.limits.page_bytes = options.limits.log_page_bytes = 1;
    options.limits.page_rows = 1;
    options.limits.snapshot_sweep_rows = 1;
    PartitionLab lab(options);
    lab.types().add(std::make_unique<Notes>());
    const std::size_t leader = lab.lead();
    const std::size_t away = (leader + 1) % 3;
    lab.crash(away);
    lab.cut(away);
    for (std::size_t i = 0; i < 20; ++i)
        ASSERT_EQ(lab.call(leader, from_session(lab, i, 10)).outcome, Outcome::Done);
    lab.run(std::chrono::seconds(2));
    ASSERT_EQ(lab.lead(), leader);
    lab.sweep(leader);
    lab.sweep(3 - leader - away);
    lab.cut(away, false);
    lab.boot(away);
    lab.run(std::chrono::seconds(10));
    EXPECT_EQ(lab.at(away).replica().base().space.value, 1U) << "no snapshot was installed";
    EXPECT_GE(lab.snapshot_chunks, 60U) << "an entity, a block and a session each";
    EXPECT_EQ(lab.at(away).status().sessions, 20U);
    EXPECT_EQ(lab.at(away).state_hash(), lab.at(leader).state_hash());
    lab.fetches_served = 0;
    lab.restart(away);
    lab.run(std::chrono::seconds(1));
    EXPECT_GE(lab.fetches_served, 20U);
    EXPECT_EQ(lab.at(away).status().sessions, 20U);
}

}  // namespace
}  // namespace weft::replication::test
