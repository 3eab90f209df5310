// Administrative questions: what a node tells of itself.

#include "lab.h"
#include "node/admin/text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace weft::node::test {
namespace {

using Row = std::map<std::string, std::string>;

std::vector<Row> rows_of(const routing::AdminReply& reply) {
    EXPECT_FALSE(reply.error.has_value()) << reply.error->message;
    EXPECT_EQ(reply.kinds.size(), reply.columns.size());
    std::vector<Row> rows;
    for (std::size_t i = 0; i < reply.cells.size(); ++i) {
        if (i % reply.columns.size() == 0) rows.emplace_back();
        rows.back()[reply.columns[i % reply.columns.size()]] = reply.cells[i];
    }
    return rows;
}

class AdminTest : public ::testing::Test {
protected:
    Lab lab{{.adjust = [](NodeOptions& o) { o.sweep_log_bytes = 20'000; }}};
    void SetUp() override {
        lab.start();
        ASSERT_TRUE(lab.run_until_ready());
        lab.run_for(std::chrono::milliseconds(250));
    }
    std::vector<Row> ask(std::size_t node, std::string_view verb,
                         std::vector<std::string> arguments = {}) {
        return rows_of(lab.admin(node, verb, std::move(arguments)));
    }
};

TEST_F(AdminTest, StatusNamesTheNodeAndCountsWhatItLeads) {
    ASSERT_EQ(lab.call("kv", "a", "put", "x").outcome, Outcome::Done);
    std::size_t leads = 0, requests = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        const auto rows = ask(i, "status");
        ASSERT_EQ(rows.size(), 1u);
        EXPECT_EQ(rows[0].at("node"), std::string(1, static_cast<char>('a' + i)));
        EXPECT_EQ(rows[0].at("id"), lab[i].id().hex());
        EXPECT_EQ(rows[0].at("boot"), "1");
        EXPECT_EQ(rows[0].at("ready"), "true");
        EXPECT_EQ(rows[0].at("hosts"), "9");
        EXPECT_EQ(rows[0].at("peers_up"), "2");
        EXPECT_NE(rows[0].at("durable_lsn"), "0");
        leads += std::stoul(rows[0].at("leads"));
        requests += std::stoul(rows[0].at("requests"));
    }
    EXPECT_EQ(leads, 9u);
    EXPECT_EQ(requests, 1u);
}

TEST_F(AdminTest, HealthNamesWhatIsWrong) {
    for (const Row& row : ask(0, "health")) EXPECT_EQ(row.at("ok"), "true") << row.at("check");
    lab.kill(2);
    lab.run_for(std::chrono::seconds(2));
    bool found = false;
    for (const Row& row : ask(0, "health")) {
        if (row.at("check") != "peers") continue;
        found = true;
        EXPECT_EQ(row.at("ok"), "false");
        EXPECT_EQ(row.at("reason"), "no contact with c");
    }
    EXPECT_TRUE(found);
    EXPECT_EQ(ask(0, "peers")[1].at("link"), "gone");
}

// Which partitions, and why they have no leader: docs/operating.md sends people here.
TEST_F(AdminTest, HealthNamesThePartitionsWithoutALeader) {
    lab.kill(1);
    lab.kill(2);
    lab.run_for(std::chrono::seconds(5));
    std::map<std::string, std::string> told;
    for (const Row& row : ask(0, "health"))
        if (row.at("ok") == "false") told[row.at("check")] = row.at("reason");
    EXPECT_EQ(told["leaders"],
              "9 partitions without a leader: 0-8; 9 of them lack a majority of their nodes, "
              "no contact with b, c");
    // As the column of that name in "status".
    EXPECT_EQ(told["ready"], "9 partitions are not served");
    EXPECT_EQ(ask(0, "status")[0].at("ready"), "false");
}

TEST_F(AdminTest, StatusCountsWhatMembershipDropped) {
    const auto dropped = [&] { return std::stoul(ask(0, "status")[0].at("gossip_dropped")); };
    const unsigned long before = dropped();
    for (int i = 0; i < 3; ++i) lab[0].event(FromGossip{Bytes::copy_of("rubbish")});
    EXPECT_EQ(dropped(), before + 3);
}

TEST(AdminText, ListsNumbersAndRunsOfThemAndEnds) {
    EXPECT_EQ(number_list({}), "");
    EXPECT_EQ(number_list({3}), "3");
    EXPECT_EQ(number_list({0, 1, 2, 4, 6, 7}), "0-2, 4, 6-7");
    std::vector<std::uint32_t> odd;
    for (std::uint32_t n = 1; n < 100; n += 2) odd.push_back(n);
    EXPECT_EQ(number_list(odd),
              "1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31 and 34 more");
}

// Said for a minute, summed up: who looks need not look in the same second.
TEST_F(AdminTest, HealthNamesConnectionsThatHadToGo) {
    const auto reason = [&] {
        for (const Row& row : ask(0, "health"))
            if (row.at("check") == "connections") return row.at("ok") + " " + row.at("reason");
        return std::string("no such check");
    };
    EXPECT_EQ(reason(), "true ");
    lab[0].event(ConnectionsShort{2, 0, 1});
    lab[0].event(ConnectionsShort{1, 4, 0});
    EXPECT_EQ(reason(),
              "false in the last minute 3 connections found no file descriptor, 4 made room "
              "for others, 1 were cut for what they made the node hold");
    lab.run_for(std::chrono::seconds(61));
    EXPECT_EQ(reason(), "true ");
    lab[0].event(ConnectionsShort{0, 5, 0});
    EXPECT_NE(reason().find("0 connections found no file descriptor, 5 made"), std::string::npos);
}

TEST_F(AdminTest, PartitionsAreListedWithTheirLeaders) {
    const auto rows = ask(1, "partitions");
    ASSERT_EQ(rows.size(), 9u);
    for (const Row& row : rows) {
        const PartitionId group{static_cast<std::uint32_t>(std::stoul(row.at("partition")))};
        const std::size_t leader = *lab.leader_of(group);
        EXPECT_EQ(row.at("leader"), std::string(1, static_cast<char>('a' + leader)));
        EXPECT_EQ(row.at("role"), leader == 1 ? "leader" : "follower");
    }
    EXPECT_EQ(ask(1, "partition", {"3"})[0].at("partition"), "3");
    for (const auto& bad : {"9", "x", ""})
        EXPECT_TRUE(lab.admin(1, "partition", {bad}).error.has_value()) << bad;
    EXPECT_EQ(lab.admin(1, "partition", {"9"}).error->message,
              "there is no partition '9': they are 0 to 8");
    EXPECT_TRUE(lab.admin(1, "no such verb").error.has_value());
}

// An empty table would say that there are no entities.
TEST_F(AdminTest, AListOfATypeThatDoesNotExistIsRefused) {
    for (const auto& [verb, arguments] : std::map<std::string, std::vector<std::string>>{
             {"entities", {"nosuch"}}, {"journal", {"nosuch", "x"}}}) {
        const auto error = lab.admin(0, verb, arguments).error;
        ASSERT_TRUE(error.has_value()) << verb;
        EXPECT_EQ(error->code, ErrorCode::UnknownType);
        EXPECT_NE(error->message.find("counter, kv"), std::string::npos) << error->message;
    }
    EXPECT_TRUE(ask(0, "entities", {"kv"}).empty());
}

TEST_F(AdminTest, ALeadershipIsTransferredToTheNodeOneNames) {
    const PartitionId group{3};
    const std::size_t from = *lab.leader_of(group);
    const std::size_t to = (from + 2) % 3;
    ask(from, "transfer", {"3", std::string(1, static_cast<char>('a' + to))});
    EXPECT_TRUE(lab.run_until([&] { return lab.leader_of(group) == std::optional(to); },
                              std::chrono::milliseconds(200)));
    EXPECT_TRUE(lab.admin(from, "transfer", {"3"}).error.has_value());
}

TEST_F(AdminTest, EntitiesAreListedFromRowsAndFromMemoryEachOnce) {
    std::set<std::string> wanted;
    for (int i = 0; i < 200; ++i) {
        const std::string id = (i % 2 == 0 ? "even-" : "odd-") + std::to_string(i);
        ASSERT_EQ(lab.call("kv", id, "put", "value").outcome, Outcome::Done);
        if (i % 2 == 0) wanted.insert(id);
    }
    ASSERT_EQ(lab.call("kv", "even-0", "delete").outcome, Outcome::Done);
    wanted.erase("even-0");
    ASSERT_EQ(lab.call("counter", "even-c", "add", "1").outcome, Outcome::Done);
    ASSERT_FALSE(lab[0].store.row_keys(storage::Table::Entity).empty()) << "no sweep happened";
    std::multiset<std::string> found;
    for (std::size_t i = 0; i < 3; ++i)
        for (const Row& row : ask(i, "entities", {"kv", "even-"})) {
            EXPECT_EQ(row.at("type"), "kv");
            EXPECT_EQ(row.at("bytes"), "5");
            found.insert(row.at("id"));
        }
    EXPECT_EQ(found, std::multiset<std::string>(wanted.begin(), wanted.end()));
}

TEST_F(AdminTest, LongListsComeInPages) {
    for (int i = 0; i < 1700; ++i)
        ASSERT_EQ(lab.call("kv", "k" + std::to_string(i), "put", "v").outcome, Outcome::Done);
    std::size_t pages = 0;
    std::set<std::string> found;
    for (std::size_t node = 0; node < 3; ++node) {
        std::vector<std::string> arguments = {"kv"};
        for (bool last = false; !last; ++pages) {
            const auto reply = lab.admin(node, "entities", arguments);
            for (const Row& row : rows_of(reply)) found.insert(row.at("id"));
            arguments = {"kv", reply.cursor};
            last = reply.last;
        }
    }
    EXPECT_EQ(found.size(), 1700u);
    EXPECT_GT(pages, 3u);
    EXPECT_TRUE(lab.admin(0, "entities", {}).error.has_value());
    EXPECT_TRUE(lab.admin(0, "entities", {"kv", "", "\x01nonsense"}).error.has_value());
}

TEST_F(AdminTest, TheJournalShowsRowsAndTheTailOfTheLog) {
    const std::size_t leader = *lab.leader_of(lab.group_of("counter", "c"));
    for (int i = 0; i < 300; ++i)
        ASSERT_EQ(lab.call("counter", "c", "add", "1").outcome, Outcome::Done);
    lab.run_for(std::chrono::milliseconds(200));
    ASSERT_FALSE(lab[leader].store.row_keys(storage::Table::Journal).empty()) << "no sweep";
    ASSERT_EQ(lab.call("counter", "c", "add", "no number").outcome, Outcome::Rejected);
    const auto rows = ask(leader, "journal", {"counter", "c"});
    std::set<std::string> versions;
    std::size_t events = 0, commands = 0;
    for (const Row& row : rows) {
        if (row.at("kind") == "outcome") continue;
        versions.insert(row.at("version"));
        if (row.at("kind") == "event") ++events;
        if (row.at("kind") == "command") ++commands;
    }
    EXPECT_EQ(versions.size(), 300u);
    EXPECT_EQ(events + commands, 300u);
    EXPECT_GT(events, 0u);
    EXPECT_EQ(rows.back().at("kind"), "outcome");
    EXPECT_EQ(rows.back().at("what").substr(0, 8), "rejected");
    const auto elsewhere = lab.admin((leader + 1) % 3, "journal", {"counter", "c"});
    ASSERT_TRUE(elsewhere.error.has_value());
    EXPECT_EQ(elsewhere.error->code, ErrorCode::NotLeader);
}

TEST_F(AdminTest, TheJournalShowsAValueThatTheLogHasLetGo) {
    const std::size_t leader = *lab.leader_of(lab.group_of("kv", "early"));
    ASSERT_EQ(lab.call("kv", "early", "put", "12345").outcome, Outcome::Done);
    // Others of its group, until a sweep has moved the beginning of the log past it.
    for (int i = 0; i < 2000; ++i)
        ASSERT_EQ(lab.call("kv", "k" + std::to_string(i), "put", "v").outcome, Outcome::Done);
    lab.run_for(std::chrono::milliseconds(200));
    const auto rows = ask(leader, "journal", {"kv", "early"});
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].at("kind"), "row");
    EXPECT_EQ(rows[0].at("version"), "1");
    EXPECT_EQ(rows[0].at("what"), "value of 5 bytes");
    EXPECT_EQ(rows[0].at("value"), "12345");
    EXPECT_EQ(rows[0].at("left_out"), "0");
}

TEST_F(AdminTest, TheJournalShowsValuesAndEventsAndSaysWhatItLeavesOut) {
    const std::string large(5000, 'x');
    for (const std::string& value : {std::string("\xff\0", 2), std::string(), large})
        ASSERT_EQ(lab.call("kv", "shown", "put", value).outcome, Outcome::Done);
    ASSERT_EQ(lab.call("kv", "shown", "delete", "").outcome, Outcome::Done);
    ASSERT_EQ(lab.call("counter", "shown", "add", "5").outcome, Outcome::Done);
    const auto values =
        ask(*lab.leader_of(lab.group_of("kv", "shown")), "journal", {"kv", "shown"});
    ASSERT_EQ(values.size(), 4u);
    EXPECT_EQ(values[0].at("value"), std::string("\xff\0", 2));
    EXPECT_EQ(values[1].at("value"), "");
    EXPECT_EQ(values[1].at("left_out"), "0") << "an empty value is one";
    EXPECT_EQ(values[2].at("value"), large.substr(0, 4096));
    EXPECT_EQ(values[2].at("left_out"), "904");
    EXPECT_EQ(values[3].at("what"), "deleted");
    EXPECT_EQ(values[3].at("left_out"), "-");
    for (const Row& row : values) EXPECT_EQ(row.at("events"), "-");
    const auto events =
        ask(*lab.leader_of(lab.group_of("counter", "shown")), "journal", {"counter", "shown"});
    ASSERT_EQ(events.size(), 1u);
    EXPECT_FALSE(events[0].at("events").empty());
    EXPECT_EQ(events[0].at("events").find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_EQ(events[0].at("left_out"), "0");
}

TEST_F(AdminTest, TheJournalOfTheFactsIsTheHistoryOfTheMesh) {
    const auto rows = ask(*lab.leader_of(PartitionId{0}), "journal", {"!mesh", "facts"});
    ASSERT_FALSE(rows.empty());
    const std::string what = rows[0].at("what");
    EXPECT_TRUE(what.starts_with("admitted a (01000000); admitted b")) << what;
    EXPECT_NE(what.find("epoch 1 ordered"), std::string::npos);
    EXPECT_NE(what.find("type kv registered (value)"), std::string::npos);
}

}  // namespace
}  // namespace weft::node::test
