// The path of one command (docs/design.md, "The path of a command"), hop by hop, and what clients
// are told on the way.

#include "core/error.h"
#include "lab.h"
#include "node/facts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace weft::node::test {
namespace {

using std::chrono::milliseconds;

class Path : public ::testing::Test {
protected:
    Lab lab;
    void SetUp() override {
        lab.start();
        ASSERT_TRUE(lab.run_until_ready());
        lab.run_for(milliseconds(250));
    }
    std::size_t leader(std::string_view type, std::string_view id) {
        return *lab.leader_of(lab.group_of(type, id));
    }
    std::size_t follower(std::string_view type, std::string_view id) {
        return (leader(type, id) + 1) % lab.size();
    }
    static std::ptrdiff_t place(const std::vector<std::string>& trace, const std::string& line) {
        const auto found = std::find(trace.begin(), trace.end(), line);
        return found == trace.end() ? -1 : found - trace.begin();
    }
};

TEST_F(Path, APutIsSentAndPersistedInOneRoundAndAnsweredAfterAQuorum) {
    const std::size_t at = leader("kv", "a");
    for (std::size_t i = 0; i < lab.size(); ++i) lab[i].trace.clear();
    const Reply reply = lab.ask(at, lab.request("kv", "a", "put", "x"));
    EXPECT_EQ(reply.outcome, Outcome::Done);
    EXPECT_EQ(reply.version, Version{1});
    const auto& trace = lab[at].trace;
    ASSERT_GE(trace.size(), 4u);
    // Hops 6 and 7: both appends and the record leave with the very round that took the request.
    EXPECT_TRUE(trace[0].starts_with("appends to ")) << trace[0];
    EXPECT_TRUE(trace[1].starts_with("appends to ")) << trace[1];
    EXPECT_EQ(trace[2], "persist");
    // Hop 8.
    EXPECT_GT(place(trace, "reply 1"), 2);
    // A follower persists before it acknowledges (S2).
    const auto& other = lab[follower("kv", "a")].trace;
    const std::string ack = "append answers to " + std::to_string(at);
    ASSERT_GE(place(other, ack), 0);
    EXPECT_LT(place(other, "persist"), place(other, ack));
}

TEST_F(Path, ManyCommandsOfOneRoundShareOneMessagePerPeerAndOnePersist) {
    const std::size_t at = leader("kv", "a");
    lab[at].trace.clear();
    for (int i = 0; i < 20; ++i)
        lab[at].event(FromClient{ClientRef{5}, lab.request("kv", "a", "put", "x")});
    lab.run_for(milliseconds(5));
    EXPECT_EQ(std::count(lab[at].trace.begin(), lab[at].trace.end(), "reply 1"), 20);
    EXPECT_EQ(std::count(lab[at].trace.begin(), lab[at].trace.end(), "persist"), 1);
}

TEST_F(Path, NothingIsAcknowledgedWhileNoQuorumHasItOnDisk) {
    const std::size_t at = leader("kv", "a");
    for (std::size_t i = 0; i < lab.size(); ++i)
        if (i != at) lab[i].hold_disk(true);
    lab[at].answers.clear();
    lab[at].event(FromClient{ClientRef{5}, lab.request("kv", "a", "put", "x")});
    lab.run_for(milliseconds(50));
    EXPECT_TRUE(lab[at].answers.empty());
    lab[follower("kv", "a")].hold_disk(false);
    lab.run_for(milliseconds(5));
    EXPECT_EQ(lab[at].answers.size(), 1u);
}

TEST_F(Path, AReadIsConfirmedByAQuorumAndWritesNothing) {
    ASSERT_EQ(lab.call("kv", "a", "put", "x").outcome, Outcome::Done);
    const std::size_t at = leader("kv", "a");
    lab.run_for(milliseconds(250));
    lab[at].trace.clear();
    const Reply reply = lab.ask(at, lab.request("kv", "a", "get"));
    EXPECT_EQ(reply.outcome, Outcome::Done);
    EXPECT_EQ(reply.payload.view(), "x");
    EXPECT_EQ(reply.level, Level::Linearizable);
    EXPECT_EQ(place(lab[at].trace, "persist"), -1);
    EXPECT_GE(place(lab[at].trace, "confirm to " + std::to_string(follower("kv", "a"))), 0);
}

TEST_F(Path, WhoeverIsOwedALargeReplyIsNotHeardUntilItLeaves) {
    const std::string large(kLargeReplyBytes + 1, 'x');
    ASSERT_EQ(lab.call("kv", "a", "put", large).outcome, Outcome::Done);
    const std::size_t at = leader("kv", "a");
    lab[at].trace.clear();
    EXPECT_EQ(lab.ask(at, lab.request("kv", "a", "get")).payload.size(), large.size());
    const auto held = std::ranges::find_if(
        lab[at].trace, [](const std::string& line) { return line.starts_with("hold "); });
    ASSERT_NE(held, lab[at].trace.end());
    EXPECT_LT(held - lab[at].trace.begin(), place(lab[at].trace, "reply 1"));
}

// Each takes a millisecond or more: whoever comes behind thirty of them would wait for all.
TEST_F(Path, ReadsOfLargeStatesTakeTurnsBehindWhatIsSmall) {
    const std::string large(std::size_t{256} << 10, 'x');
    ASSERT_EQ(lab.call("kv", "a", "put", large).outcome, Outcome::Done);
    const std::size_t at = leader("kv", "a");
    std::string small = "b";
    while (leader("kv", small) != at) small += "b";
    ASSERT_EQ(lab.call("kv", small, "put", "small").outcome, Outcome::Done);
    lab[at].answers.clear();
    constexpr std::uint64_t kLarge = 8;
    for (std::uint64_t i = 0; i < kLarge; ++i)
        lab[at].event(FromClient{ClientRef{100 + i}, lab.request("kv", "a", "get")});
    lab[at].event(FromClient{ClientRef{99}, lab.request("kv", small, "get")});
    lab[at].event(ClientGone{ClientRef{100 + kLarge - 1}});
    lab.run_for(std::chrono::seconds(1));
    std::vector<std::size_t> sizes;
    for (const auto& answer : lab[at].answers)
        sizes.push_back(std::get<Reply>(answer).payload.size());
    std::vector<std::size_t> expected(kLarge - 1, large.size());
    expected.insert(expected.begin(), 5);
    EXPECT_EQ(sizes, expected);
}

TEST_F(Path, MoreReadsOfLargeStatesThanMayWaitAreRefused) {
    const std::string large(kLargeReplyBytes + 1, 'x');
    ASSERT_EQ(lab.call("kv", "a", "put", large).outcome, Outcome::Done);
    const std::size_t at = leader("kv", "a");
    lab[at].answers.clear();
    constexpr std::size_t kReads = 1400;  // some leave before the last come
    for (std::uint64_t i = 0; i < kReads; ++i)
        lab[at].event(FromClient{ClientRef{100 + i}, lab.request("kv", "a", "get")});
    lab.run_for(std::chrono::seconds(5));
    const auto count = [&](Outcome outcome, std::uint16_t number) {
        return static_cast<std::size_t>(
            std::ranges::count_if(lab[at].answers, [&](const auto& answer) {
                const auto& reply = std::get<Reply>(answer);
                return reply.outcome == outcome && reply.error.number == number;
            }));
    };
    const std::size_t refused = count(Outcome::NotDone, std::to_underlying(ErrorNumber::QueueFull));
    EXPECT_GT(refused, 0u);
    EXPECT_LT(refused, kReads - 1024);
    EXPECT_EQ(count(Outcome::Done, 0), kReads - refused);
}

TEST_F(Path, ALeaderCutOffServesNoReadAndLosesItsPlace) {
    ASSERT_EQ(lab.call("kv", "a", "put", "x").outcome, Outcome::Done);
    const std::size_t old = leader("kv", "a");
    for (std::size_t i = 0; i < lab.size(); ++i) {
        lab.cut(old, i);
        lab.cut(i, old);
    }
    lab[old].answers.clear();
    lab[old].event(FromClient{ClientRef{5}, lab.request("kv", "a", "get")});
    lab.run_for(std::chrono::seconds(3));
    ASSERT_EQ(lab[old].answers.size(), 1u);
    EXPECT_EQ(std::get<Reply>(lab[old].answers[0]).outcome, Outcome::NotDone);
    EXPECT_NE(leader("kv", "a"), old);
    EXPECT_EQ(lab.call("kv", "a", "get").payload.view(), "x");
}

// P-single: a stale owner must not find anybody who confirms it.
TEST_F(Path, AConfirmIsRefusedByWhoeverDoesNotFollowThatLeaderInThatTerm) {
    const PartitionId group = lab.group_of("kv", "a");
    const std::size_t at = leader("kv", "a");
    const std::size_t asked = (at + 1) % 3, other = (at + 2) % 3;
    const Term term = lab[asked].node().partition(group).replica().term();
    struct Case {
        const char* why;
        std::size_t from;
        replication::GroupTerm claim;
        bool refused;
        Term own;
    };
    const Case cases[] = {
        {"its leader", at, {group, term}, false, {}},
        {"an older term", at, {group, Term{term.value - 1}}, true, term},
        {"a newer term", at, {group, Term{term.value + 1}}, true, term},
        {"not its leader", other, {group, term}, true, term},
        {"a group that is not here", at, {PartitionId{77}, term}, true, Term{}},
    };
    lab[asked].keep_messages = true;
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        lab[asked].messages.clear();
        const replication::PeerMessage confirm = replication::Confirm{ConfirmRound{7}, {c.claim}};
        lab[asked].event(FromPeer{lab[c.from].id(), lab[c.from].boot,
                                  lab[c.from].store.stats().durable, confirm});
        lab[asked].round();
        const replication::ConfirmAnswer* answer = nullptr;
        for (const MeshMessage& message : lab[asked].messages)
            if (const auto* sent = std::get_if<replication::PeerMessage>(&message))
                if (const auto* found = std::get_if<replication::ConfirmAnswer>(sent))
                    answer = found;
        ASSERT_NE(answer, nullptr);
        EXPECT_EQ(answer->round, ConfirmRound{7});
        ASSERT_EQ(answer->refused.size(), c.refused ? 1u : 0u);
        if (c.refused) {
            EXPECT_EQ(answer->refused[0].term, c.own);
        }
    }
}

TEST_F(Path, AFollowerRedirectsToTheLeader) {
    const Reply reply = lab.ask(follower("kv", "a"), lab.request("kv", "a", "put", "x"));
    EXPECT_EQ(reply.outcome, Outcome::NotDone);
    EXPECT_EQ(reply.error.code, ErrorCode::NotLeader);
    EXPECT_EQ(reply.leader_hint, lab[leader("kv", "a")].id());
    EXPECT_GT(reply.hint_term, Term{0});
    EXPECT_EQ(lab[follower("kv", "a")].node().counters().redirected, 1u);
}

TEST_F(Path, ARequestThatDoesNotHoldIsRefusedBeforeThePartition) {
    const std::size_t at = leader("kv", "a");
    struct Case {
        const char* why;
        ErrorCode code;
        void (*spoil)(Request&);
    };
    const Case cases[] = {
        {"another group", ErrorCode::Malformed,
         [](Request& r) { r.id.group = PartitionId{1 + r.id.group.value % 8}; }},
        {"a group that is not", ErrorCode::Malformed,
         [](Request& r) { r.id.group = PartitionId{9000}; }},
        {"another digest", ErrorCode::Malformed, [](Request& r) { r.digest.bytes[0] ^= 1; }},
        {"no client", ErrorCode::Malformed, [](Request& r) { r.id.client = ClientId{}; }},
        {"no number", ErrorCode::Malformed, [](Request& r) { r.id.seq = 0; }},
        {"an empty id", ErrorCode::Malformed, [](Request& r) { r.entity = {}; }},
        {"a reserved type", ErrorCode::Malformed, [](Request& r) { r.type = "!mesh"; }},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        Request request = lab.request("kv", "a", "put", "x");
        c.spoil(request);
        const Reply reply = lab.ask(at, request);
        EXPECT_EQ(reply.outcome, Outcome::NotDone);
        EXPECT_EQ(reply.error.code, c.code);
        EXPECT_FALSE(reply.error.message.empty());
    }
    EXPECT_FALSE(lab.call("kv", "a", "get").exists);
}

TEST_F(Path, ClientsMayReadTheFactsAndNeverWriteThem) {
    const std::size_t at = *lab.leader_of(PartitionId{0});
    EXPECT_EQ(lab.ask(at, lab.request(kFactsType, kFactsId, kDescribeCommand)).outcome,
              Outcome::Done);
    const Reply reply = lab.ask(at, lab.request(kFactsType, kFactsId, kFoundCommand, "x"));
    EXPECT_EQ(reply.outcome, Outcome::NotDone);
    EXPECT_EQ(reply.error.code, ErrorCode::Malformed);
}

TEST_F(Path, TheHelloNamesEveryNodeAndEveryLeader) {
    lab[1].answers.clear();
    lab[1].event(FromClient{ClientRef{5}, routing::ClientHello{}});
    lab.run_for(milliseconds(1));
    ASSERT_EQ(lab[1].answers.size(), 1u);
    const auto& hello = std::get<routing::HelloReply>(lab[1].answers[0]);
    EXPECT_EQ(hello.cluster, routing::cluster_id(lab.genesis_bytes));
    EXPECT_EQ(hello.node, lab[1].id());
    EXPECT_EQ(hello.groups, 8u);
    ASSERT_EQ(hello.leaders.size(), 9u);
    ASSERT_EQ(hello.terms.size(), 9u);
    for (std::uint32_t group = 0; group < 9; ++group) {
        ASSERT_LT(hello.leaders[group], hello.nodes.size());
        EXPECT_EQ(hello.nodes[hello.leaders[group]].node,
                  lab[*lab.leader_of(PartitionId{group})].id());
        EXPECT_GT(hello.terms[group], 0u);
    }
}

// What a client has is not sent again: neither the list of nodes nor leaders that are the same.
TEST_F(Path, AHelloTellsWhatTheClientDoesNotHave) {
    routing::ClientHello ask;
    ask.by_version = true;
    const auto told = [&] {
        lab[1].answers.clear();
        lab[1].event(FromClient{ClientRef{5}, ask});
        lab.run_for(milliseconds(1));
        return std::get<routing::HelloReply>(lab[1].answers.at(0));
    };
    const auto all = told();
    EXPECT_EQ(all.leaders.size(), 9u);
    EXPECT_EQ(all.nodes.size(), lab.size());
    ask.known = {all.node, all.boot, all.version};
    ask.nodes_digest = all.nodes_digest;
    const auto same = told();
    EXPECT_TRUE(same.nodes.empty());
    EXPECT_TRUE(same.leaders.empty());
    EXPECT_EQ(same.version, all.version);
    ask.wanted = {PartitionId{3}};
    const auto wanted = told();
    EXPECT_EQ(wanted.told, ask.wanted);
    EXPECT_EQ(wanted.leaders, std::vector<std::uint16_t>{all.leaders[3]});
    EXPECT_EQ(wanted.terms, std::vector<std::uint64_t>{all.terms[3]});
    ++ask.nodes_digest;
    EXPECT_EQ(told().nodes.size(), lab.size()) << "it has another list";
}

TEST(Hosting, ANodeWithoutTheGroupNamesOneThatHasIt) {
    Lab lab({.nodes = 3, .groups = 8, .replicas = 1});
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    const auto table = routing::PlacementTable::first(lab.genesis);
    const PartitionId group = lab.group_of("kv", "a");
    const std::size_t home = lab.number_of(table.replicas(group)[0]);
    const Reply reply = lab.ask((home + 1) % 3, lab.request("kv", "a", "put", "x"));
    EXPECT_EQ(reply.error.code, ErrorCode::NotHosted);
    EXPECT_EQ(reply.leader_hint, lab[home].id());
    EXPECT_EQ(lab.ask(home, lab.request("kv", "a", "put", "x")).outcome, Outcome::Done);
}

}  // namespace
}  // namespace weft::node::test
