// What nodes ask of each other on their own account: a request takes the way of a client's, and the
// answer goes to the process that has asked.

#include "core/error.h"
#include "lab.h"
#include "node/facts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace weft::node::test {
namespace {

using std::chrono::milliseconds;

class Asking : public ::testing::Test {
protected:
    Lab lab;
    void SetUp() override {
        lab.start();
        ASSERT_TRUE(lab.run_until_ready());
        lab.run_for(milliseconds(250));
        for (std::size_t i = 0; i < lab.size(); ++i) lab[i].keep_messages = true;
    }
    void arrive(std::size_t from, std::size_t to, Request request, std::uint64_t tag) {
        lab[to].event(FromPeer{lab[from].id(), lab[from].boot, Lsn{},
                               NodeRequest{OwnTag{tag}, std::move(request)}});
    }
    // What `of` has answered to that tag, in order.
    std::vector<Reply> answers(std::size_t of, std::uint64_t tag) {
        std::vector<Reply> out;
        for (const MeshMessage& message : lab[of].messages)
            if (const auto* told = std::get_if<NodeReply>(&message))
                if (told->tag == OwnTag{tag}) out.push_back(told->reply);
        return out;
    }
    Reply ask(std::size_t from, std::size_t to, Request request) {
        arrive(from, to, std::move(request), ++last_);
        lab.run_for(milliseconds(50));
        const auto told = answers(to, last_);
        EXPECT_EQ(told.size(), 1u);
        return told.empty() ? Reply{} : told.front();
    }
    static bool is_append(const MeshMessage& message) {
        const auto* said = std::get_if<replication::PeerMessage>(&message);
        return said != nullptr && std::holds_alternative<replication::AppendBatch>(*said);
    }
    std::size_t leader_of_a() { return *lab.leader_of(lab.group_of("kv", "a")); }
    std::uint64_t last_ = 1'000'000;  // no tag of the nodes' own
};

TEST_F(Asking, WhoLeadsTheGroupDoesItAndAnswers) {
    const std::size_t at = leader_of_a();
    const Reply reply = ask((at + 1) % 3, at, lab.request("kv", "a", "put", "x"));
    EXPECT_EQ(reply.outcome, Outcome::Done) << reply.error.message;
    EXPECT_EQ(lab.call("kv", "a", "get").payload.view(), "x");
}

TEST_F(Asking, WhoDoesNotLeadNamesTheLeader) {
    const std::size_t at = leader_of_a();
    const Reply reply = ask(at, (at + 1) % 3, lab.request("kv", "a", "put", "x"));
    EXPECT_EQ(reply.outcome, Outcome::NotDone);
    EXPECT_EQ(reply.error.code, ErrorCode::NotLeader);
    EXPECT_EQ(reply.leader_hint, lab[at].id());
}

TEST_F(Asking, ARequestIsCheckedAsThatOfAClient) {
    const std::size_t at = leader_of_a();
    Request wrong_group = lab.request("kv", "a", "put", "x");
    wrong_group.id.group = PartitionId{(wrong_group.id.group.value + 1) % 8};
    EXPECT_EQ(ask((at + 1) % 3, at, wrong_group).error.code, ErrorCode::Malformed);
    Request wrong_digest = lab.request("kv", "a", "put", "x");
    wrong_digest.digest.bytes[0] ^= std::uint8_t{1};
    EXPECT_EQ(ask((at + 1) % 3, at, wrong_digest).error.code, ErrorCode::Malformed);
    Request no_group = lab.request("kv", "a", "put", "x");
    no_group.id.group = PartitionId{8};
    EXPECT_EQ(ask((at + 1) % 3, at, no_group).error.code, ErrorCode::Malformed);
}

// Clients read the facts; nodes may write them.
TEST_F(Asking, OnlyNodesWriteTheFactsOfTheMesh) {
    const std::size_t at = *lab.leader_of(PartitionId{0});
    const Request request = lab.request(kFactsType, kFactsId, kFoundCommand, "again");
    EXPECT_EQ(lab.ask(at, request).error.code, ErrorCode::Malformed);
    const Reply reply = ask((at + 1) % 3, at, request);
    EXPECT_EQ(reply.outcome, Outcome::Done) << reply.error.message;
    EXPECT_EQ(reply.version, Version{6}) << "a mesh is founded once";
}

TEST_F(Asking, OfOneNodeSoManyWaitAndWhatIsMoreIsRefused) {
    const std::size_t at = leader_of_a();
    for (std::size_t i = 0; i < lab.size(); ++i)
        if (i != at) lab[i].hold_disk(true);  // nothing is committed
    const Request request = lab.request("kv", "a", "put", "x");
    for (std::uint64_t tag = 1; tag <= 257; ++tag) {
        Request each = lab.request("kv", "a", "put", "x");
        each.lowest_open = request.id.seq;
        arrive((at + 1) % 3, at, std::move(each), 5000 + tag);
    }
    lab.run_for(milliseconds(5));
    EXPECT_TRUE(answers(at, 5256).empty());
    ASSERT_EQ(answers(at, 5257).size(), 1u);
    EXPECT_EQ(answers(at, 5257).front().error.number, std::uint16_t(ErrorNumber::QueueFull));
    for (std::size_t i = 0; i < lab.size(); ++i) lab[i].hold_disk(false);
    lab.run_for(milliseconds(50));
    EXPECT_EQ(answers(at, 5256).size(), 1u);
    EXPECT_EQ(ask((at + 1) % 3, at, lab.request("kv", "a", "put", "y")).outcome, Outcome::Done);
}

TEST_F(Asking, ANewProcessIsNotToldWhatTheFormerHasAsked) {
    const std::size_t at = leader_of_a();
    const std::size_t asker = (at + 1) % 3;
    lab.loses = is_append;
    arrive(asker, at, lab.request("kv", "a", "put", "x"), 5000);
    lab.run_for(milliseconds(5));
    lab.kill(asker);
    lab.run_for(milliseconds(5));
    lab.start(asker);
    lab.run_for(milliseconds(100));  // they have greeted each other
    lab.loses = [](const MeshMessage&) { return false; };
    lab.run_for(milliseconds(900));
    EXPECT_TRUE(answers(at, 5000).empty());
    EXPECT_EQ(lab.call("kv", "a", "get").payload.view(), "x") << "it was done all the same";
}

// The asker asks again: its session remembers.
TEST_F(Asking, WhatIsDoneWhileTheLinkIsDownIsToldToNobody) {
    const std::size_t at = leader_of_a();
    const std::size_t asker = (at + 1) % 3;
    const Request request = lab.request("kv", "a", "put", "x");
    lab.loses = is_append;
    arrive(asker, at, request, 5000);
    lab.run_for(milliseconds(5));
    lab[at].event(PeerLink{lab[asker].id(), LinkState::Down});
    lab.loses = [](const MeshMessage&) { return false; };
    lab.run_for(milliseconds(400));
    lab[at].event(PeerLink{lab[asker].id(), LinkState::Up});
    lab.run_for(milliseconds(400));
    EXPECT_TRUE(answers(at, 5000).empty());
    EXPECT_EQ(lab.call("kv", "a", "get").payload.view(), "x");
    const Reply again = ask(asker, at, request);
    EXPECT_EQ(again.outcome, Outcome::Done) << again.error.message;
    EXPECT_EQ(again.version, Version{1});
}

TEST(AskingElsewhere, AGroupThatIsNotHereIsSaidNotToBe) {
    Lab lab({.nodes = 5, .groups = 8, .replicas = 3});
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    lab.run_for(milliseconds(250));
    const auto table = routing::PlacementTable::first(lab.genesis);
    std::string id = "a";
    while (lab.group_of("kv", id) == PartitionId{0}) id += 'a';
    const PartitionId group = lab.group_of("kv", id);
    std::size_t outside = 0;
    while (table.hosts(lab[outside].id(), group)) ++outside;
    lab[outside].keep_messages = true;
    const std::size_t asker = (outside + 1) % lab.size();
    lab[outside].event(FromPeer{lab[asker].id(), lab[asker].boot, Lsn{},
                                NodeRequest{OwnTag{1'000'000}, lab.request("kv", id, "put", "x")}});
    lab.run_for(milliseconds(5));
    const auto& sent = lab[outside].messages;
    const auto told = std::ranges::find_if(
        sent, [](const MeshMessage& each) { return std::holds_alternative<NodeReply>(each); });
    ASSERT_NE(told, sent.end());
    EXPECT_EQ(std::get<NodeReply>(*told).reply.error.number,
              std::uint16_t(ErrorNumber::PartitionNotHosted));
}

}  // namespace
}  // namespace weft::node::test
