// To whom a vote is given (Raft paper 5.2, 5.4.1; S1, S4, S5, S22).

#include "replication/raft/vote_rule.h"

#include "replica_lab.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace weft::replication::test {
namespace {

constexpr LogPosition at(std::uint64_t term, std::uint64_t index) {
    return {Term{term}, LogIndex{index}};
}

struct Case {
    const char* why = "";
    Voter voter{};
    VoteAsk ask{};
    Ballot ballot{};
};

// Node 1 asks.
void judge_all(const std::vector<Case>& cases) {
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        EXPECT_EQ(judge_vote(c.voter, node(1), c.ask), c.ballot);
    }
}

Voter voter(std::uint64_t term, NodeId vote = {}, std::optional<NodeId> leader = {}) {
    return {Term{term}, vote, leader, false, at(2, 7)};
}
Voter that_hears(std::uint64_t term, NodeId leader) {
    return {Term{term}, NodeId{}, leader, true, at(2, 7)};
}
VoteAsk ask(std::uint64_t term, bool pre = false, bool transfer = false) {
    return {kGroup, Term{term}, at(2, 7), pre, transfer};
}
VoteAsk ask_with(LogPosition last) { return {kGroup, Term{3}, last, false, false}; }

// S1.
TEST(Ballot, IsOneOfEachTerm) {
    judge_all({
        {"nobody has it", voter(3), ask(3), Ballot::Granted},
        {"the candidate has it", voter(3, node(1)), ask(3), Ballot::Granted},
        {"another has it", voter(3, node(2)), ask(3), Ballot::Refused},
        {"a newer term", voter(3, node(2), node(2)), ask(4), Ballot::Granted},
        {"an older term", voter(3), ask(2), Ballot::Untaken},
        {"and as its leader wanted", voter(3), ask(2, false, true), Ballot::Untaken},
    });
}

TEST(Ballot, OfATermThatHasALeaderIsThatOfTheLeader) {
    judge_all({
        {"another leads", voter(3, {}, node(2)), ask(3), Ballot::Refused},
        {"the candidate leads", voter(3, {}, node(1)), ask(3), Ballot::Granted},
        {"a pre-vote of it", voter(3, {}, node(1)), ask(3, true), Ballot::Refused},
    });
}

// S5, thesis 9.6: a pre-vote is for a term that nobody has yet, or that is still open.
TEST(Ballot, OfAPreVoteIsForANewerTermOrAnOpenOne) {
    judge_all({
        {"newer", voter(3, node(2), node(2)), ask(4, true), Ballot::Granted},
        {"open", voter(3), ask(3, true), Ballot::Granted},
        {"voted", voter(3, node(2)), ask(3, true), Ballot::Refused},
        {"led", voter(3, {}, node(2)), ask(3, true), Ballot::Refused},
    });
}

// S5, thesis 4.2.3.
TEST(Ballot, IsForNobodyWhileALeaderIsHeard) {
    judge_all({
        {"vote", that_hears(3, node(2)), ask(4), Ballot::Untaken},
        {"pre-vote", that_hears(3, node(2)), ask(4, true), Ballot::Untaken},
        {"as the leader wants", that_hears(3, node(2)), ask(4, false, true), Ballot::Granted},
    });
}

// S4, Raft paper 5.4.1.
TEST(Ballot, IsForNobodyWhoseLogIsOlder) {
    judge_all({
        {"same log", voter(2), ask_with(at(2, 7)), Ballot::Granted},
        {"longer", voter(2), ask_with(at(2, 8)), Ballot::Granted},
        {"one entry short", voter(2), ask_with(at(2, 6)), Ballot::OlderLog},
        {"shorter but newer", voter(2), ask_with(at(3, 1)), Ballot::Granted},
        {"longer but older", voter(2), ask_with(at(1, 9)), Ballot::OlderLog},
        {"older and not free", voter(3, node(2)), ask_with(at(2, 6)), Ballot::OlderLog},
    });
}

// S22.
TEST(Ballot, IsForNobodyOfAVoterThatCannotReadTheEndOfItsLog) {
    Voter damaged = voter(2);
    damaged.durable.reset();
    judge_all({
        {"longer", damaged, ask_with(at(2, 8)), Ballot::Refused},
        {"shorter", damaged, ask_with(at(2, 6)), Ballot::Refused},
    });
}

}  // namespace
}  // namespace weft::replication::test
