// How a mesh begins: hello, first elections by the table, founding.

#include "lab.h"
#include "node/facts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace weft::node::test {
namespace {

using std::chrono::milliseconds;

TEST(Start, OneNodeAloneIsACompleteMesh) {
    Lab lab({.nodes = 1});
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    EXPECT_EQ(lab.call("kv", "a", "put", "hello").outcome, Outcome::Done);
    EXPECT_EQ(lab.call("kv", "a", "get").payload.view(), "hello");
    EXPECT_EQ(lab.call("counter", "c", "add", "5").payload.view(), "5");
}

TEST(Start, ThePreferredReplicaOfTheTableLeadsWithoutAnyTimeOut) {
    Lab lab({.groups = 16});
    lab.start();
    ASSERT_TRUE(lab.run_until([&] { return lab[0].node().ready() && lab[1].node().ready(); },
                              milliseconds(300)));
    const auto table = routing::PlacementTable::first(lab.genesis);
    std::uint64_t elections = 0;
    for (std::uint32_t group = 0; group < table.groups(); ++group) {
        const auto leader = lab.leader_of(PartitionId{group});
        ASSERT_TRUE(leader.has_value()) << "group " << group;
        EXPECT_EQ(lab[*leader].id(), table.replicas(PartitionId{group})[0]) << "group " << group;
    }
    for (std::size_t i = 0; i < lab.size(); ++i)
        elections += lab[i].node().counters().elections_won;
    EXPECT_EQ(elections, table.groups());
}

TEST(Start, AllVotesOfARoundAreOneMessageAndOneCommit) {
    Lab lab({.groups = 64});
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    std::size_t asks = 0, commits = 0;
    for (const std::string& line : lab[0].trace) {
        if (line.starts_with("vote asks")) ++asks;
        if (line == "persist") ++commits;
    }
    // 21 elections of this node: pre-vote and vote to two peers, whatever the number of groups.
    EXPECT_LE(asks, 12u);
    EXPECT_LE(commits, 20u);
}

TEST(Start, WithoutAQuorumThereIsNoLeaderAndNothingIsAnswered) {
    Lab lab;
    lab.start(0);
    lab.run_for(std::chrono::seconds(2));
    EXPECT_FALSE(lab[0].node().ready());
    const Reply reply = lab.ask(0, lab.request("kv", "a", "put", "x"));
    EXPECT_EQ(reply.outcome, Outcome::NotDone);
    EXPECT_EQ(reply.error.code, ErrorCode::NotLeader);
    EXPECT_TRUE(reply.leader_hint.is_zero());
}

TEST(Start, TheFirstLeaderOfGroupZeroFoundsTheMeshOnce) {
    Lab lab;
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    lab.run_for(milliseconds(50));
    const Reply facts = lab.call(kFactsType, kFactsId, kDescribeCommand);
    ASSERT_EQ(facts.outcome, Outcome::Done) << facts.error.message;
    const std::string text(facts.payload.view());
    for (const auto& record : lab.genesis.founders)
        EXPECT_NE(text.find(record.node.hex()), std::string::npos) << text;
    EXPECT_NE(text.find(R"({"epoch":1,"table":")" +
                        routing::PlacementTable::first(lab.genesis).digest().hex()),
              std::string::npos)
        << text;
    EXPECT_NE(text.find(R"({"type":"kv","kind":"value"})"), std::string::npos) << text;
    EXPECT_EQ(facts.version, Version{6});  // three nodes, one epoch, two types
    lab.kill(*lab.leader_of(PartitionId{0}));
    ASSERT_TRUE(lab.run_until_ready());
    lab.run_for(milliseconds(50));
    EXPECT_EQ(lab.call(kFactsType, kFactsId, kDescribeCommand).version, Version{6});
}

// Its nodes, the home of group 0 first.
std::vector<std::size_t> holders_of_facts(Lab& lab) {
    std::vector<std::size_t> holders;
    const auto table = routing::PlacementTable::first(lab.genesis);
    for (const NodeId& node : table.replicas(PartitionId{0}))
        holders.push_back(lab.number_of(node));
    return holders;
}

std::ptrdiff_t asked_of(Lab& lab, std::size_t asker, std::size_t asked) {
    const std::string line = "node request to " + std::to_string(asked);
    return std::ranges::count(lab[asker].trace, line);
}

TEST(Start, WithoutItsHomeGroupZeroIsFoundedByItsLeader) {
    Lab lab;
    const auto holders = holders_of_facts(lab);
    lab.start(holders[1]);
    lab.start(holders[2]);
    ASSERT_TRUE(lab.run_until([&] { return lab.leader_of(PartitionId{0}).has_value(); }));
    lab.run_for(std::chrono::seconds(3));
    EXPECT_EQ(lab.call(kFactsType, kFactsId, kDescribeCommand).version, Version{6});
    EXPECT_EQ(asked_of(lab, holders[1], holders[2]) + asked_of(lab, holders[2], holders[1]), 0)
        << "who follows and is not the home asks nobody";
}

bool is_behind_the_first_entry(const MeshMessage& message) {
    const auto* said = std::get_if<replication::PeerMessage>(&message);
    if (said == nullptr) return false;
    const auto* batch = std::get_if<replication::AppendBatch>(said);
    if (batch == nullptr) return false;
    for (const auto& item : batch->items)
        if (item.group == PartitionId{0} && item.prev.index >= LogIndex{1}) return true;
    return false;
}

// The first leader is lost with what it proposed; the home is there again and asks the next one.
TEST(Start, TheHomeOfGroupZeroAsksWhoeverLeadsItAndTheMeshIsFoundedOnce) {
    Lab lab;
    const auto holders = holders_of_facts(lab);
    const std::size_t home = holders[0];
    lab.loses = is_behind_the_first_entry;
    lab.start(holders[1]);
    lab.start(holders[2]);
    const auto leads = [&](std::size_t number) {
        return lab[number].alive() && lab[number].node().partition(PartitionId{0}).ready();
    };
    ASSERT_TRUE(lab.run_until([&] { return leads(holders[1]) || leads(holders[2]); }));
    const std::size_t first = leads(holders[1]) ? holders[1] : holders[2];
    const std::size_t next = holders[1] + holders[2] - first;
    EXPECT_EQ(lab[first].node().partition(PartitionId{0}).replica().commit(), LogIndex{1})
        << "nothing is founded yet";
    lab.kill(first);
    lab.loses = [](const MeshMessage&) { return false; };
    lab.start(home);
    ASSERT_TRUE(lab.run_until([&] { return leads(next); }, std::chrono::seconds(20)));
    lab.run_for(std::chrono::seconds(3));
    EXPECT_GE(asked_of(lab, home, next), 1);
    lab.start(first);
    lab.run_for(std::chrono::seconds(3));
    EXPECT_EQ(lab.call(kFactsType, kFactsId, kDescribeCommand).version, Version{6});
}

// A session of its own clock would be over before it begins.
TEST(Start, ANodeWhoseClockWasSetBackFoundsItsMeshAllTheSame) {
    Lab lab({.nodes = 1, .groups = 1});
    lab[0].wall_ahead_ms = std::int64_t{24} * 3600 * 1000;
    lab[0].hold_disk(true);
    lab.start();
    const auto commit = [&] { return lab[0].node().partition(PartitionId{0}).replica().commit(); };
    for (int batch = 0; batch < 100 && commit() == LogIndex{0}; ++batch) {
        lab[0].hold_disk(false);
        lab[0].hold_disk(true);
        lab.run_for(milliseconds(10));
    }
    ASSERT_EQ(commit(), LogIndex{1}) << "the founding waits for the disk, and is lost";
    lab.kill(0);
    lab[0].hold_disk(false);
    lab[0].wall_ahead_ms = 0;
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    lab.run_for(std::chrono::seconds(3));
    EXPECT_TRUE(lab.call(kFactsType, kFactsId, kDescribeCommand).exists);
}

TEST(Start, AnIdleMeshCostsMessagesPerPeerAndNotPerGroup) {
    Lab lab({.groups = 128});
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    lab.run_for(std::chrono::seconds(3));
    const std::size_t before = lab[0].messages_sent;
    lab.run_for(std::chrono::seconds(1));
    // Ten heartbeats to each of two peers, and the answers to theirs.
    EXPECT_LE(lab[0].messages_sent - before, 44u);
    EXPECT_GE(lab[0].messages_sent - before, 36u);
    for (std::size_t i = 0; i < lab.size(); ++i)
        EXPECT_LE(lab[i].node().counters().elections_won, 44u);  // a third of 128, and P0
}

TEST(Start, AFactIsToldInWords) {
    entity::TypeTable types;
    Lab lab({.nodes = 1, .groups = 1});
    const std::string payload =
        founding_facts(lab.genesis, routing::PlacementTable::first(lab.genesis), lab.types);
    // The first fact follows its length.
    std::uint32_t size = 0;
    std::memcpy(&size, payload.data(), sizeof size);
    EXPECT_EQ(describe_fact(std::string_view(payload).substr(4, size)), "admitted a (01000000)");
    EXPECT_EQ(describe_fact("\xff"), "");
    EXPECT_EQ(describe_fact(std::string_view(payload).substr(4, size - 1)), "");
}

}  // namespace
}  // namespace weft::node::test
