// What is known of the other members, and what follows from it (S1, S5, S17).

#include "replication/raft/known_peers.h"

#include "replica_lab.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <optional>

namespace weft::replication::test {
namespace {

class KnownPeersTest : public testing::Test {
protected:
    Config five = Config::of({node(0), node(1), node(2), node(3), node(4)});
    KnownPeers peers;
};

TEST_F(KnownPeersTest, AreGoneUntilTheEvidenceIsVoidOrAnotherProcessIsThere) {
    peers.crashed(Seat(1));
    peers.crashed(Seat(2));
    peers.crashed(Seat(3));
    peers.evidence_dropped(Seat(1));
    peers.ready(Seat(2));
    EXPECT_FALSE(peers.is_gone(Seat(1)));
    EXPECT_FALSE(peers.is_gone(Seat(2)));
    EXPECT_TRUE(peers.is_gone(Seat(3)));
}

// Start rule.
TEST_F(KnownPeersTest, LetTheFirstElectionBeginOnceWhenAQuorumIsThere) {
    peers.ready(Seat(1));
    EXPECT_FALSE(peers.start(five, seats({0})));
    peers.ready(Seat(2));
    peers.crashed(Seat(1));
    EXPECT_FALSE(peers.start(five, seats({0}))) << "who is gone does not answer";
    peers.ready(Seat(3));
    EXPECT_FALSE(peers.start(five, {})) << "no member has nothing to begin";
    EXPECT_TRUE(peers.start(five, seats({0})));
    EXPECT_FALSE(peers.start(five, seats({0})));
}

TEST_F(KnownPeersTest, BeginNoElectionWhenALeaderWasMet) {
    peers.leader_met();
    for (const std::size_t place : {1U, 2U, 3U, 4U}) peers.ready(Seat(place));
    EXPECT_FALSE(peers.start(five, seats({0})));
}

TEST_F(KnownPeersTest, GiveAReplicaItsPlaceAmongTheVotersThatAreThere) {
    five.voters.remove(Seat(0));
    EXPECT_EQ(peers.rank(five, Seat(0)), 0U);
    EXPECT_EQ(peers.rank(five, Seat(3)), 2U) << "0 does not vote";
    peers.crashed(Seat(1));
    EXPECT_EQ(peers.rank(five, Seat(3)), 1U);
    EXPECT_EQ(peers.rank(five, std::nullopt), 3U) << "no member comes last";
    five.outgoing.add(Seat(0));
    EXPECT_EQ(peers.rank(five, Seat(3)), 2U) << "who leaves still votes";
}

// S1.
TEST_F(KnownPeersTest, LeaveNoDoubtOfATermOnceAllOtherVotersHaveTold) {
    five.voters.remove(Seat(4));
    peers.told_term(Seat(1));
    peers.told_term(Seat(2));
    EXPECT_FALSE(peers.all_told_terms(five, seats({0})));
    peers.told_term(Seat(3));
    EXPECT_TRUE(peers.all_told_terms(five, seats({0})));
    EXPECT_FALSE(peers.all_told_terms(five, {})) << "who is not asked for must tell, too";
}

// S17: the node is the same, its second replica has told nothing.
TEST_F(KnownPeersTest, AreKnownInAnotherConfigurationTooButASecondReplicaHasToldNothing) {
    for (const std::size_t place : {1U, 2U, 3U, 4U}) peers.told_term(Seat(place));
    peers.crashed(Seat(1));
    peers.stands(Seat(1), false);
    peers.stands(Seat(2), false);
    peers.stands(Seat(2), true);
    Config now = Config::of({node(1), node(2), node(3), node(0)});
    peers.adopt(five, now);
    EXPECT_TRUE(peers.is_gone(Seat(0)));
    EXPECT_FALSE(peers.is_gone(Seat(1)));
    EXPECT_FALSE(peers.can_stand(Seat(0)));
    EXPECT_TRUE(peers.can_stand(Seat(1)));
    EXPECT_TRUE(peers.all_told_terms(now, seats({3})));
    peers.check(4);

    Config second = now;
    second.members[0].since = LogIndex{9};
    peers.adopt(now, second);
    EXPECT_TRUE(peers.is_gone(Seat(0)));
    EXPECT_FALSE(peers.all_told_terms(second, seats({3})));
}

TEST_F(KnownPeersTest, AreReadyInAnotherConfigurationToo) {
    peers.ready(Seat(2));
    peers.ready(Seat(3));
    const Config now = Config::of({node(1), node(2), node(3), node(0)});
    peers.adopt(five, now);
    EXPECT_TRUE(peers.start(now, seats({3})));
}

TEST_F(KnownPeersTest, TellOfPlacesThatAreNone) {
    peers.check(0);
    for (const auto note : {+[](KnownPeers& all) { all.stands(Seat(5), false); },
                            +[](KnownPeers& all) { all.ready(Seat(5)); },
                            +[](KnownPeers& all) { all.crashed(Seat(5)); },
                            +[](KnownPeers& all) { all.told_term(Seat(5)); }}) {
        KnownPeers all;
        note(all);
        EXPECT_EQ(weft::test::said_by([&] { all.check(5); }), "known places 0x20 of 5 members");
    }
}

}  // namespace
}  // namespace weft::replication::test
