// When a leader has lost its quorum (thesis 6.2; S6).

#include "replication/raft/quorum_contact.h"

#include "replica_lab.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

namespace weft::replication::test {
namespace {

constexpr Instant kStart{1'000'000'000};

Instant after(std::int64_t count) { return kStart + ms(count); }

// Place 0 leads since kStart.
class QuorumContactTest : public testing::Test {
protected:
    QuorumContactTest() {
        self.add(Seat(0));
        quorum.begin(five, self, kStart);
    }
    void round(std::size_t place, Instant at) {
        rounds.set(node(place), at);
        quorum.rounds(rounds);
    }
    bool look(Instant now) { return quorum.look(five, self, appends, now); }

    Config five = members(5);
    PeerSet self;
    ContactTimes rounds;
    QuorumContact::Appends appends{Instant::long_ago()};
    QuorumContact quorum{Timings{}};
};

TEST_F(QuorumContactTest, IsGivenAFullTimeoutFromTheElectionOn) {
    EXPECT_EQ(quorum.deadline(), after(1000));
    EXPECT_TRUE(look(after(1000) - Duration{1}));
    EXPECT_FALSE(look(after(1000)));
}

// Two others and itself.
TEST_F(QuorumContactTest, IsAsOldAsWithThatMemberWhoMakesItAQuorum) {
    round(1, after(700));
    EXPECT_FALSE(look(after(1000))) << "one other is none";
    round(2, after(300));
    EXPECT_TRUE(look(after(1000)));
    EXPECT_EQ(quorum.quorum_at(), after(300));
    EXPECT_EQ(quorum.deadline(), after(1300));
    round(3, after(500));
    EXPECT_TRUE(look(after(1000)));
    EXPECT_EQ(quorum.deadline(), after(1500));
}

TEST_F(QuorumContactTest, IsWhatWasAnsweredLast) {
    appends[Seat(1)] = after(400);
    appends[Seat(2)] = after(600);
    round(1, after(500));
    round(2, after(100));
    EXPECT_TRUE(look(after(600)));
    EXPECT_EQ(quorum.quorum_at(), after(500));
}

TEST_F(QuorumContactTest, IsNotMadeByWhoDoesNotVote) {
    five.voters.remove(Seat(1));
    five.voters.remove(Seat(2));
    for (const std::size_t place : {1U, 2U}) appends[Seat(place)] = after(900);
    EXPECT_FALSE(look(after(1000)));
    appends[Seat(3)] = after(900);
    EXPECT_TRUE(look(after(1000)));
}

TEST_F(QuorumContactTest, IsNeededOfBothHalvesWhileJoint) {
    five.outgoing = five.voters;
    five.voters = PeerSet::first(3);
    appends[Seat(1)] = after(900);
    EXPECT_FALSE(look(after(1000))) << "of the first half alone";
    appends[Seat(4)] = after(800);
    EXPECT_TRUE(look(after(1000)));
    EXPECT_EQ(quorum.quorum_at(), after(800));
}

// A leader that leaves counts no vote of its own.
TEST_F(QuorumContactTest, IsMadeWithoutALeaderThatDoesNotVote) {
    five.voters.remove(Seat(0));
    for (const std::size_t place : {1U, 2U}) appends[Seat(place)] = after(900);
    EXPECT_FALSE(look(after(1000)));
    appends[Seat(3)] = after(900);
    EXPECT_TRUE(look(after(1000)));
}

TEST_F(QuorumContactTest, NeverLapsesForALeaderOfItsOwn) {
    five = members(1);
    EXPECT_TRUE(look(after(1'000'000)));
    EXPECT_EQ(quorum.deadline(), Instant::never());
}

TEST_F(QuorumContactTest, ReachesWhoAnsweredWithinTheTimeout) {
    round(1, after(500));
    appends[Seat(2)] = after(499);
    EXPECT_EQ(quorum.reached(five, appends, after(1000)), PeerSet::first(5)) << "all elected it";
    PeerSet one;
    one.add(Seat(1));
    EXPECT_EQ(quorum.reached(five, appends, after(1500)), one);
    EXPECT_TRUE(quorum.reached(five, appends, after(1501)).empty());
}

TEST_F(QuorumContactTest, KeepsNothingOfAFormerLeadership) {
    for (const std::size_t place : {1U, 2U}) round(place, after(300));
    EXPECT_TRUE(look(after(400)));
    EXPECT_EQ(quorum.deadline(), after(1300));
    quorum.end();
    EXPECT_EQ(quorum.deadline(), Instant::never());
    quorum.check(false);
    quorum.begin(five, self, after(5000));
    EXPECT_EQ(quorum.deadline(), after(6000));
    EXPECT_FALSE(look(after(6000))) << "rounds of the former one count for nothing";
}

TEST_F(QuorumContactTest, TellsOfOneThatNoLeaderHas) {
    quorum.check(true);
    EXPECT_EQ(weft::test::said_by([&] { quorum.check(false); }),
              "the contact of no leader lapses at 2000000000");
}

}  // namespace
}  // namespace weft::replication::test
