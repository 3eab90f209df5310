// Lists that take more than one page while the data changes under them (docs/findings.md, bounded
// reads): whatever exists all along is in the list, once.

#include "entity/unflushed.h"
#include "lab.h"
#include "replication/partition/rows.h"
#include "storage/contracts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

namespace weft::node::test {
namespace {

// One group, so that its rows and its log are longer than one fetch.
struct OneGroup : Lab {
    explicit OneGroup(std::uint64_t sweep_log_bytes)
        : Lab({.groups = 1,
               .adjust = [=](NodeOptions& o) { o.sweep_log_bytes = sweep_log_bytes; }}) {
        start();
        EXPECT_TRUE(run_until_ready());
        leader = *leader_of(group_of("kv", "any"));
    }
    void put(const std::string& id, std::string_view value) {
        ASSERT_EQ(call("kv", id, "put", value).outcome, Outcome::Done);
    }
    std::size_t leader = 0;
};

std::vector<std::string> column(const routing::AdminReply& reply, std::string_view name) {
    EXPECT_FALSE(reply.error.has_value()) << reply.error->message;
    const auto place = std::ranges::find(reply.columns, name);
    std::vector<std::string> cells;
    for (auto i = static_cast<std::size_t>(place - reply.columns.begin()); i < reply.cells.size();
         i += reply.columns.size())
        cells.push_back(reply.cells[i]);
    return cells;
}

TEST(AdminPages, AnEntityThatChangesBetweenTwoPagesIsListedAllTheSame) {
    OneGroup lab(20'000);
    constexpr std::size_t kEntities = 1500;  // rows of one fetch: 1024
    std::set<std::string> wanted;
    for (std::size_t i = 0; i < kEntities; ++i) {
        wanted.insert("k" + std::to_string(i));
        lab.put("k" + std::to_string(i), "v");
    }
    lab.run_for(std::chrono::milliseconds(200));
    auto reply = lab.admin(lab.leader, "entities", {"kv"});
    std::multiset<std::string> found;
    std::ranges::copy(column(reply, "id"), std::inserter(found, found.end()));
    ASSERT_FALSE(reply.last);
    std::size_t changed = 0;
    for (const std::string& id : wanted) {  // some that were listed, some that were not
        const bool listed = found.contains(id);
        if (listed != (changed % 2 == 0)) continue;
        lab.put(id, "changed");
        if (++changed == 20) break;
    }
    ASSERT_EQ(changed, 20u);
    while (!reply.last) {
        reply = lab.admin(lab.leader, "entities", {"kv", reply.cursor});
        std::ranges::copy(column(reply, "id"), std::inserter(found, found.end()));
    }
    EXPECT_EQ(found, std::multiset<std::string>(wanted.begin(), wanted.end()));
}

// Many changes that no row holds yet, many small events: an answer must fit a frame all the same.
TEST(AdminPages, AreBoundedWhereverTheirLinesComeFrom) {
    for (const std::uint64_t sweep_log_bytes : {std::uint64_t{100'000}, std::uint64_t{1} << 30}) {
        SCOPED_TRACE(sweep_log_bytes);
        OneGroup lab(sweep_log_bytes);
        for (std::size_t i = 0; i < 1200; ++i) {
            lab.put("k" + std::to_string(i), "v");
            ASSERT_EQ(lab.call("counter", "c", "add", "1").outcome, Outcome::Done);
        }
        lab.run_for(std::chrono::milliseconds(200));
        using Words = std::vector<std::string>;
        for (const auto& [verb, arguments, name, lines_wanted] :
             {std::tuple{"entities", Words{"kv"}, "id", 1200u},
              std::tuple{"entities", Words{"kv", "k9"}, "id", 111u},
              std::tuple{"journal", Words{"counter", "c"}, "version", 1200u}}) {
            std::multiset<std::string> found;
            routing::AdminReply reply;
            do {
                auto with_cursor = arguments;
                if (!reply.cursor.empty()) with_cursor.push_back(reply.cursor);
                reply = lab.admin(lab.leader, verb, with_cursor);
                const auto lines = column(reply, name);
                EXPECT_LE(lines.size(), 1000u) << verb;
                std::ranges::copy(lines, std::inserter(found, found.end()));
            } while (!reply.last);
            EXPECT_EQ(found.size(), lines_wanted) << verb;
            EXPECT_EQ(std::set<std::string>(found.begin(), found.end()).size(), lines_wanted);
        }
    }
}

// More deletions that no row holds yet than one look takes: what lies behind them is found.
TEST(AdminPages, GoOnBehindWhatIsNotShown) {
    OneGroup lab(std::uint64_t{1} << 30);
    for (int i = 0; i < 1200; ++i) {
        const std::string id = "gone" + std::to_string(i);
        lab.put(id, "v");
        ASSERT_EQ(lab.call("kv", id, "delete", "").outcome, Outcome::Done);
    }
    for (int i = 0; i < 60; ++i) lab.put("there" + std::to_string(i), "v");
    lab.run_for(std::chrono::milliseconds(200));
    const auto reply = lab.admin(lab.leader, "entities", {"kv"});
    EXPECT_TRUE(reply.last);
    EXPECT_EQ(column(reply, "id").size(), 60u);
}

// What was read for a list comes late, and rows are written meanwhile: what is not dirty any more
// was not on disk then.
TEST(AdminPages, MissNothingThatIsFlushedMeanwhile) {
    OneGroup lab(20'000);
    constexpr std::size_t kEntities = 40;
    for (std::size_t i = 0; i < kEntities; ++i) lab.put("k" + std::to_string(i), "v");
    Machine& machine = lab[lab.leader];
    const auto dirty = [&] {
        return machine.node().partition(lab.group_of("kv", "any")).status().dirty_entities;
    };
    ASSERT_EQ(dirty(), kEntities);
    machine.answers.clear();
    machine.hold_reads(true);
    machine.event(FromClient{ClientRef{77}, routing::AdminRequest{1, "entities", {"kv"}}});
    lab.run_for(std::chrono::milliseconds(1));
    // That was the nodes' own group; now the one that is listed.
    machine.hold_reads(false);
    machine.hold_reads(true);
    lab.run_for(std::chrono::milliseconds(1));
    for (int i = 0; i < 100 && dirty() > 1; ++i) lab.put("k0", std::string(1000, 'v'));
    ASSERT_LE(dirty(), 1u);
    machine.hold_reads(false);
    lab.run_for(std::chrono::milliseconds(5));
    std::size_t listed = 0;
    for (const auto& answer : machine.answers)
        if (const auto* reply = std::get_if<routing::AdminReply>(&answer))
            listed = column(*reply, "id").size();
    EXPECT_EQ(listed, kEntities);
}

TEST(AdminPages, OfMoreQuestionsThanAreReadAtOnceAreRefusedWithAnAnswer) {
    OneGroup lab(std::uint64_t{1} << 30);
    Machine& machine = lab[lab.leader];
    machine.answers.clear();
    for (std::uint64_t id = 1; id <= 20; ++id)
        machine.event(
            FromClient{ClientRef{77 + id}, routing::AdminRequest{id, "entities", {"kv"}}});
    lab.run_for(std::chrono::milliseconds(5));
    std::size_t answered = 0, refused = 0;
    for (const auto& answer : machine.answers) {
        const auto* reply = std::get_if<routing::AdminReply>(&answer);
        if (reply == nullptr) continue;
        ++answered;
        if (!reply->error) continue;
        EXPECT_EQ(reply->error->code, ErrorCode::Overloaded);
        ++refused;
    }
    EXPECT_EQ(answered, 20u);
    EXPECT_EQ(refused, 4u);
}

TEST(AdminPages, OfADamagedJournalSaySo) {
    OneGroup lab(std::uint64_t{1} << 30);
    const PartitionId group = lab.group_of("counter", "c");
    for (int i = 0; i < 20; ++i)
        ASSERT_EQ(lab.call("counter", "c", "add", "1").outcome, Outcome::Done);
    ASSERT_TRUE(lab[lab.leader].store.flip_bit_in_log(group, LogIndex{11}, 700));
    const auto reply = lab.admin(lab.leader, "journal", {"counter", "c"});
    EXPECT_TRUE(reply.last);
    const auto kinds = column(reply, "kind");
    ASSERT_FALSE(kinds.empty());
    EXPECT_LT(kinds.size(), 20u);
    EXPECT_EQ(std::ranges::count(kinds, "damaged"), 1);
    EXPECT_EQ(kinds.back(), "damaged");
    EXPECT_EQ(column(reply, "index").back(), "11");
}

TEST(AdminPages, OfPartitionsHoldEveryGroupOnce) {
    constexpr std::uint32_t kGroups = 4096;
    Lab lab({.nodes = 1, .groups = kGroups, .replicas = 1});
    lab.start();
    std::vector<std::string> found;
    routing::AdminReply reply;
    do {
        reply = lab.admin(0, "partitions", {reply.cursor});
        const auto groups = column(reply, "partition");
        EXPECT_LE(groups.size(), 2048u);
        found.insert(found.end(), groups.begin(), groups.end());
    } while (!reply.last);
    ASSERT_EQ(found.size(), kGroups + 1u);  // group 0 is the mesh's own
    for (std::size_t i = 0; i < found.size(); ++i) ASSERT_EQ(found[i], std::to_string(i));
    EXPECT_TRUE(lab.admin(0, "partitions", {"\x01nonsense"}).error.has_value());
}

TEST(AdminPages, EventsThatLeaveTheLogBetweenTwoPagesAreShownFromTheirRows) {
    OneGroup lab(3 << 20);
    constexpr std::size_t kEvents = 1200;
    const std::string filler(2000, '.');  // makes the log longer than one fetch of 1 MiB
    for (std::size_t i = 0; i < kEvents; ++i) {
        ASSERT_EQ(lab.call("counter", "c", "add", "1").outcome, Outcome::Done);
        lab.put("k" + std::to_string(i % 10), filler);
    }
    const std::string group = std::to_string(lab.group_of("counter", "c").value);
    const auto base = [&] { return column(lab.admin(lab.leader, "partition", {group}), "base"); };
    const auto base_before = base();
    auto reply = lab.admin(lab.leader, "journal", {"counter", "c"});
    std::multiset<std::string> versions;
    std::ranges::copy(column(reply, "version"), std::inserter(versions, versions.end()));
    ASSERT_FALSE(reply.last);
    ASSERT_LT(versions.size(), kEvents);
    for (std::size_t i = 0; i < 1000; ++i) lab.put("k" + std::to_string(i % 10), filler);
    lab.run_for(std::chrono::milliseconds(200));
    ASSERT_NE(base(), base_before) << "no sweep moved the log's beginning";
    while (!reply.last) {
        reply = lab.admin(lab.leader, "journal", {"counter", "c", reply.cursor});
        std::ranges::copy(column(reply, "version"), std::inserter(versions, versions.end()));
    }
    std::multiset<std::string> wanted;
    for (std::size_t i = 1; i <= kEvents; ++i) wanted.insert(std::to_string(i));
    EXPECT_EQ(versions, wanted);
}

// Rows may be ahead of the base, and a block that is written again in the middle of a replay ends
// before the next one begins (docs/findings.md, 74): what lay between is in the log alone.
TEST(AdminPages, EventsBehindABlockThatIsWrittenAgainShorterAreShownFromTheLog) {
    OneGroup lab(20'000);
    lab[(lab.leader + 1) % 3].hold_disk(true);  // the base waits for it
    storage::MemoryStore& store = lab[lab.leader].store;
    constexpr auto kJournal = storage::Table::Journal;
    std::size_t events = 0;
    const std::string prefix =
        lab[lab.leader].node().partition(lab.group_of("counter", "c")).row_prefix(kJournal);
    const auto blocks = [&] {
        auto keys = store.row_keys(kJournal);
        std::erase_if(keys, [&](const auto& key) { return !key.starts_with(prefix); });
        return keys;
    };
    for (; blocks().size() < 2; ++events) {
        ASSERT_LT(events, 1000u);
        ASSERT_EQ(lab.call("counter", "c", "add", "1").outcome, Outcome::Done);
    }
    lab.run_for(std::chrono::milliseconds(200));

    const std::string key = blocks().front();
    const auto row = store.read_row({kJournal, key});
    ASSERT_TRUE(row.has_value());
    const auto block = replication::decode_journal_row(key, row->value.view());
    ASSERT_TRUE(block.has_value());
    std::string_view behind = block->records;
    ASSERT_TRUE(entity::take_event_record(behind).has_value());
    replication::JournalRow shorter = *block;
    shorter.records.remove_suffix(behind.size());
    storage::WriteBatch batch;
    batch.put_row(kJournal, key, replication::encode_journal_row(shorter));
    ASSERT_TRUE(store.apply(batch).has_value());

    const auto reply = lab.admin(lab.leader, "journal", {"counter", "c"});
    ASSERT_TRUE(reply.last);
    std::multiset<std::string> wanted;
    for (std::size_t i = 1; i <= events; ++i) wanted.insert(std::to_string(i));
    const auto versions = column(reply, "version");
    EXPECT_EQ(std::multiset<std::string>(versions.begin(), versions.end()), wanted);
}

}  // namespace
}  // namespace weft::node::test
