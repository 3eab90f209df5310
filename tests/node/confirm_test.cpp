// Confirm rounds of linearizable reads (S8).

#include "node/contact/confirm_rounds.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <span>
#include <vector>

namespace weft::node {
namespace {

NodeId node(std::uint8_t number) {
    NodeId id;
    id.bytes[0] = number;
    return id;
}
Instant at(std::int64_t ms) { return Instant{ms * 1'000'000}; }

class ConfirmTest : public ::testing::Test {
protected:
    ConfirmRounds rounds{{.self = node(1)}};
    const replication::Config three = replication::Config::of({node(1), node(2), node(3)});
    const replication::Config one = replication::Config::of({node(1)});
    std::vector<ConfirmRounds::Outgoing> out;
    std::vector<Confirmed> confirmed;
    std::vector<replication::GroupTerm> given_up;

    ConfirmRound begin(std::int64_t ms) {
        out.clear();
        rounds.begin(at(ms), out, confirmed);
        return out.empty() ? ConfirmRound{} : out[0].confirm.round;
    }
};

TEST_F(ConfirmTest, OneRoundPerPeerListsEveryGroupWithWaitingReads) {
    rounds.want(PartitionId{5}, Term{2}, ReadTicket{7}, three);
    rounds.want(PartitionId{3}, Term{1}, ReadTicket{1}, three);
    rounds.want(PartitionId{5}, Term{2}, ReadTicket{8}, three);
    begin(0);
    ASSERT_EQ(out.size(), 2u);
    for (const auto& message : out) {
        ASSERT_EQ(message.confirm.groups.size(), 2u);
        EXPECT_EQ(message.confirm.groups[0].group, PartitionId{3});
        EXPECT_EQ(message.confirm.groups[1].term, Term{2});
    }
    EXPECT_FALSE(rounds.waiting());
}

TEST_F(ConfirmTest, AQuorumOfUnrefusedAnswersConfirmsUpToTheTicket) {
    rounds.want(PartitionId{5}, Term{2}, ReadTicket{8}, three);
    const ConfirmRound round = begin(0);
    EXPECT_TRUE(confirmed.empty());
    rounds.on_answer(node(3), {round, {}}, confirmed);
    ASSERT_EQ(confirmed.size(), 1u);
    EXPECT_EQ(confirmed[0].group, PartitionId{5});
    EXPECT_EQ(confirmed[0].term, Term{2});
    EXPECT_EQ(confirmed[0].ticket, ReadTicket{8});
}

TEST_F(ConfirmTest, AReadThatCameAfterTheRoundBeganIsNotServedByIt) {
    rounds.want(PartitionId{5}, Term{2}, ReadTicket{8}, three);
    const ConfirmRound round = begin(0);
    rounds.want(PartitionId{5}, Term{2}, ReadTicket{9}, three);
    rounds.on_answer(node(3), {round, {}}, confirmed);
    ASSERT_EQ(confirmed.size(), 1u);
    EXPECT_EQ(confirmed[0].ticket, ReadTicket{8});
    EXPECT_TRUE(rounds.waiting());
}

TEST_F(ConfirmTest, ARefusedGroupIsNotConfirmedWhileOthersAre) {
    rounds.want(PartitionId{5}, Term{2}, ReadTicket{1}, three);
    rounds.want(PartitionId{6}, Term{2}, ReadTicket{1}, three);
    const ConfirmRound round = begin(0);
    rounds.on_answer(node(3), {round, {{PartitionId{5}, Term{3}}}}, confirmed);
    ASSERT_EQ(confirmed.size(), 1u);
    EXPECT_EQ(confirmed[0].group, PartitionId{6});
    rounds.on_answer(node(2), {round, {}}, confirmed);
    EXPECT_EQ(confirmed.size(), 2u);
}

TEST_F(ConfirmTest, RepeatedLateAndForeignAnswersAreHarmless) {
    const replication::Config five =
        replication::Config::of({node(1), node(2), node(3), node(4), node(5)});
    rounds.want(PartitionId{5}, Term{2}, ReadTicket{1}, five);
    const ConfirmRound round = begin(0);
    for (int i = 0; i < 3; ++i) rounds.on_answer(node(3), {round, {}}, confirmed);
    rounds.on_answer(node(9), {round, {}}, confirmed);
    rounds.on_answer(node(1), {round, {}}, confirmed);
    rounds.on_answer(node(4), {ConfirmRound{round.value + 1}, {}}, confirmed);
    EXPECT_TRUE(confirmed.empty());
    rounds.on_answer(node(4), {round, {}}, confirmed);
    EXPECT_EQ(confirmed.size(), 1u);
    rounds.on_answer(node(5), {round, {}}, confirmed);
    EXPECT_EQ(confirmed.size(), 1u);
}

// etcd#20418: an answer to the process's former life must not confirm a read of this one.
TEST_F(ConfirmTest, AnAnswerToAFormerBootConfirmsNothing) {
    ConfirmRounds former({.self = node(1), .first_round = {std::uint64_t{1} << 40}});
    former.want(PartitionId{5}, Term{2}, ReadTicket{1}, three);
    former.begin(at(0), out, confirmed);
    const ConfirmRound old = out[0].confirm.round;
    ConfirmRounds reborn({.self = node(1), .first_round = {std::uint64_t{2} << 40}});
    reborn.want(PartitionId{5}, Term{4}, ReadTicket{1}, three);
    reborn.begin(at(9), out, confirmed);
    reborn.on_answer(node(2), {old, {}}, confirmed);
    EXPECT_TRUE(confirmed.empty());
}

TEST_F(ConfirmTest, AGroupOfThisNodeAloneIsConfirmedAtOnce) {
    rounds.want(PartitionId{5}, Term{2}, ReadTicket{4}, one);
    EXPECT_EQ(begin(0), ConfirmRound{});
    ASSERT_EQ(confirmed.size(), 1u);
    EXPECT_EQ(confirmed[0].ticket, ReadTicket{4});
}

TEST_F(ConfirmTest, AThirdRoundWaitsUntilOneIsAnswered) {
    rounds.want(PartitionId{1}, Term{1}, ReadTicket{1}, three);
    const ConfirmRound first = begin(0);
    rounds.want(PartitionId{1}, Term{1}, ReadTicket{2}, three);
    EXPECT_NE(begin(1), ConfirmRound{});
    rounds.want(PartitionId{1}, Term{1}, ReadTicket{3}, three);
    EXPECT_EQ(begin(2), ConfirmRound{});
    EXPECT_TRUE(rounds.waiting());
    rounds.on_answer(node(2), {first, {}}, confirmed);
    EXPECT_NE(begin(3), ConfirmRound{});
}

TEST_F(ConfirmTest, AGroupWithoutQuorumDoesNotHoldTheOthersUp) {
    rounds.want(PartitionId{1}, Term{1}, ReadTicket{1}, three);
    begin(0);
    rounds.want(PartitionId{1}, Term{1}, ReadTicket{2}, three);
    begin(1);
    rounds.want(PartitionId{2}, Term{1}, ReadTicket{1}, three);
    EXPECT_EQ(begin(2), ConfirmRound{});
    const Instant retry = rounds.deadline();
    EXPECT_EQ(retry, at(0) + ConfirmRounds::kPatience);
    EXPECT_NE(begin(retry.ns / 1'000'000), ConfirmRound{});
    // No busy wait: what is left to do is to give the first round up.
    EXPECT_EQ(rounds.deadline(), at(200));
}

TEST_F(ConfirmTest, RoundsThatStayUnansweredAreGivenUp) {
    rounds.want(PartitionId{1}, Term{1}, ReadTicket{1}, three);
    const ConfirmRound round = begin(0);
    rounds.expire(at(199), given_up);
    EXPECT_TRUE(given_up.empty());
    rounds.expire(at(200), given_up);
    ASSERT_EQ(given_up.size(), 1u);
    EXPECT_EQ(given_up[0].group, PartitionId{1});
    rounds.on_answer(node(2), {round, {}}, confirmed);
    EXPECT_TRUE(confirmed.empty());
}

TEST_F(ConfirmTest, ALostTermMakesItsReadsVoid) {
    rounds.want(PartitionId{1}, Term{1}, ReadTicket{1}, three);
    const ConfirmRound round = begin(0);
    rounds.want(PartitionId{1}, Term{1}, ReadTicket{2}, three);
    rounds.forget(PartitionId{1});
    EXPECT_FALSE(rounds.waiting());
    rounds.on_answer(node(2), {round, {}}, confirmed);
    EXPECT_TRUE(confirmed.empty());
}

TEST_F(ConfirmTest, AChangedConfigurationIsAskedAnew) {
    rounds.want(PartitionId{1}, Term{1}, ReadTicket{1}, three);
    const ConfirmRound round = begin(0);
    rounds.want(PartitionId{1}, Term{1}, ReadTicket{2},
                replication::Config::of({node(1), node(4), node(5)}));
    rounds.on_answer(node(2), {round, {}}, confirmed);
    EXPECT_TRUE(confirmed.empty());
    const ConfirmRound second = begin(1);
    rounds.on_answer(node(4), {second, {}}, confirmed);
    ASSERT_EQ(confirmed.size(), 1u);
    EXPECT_EQ(confirmed[0].ticket, ReadTicket{2});
}

// Else a read would be served by who is leader no more.
TEST_F(ConfirmTest, ReadsOfAGroupThatIsNotLedAreAFault) {
    const std::vector<replication::GroupTerm> led{{PartitionId{1}, Term{3}},
                                                  {PartitionId{5}, Term{2}}};
    rounds.want(PartitionId{5}, Term{2}, ReadTicket{1}, three);
    rounds.check(led);
    EXPECT_DEATH(rounds.check(std::span(led).first(1)), "group 5 wait in term 2");
    rounds.want(PartitionId{1}, Term{2}, ReadTicket{1}, three);
    EXPECT_DEATH(rounds.check(led), "group 1 wait in term 2");
    rounds.forget(PartitionId{1});
    rounds.check(led);
    begin(0);
    rounds.check({});
}

// Else a round of the newer term would confirm a read of a leader that is none any more.
TEST_F(ConfirmTest, AReadOfAFormerTermIsAFault) {
    rounds.want(PartitionId{5}, Term{3}, ReadTicket{1}, three);
    rounds.forget(PartitionId{5});
    EXPECT_EQ(
        weft::test::said_by([&] { rounds.want(PartitionId{5}, Term{2}, ReadTicket{2}, three); }),
        "a read of group 5 waits in term 2, others did in 3");
}

// Else the young ones would not be the last, nor the first the one to be given up.
TEST_F(ConfirmTest, ARoundThatBeganBeforeTheLastIsAFault) {
    rounds.want(PartitionId{5}, Term{2}, ReadTicket{1}, three);
    begin(9);
    rounds.want(PartitionId{5}, Term{2}, ReadTicket{2}, three);
    begin(9);
    EXPECT_EQ(weft::test::said_by([&] { rounds.check({}); }), "");
    rounds.expire(at(9) + std::chrono::milliseconds(200), given_up);
    rounds.want(PartitionId{5}, Term{2}, ReadTicket{3}, three);
    begin(300);
    rounds.want(PartitionId{5}, Term{2}, ReadTicket{4}, three);
    begin(299);
    EXPECT_EQ(weft::test::said_by([&] { rounds.check({}); }), "round 4 began before round 3");
}

}  // namespace
}  // namespace weft::node
