// Which answers a candidacy counts, and when it is decided (Raft paper 5.2; S1, S17).

#include "replication/raft/candidacy.h"

#include "replica_lab.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

namespace weft::replication::test {
namespace {

using Outcome = Candidacy::Outcome;

class CandidacyTest : public testing::Test {
protected:
    CandidacyTest() { self.add(Seat(0)); }
    Outcome outcome() const { return candidacy.outcome(five); }

    Config five = Config::of({node(0), node(1), node(2), node(3), node(4)});
    PeerSet self;
    Candidacy candidacy;
};

TEST_F(CandidacyTest, IsWonByAQuorum) {
    candidacy.begin_pre_vote(self);
    candidacy.answered(Seat(1), true);
    candidacy.answered(Seat(1), true);
    candidacy.answered(Seat(2), false);
    EXPECT_EQ(outcome(), Outcome::Open);
    candidacy.answered(Seat(3), true);
    EXPECT_EQ(outcome(), Outcome::Won);
}

TEST_F(CandidacyTest, IsLostOnceNoQuorumIsLeft) {
    candidacy.begin_pre_vote(self);
    candidacy.answered(Seat(1), false);
    candidacy.answered(Seat(2), false);
    EXPECT_EQ(outcome(), Outcome::Open);
    candidacy.answered(Seat(3), false);
    EXPECT_EQ(outcome(), Outcome::Lost);
}

// S1.
TEST_F(CandidacyTest, CountsNothingBeforeItHasAsked) {
    candidacy.begin_election(false);
    EXPECT_TRUE(candidacy.waits());
    for (const std::size_t place : {1U, 2U, 3U}) candidacy.answered(Seat(place), true);
    for (const std::size_t place : {1U, 2U, 3U}) candidacy.answered(Seat(place), false);
    EXPECT_EQ(outcome(), Outcome::Open);
    candidacy.asked(self);
    EXPECT_FALSE(candidacy.waits());
    candidacy.answered(Seat(1), true);
    EXPECT_EQ(outcome(), Outcome::Open) << "nor later what was said before";
    candidacy.answered(Seat(2), true);
    EXPECT_EQ(outcome(), Outcome::Won) << "the own vote counts";
}

TEST_F(CandidacyTest, KeepsNothingOfTheOneBefore) {
    candidacy.begin_pre_vote(self);
    for (const std::size_t place : {1U, 2U}) candidacy.answered(Seat(place), true);
    for (const std::size_t place : {3U, 4U}) candidacy.answered(Seat(place), false);
    candidacy.begin_election(true);
    EXPECT_TRUE(candidacy.is_transfer());
    candidacy.asked(self);
    EXPECT_EQ(outcome(), Outcome::Open);
    candidacy.answered(Seat(1), false);
    EXPECT_EQ(outcome(), Outcome::Open);
    candidacy.begin_pre_vote(self);
    EXPECT_FALSE(candidacy.is_transfer());
}

// S17.
TEST_F(CandidacyTest, LosesTheAnswerOfAReplicaThatIsReplacedByAnother) {
    struct Case {
        bool granted;
        std::size_t answers;
        Outcome while_it_counts;
    };
    const Config now = Config::of({node(4), node(3), node(2), node(1), node(0)});
    Config second = now;
    second.members[3].since = LogIndex{9};  // node 1
    for (const Case& c : {Case{true, 2, Outcome::Won}, Case{false, 3, Outcome::Lost}}) {
        SCOPED_TRACE(c.granted);
        candidacy.begin_pre_vote(self);
        for (std::size_t place = 1; place <= c.answers; ++place)
            candidacy.answered(Seat(place), c.granted);
        EXPECT_EQ(outcome(), c.while_it_counts);
        candidacy.adopt(five, now);
        EXPECT_EQ(candidacy.outcome(now), c.while_it_counts);
        candidacy.adopt(now, second);
        EXPECT_EQ(candidacy.outcome(second), Outcome::Open);
    }
}

TEST_F(CandidacyTest, TellsWhatCannotBe) {
    candidacy.begin_election(false);
    candidacy.check(true, 5);
    EXPECT_EQ(weft::test::said_by([&] { candidacy.check(false, 5); }),
              "requests of no candidate wait, transfer false");
    candidacy.asked(self);
    candidacy.answered(Seat(4), true);
    candidacy.check(false, 5);
    EXPECT_EQ(weft::test::said_by([&] { candidacy.check(true, 4); }),
              "votes of places 0x10 of 4 members");
    candidacy.end();
    candidacy.check(false, 0);
}

}  // namespace
}  // namespace weft::replication::test
