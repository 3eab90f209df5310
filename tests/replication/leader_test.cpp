// Leaders: commit, contact, transfer, streams (S3, S6, S8, S9, S31).

#include "replica_lab.h"

#include <gtest/gtest.h>

namespace weft::replication::test {
namespace {

constexpr Term kOne{1};

// S3 (Raft paper, figure 8): copies of an older term's entry commit nothing by themselves.
TEST(Commit, IsNotCountedForEntriesOfOlderTerms) {
    const MadeLog log({1, 2});
    Lab lab({}, log, 2, {Term{3}, NodeId{}});
    lab.lead();
    ASSERT_EQ(lab.replica->role(), Role::Leader);
    lab.accepts(1, 2);
    lab.accepts(2, 2);
    EXPECT_EQ(lab.replica->commit(), LogIndex{0});
    lab.accepts(1, 3);
    EXPECT_EQ(lab.replica->commit(), LogIndex{3}) << "with the no-op all before it";
}

// S2 for the leader itself.
TEST(Commit, DoesNotCountTheLeadersOwnCopyBeforeItIsDurable) {
    Lab lab;
    lab.lead();
    lab.accepts(1, 1);
    ASSERT_EQ(lab.replica->commit(), LogIndex{1});
    lab.propose();
    lab.accepts(1, 2);
    EXPECT_EQ(lab.replica->commit(), LogIndex{1});
    lab.persist();
    EXPECT_EQ(lab.replica->commit(), LogIndex{2});
}

TEST(Commit, NeedsNoCopyOfALeaderWhoseDiskIsSlow) {
    Lab lab;
    lab.lead();
    lab.accepts(1, 1);
    lab.propose();
    lab.accepts(1, 2);
    lab.accepts(2, 2);
    EXPECT_EQ(lab.replica->commit(), LogIndex{2}) << "two followers are a quorum";
}

// S6.
TEST(Leader, WithoutAQuorumsContactStepsDown) {
    Lab lab;
    lab.lead();
    lab.accepts(1, 1);
    lab.contact.set(node(1), lab.now.mono + ms(800));
    lab.run(ms(1700));
    EXPECT_EQ(lab.replica->role(), Role::Leader);
    lab.run(ms(200));
    EXPECT_EQ(lab.replica->role(), Role::Follower);
    EXPECT_EQ(lab.replica->term(), kOne);
    EXPECT_FALSE(lab.replica->leader());
}

// S6: answers to appends count as answers to heartbeats do.
TEST(Leader, WhoseAppendsAreAnsweredKeepsItsPlaceWithoutHeartbeats) {
    Lab lab;
    lab.lead();
    for (int i = 0; i < 50; ++i) {
        lab.accepts(1, lab.propose().value);
        lab.run(ms(100));
        ASSERT_EQ(lab.replica->role(), Role::Leader) << i;
    }
    lab.run(ms(1000));
    EXPECT_EQ(lab.replica->role(), Role::Follower) << "nothing was answered for a second";
}

// Contact is dated by when what is answered was sent, never by when the answer was read.
TEST(Leader, IsNotKeptByALateOrRepeatedAnswerToAnAppend) {
    Lab lab;
    lab.lead();
    lab.accepts(1, 1);
    lab.run(ms(500));
    const LogIndex entry = lab.propose();
    lab.run(ms(400));
    lab.accepts(1, entry.value);  // dates from 400 ms ago
    lab.run(ms(500));
    EXPECT_EQ(lab.replica->role(), Role::Leader);
    lab.accepts(1, entry.value);
    lab.accepts(2, entry.value);  // late, and no newer for being the first of that peer
    lab.run(ms(150));
    EXPECT_EQ(lab.replica->role(), Role::Follower);
}

TEST(Leader, IsNotKeptByAnAnswerForEntriesOfFormerTerms) {
    const MadeLog log({1, 1, 1});
    Lab lab({}, log, 3, {kOne, NodeId{}});
    lab.lead();
    ASSERT_EQ(lab.replica->role(), Role::Leader);
    lab.run(ms(900));
    lab.accepts(1, 3);  // it has that from a former leader
    lab.run(ms(200));
    EXPECT_EQ(lab.replica->role(), Role::Follower);
}

TEST(Leader, StepsDownWhenRefusedByANewerTerm) {
    Lab lab;
    lab.lead();
    lab.step(BeatRefused{node(2), Term{1}});
    EXPECT_EQ(lab.replica->role(), Role::Leader);
    lab.step(BeatRefused{node(2), Term{4}});
    EXPECT_EQ(lab.replica->role(), Role::Follower);
    EXPECT_EQ(lab.replica->term(), Term{4});
}

// S8.
TEST(Reads, AreNotServedBeforeAnOwnEntryIsCommitted) {
    const MadeLog log({1, 1});
    Lab lab({}, log, 2, {Term{1}, NodeId{}});
    lab.lead();
    EXPECT_FALSE(lab.replica->no_op_committed());
    lab.accepts(1, 2);
    EXPECT_FALSE(lab.replica->no_op_committed());
    lab.accepts(1, 3);
    EXPECT_TRUE(lab.replica->no_op_committed());
    lab.step(Beat{node(1), Term{7}, LogIndex{}});
    EXPECT_FALSE(lab.replica->no_op_committed());
}

// S9, thesis 3.10.
TEST(Transfer, TakesNoProposalUntilItEnds) {
    Lab lab;
    lab.lead();
    lab.accepts(1, 1);
    lab.propose();
    lab.persist();
    lab.step(TransferLeadership{node(1)});
    EXPECT_TRUE(lab.replica->transferring());
    EXPECT_FALSE(lab.replica->can_propose(10));
    EXPECT_TRUE(lab.sent<TimeoutNow>().empty()) << "the target has not got everything";
    lab.accepts(1, 2);
    ASSERT_EQ(lab.sent<TimeoutNow>().size(), 1U);
    EXPECT_EQ(lab.sent<TimeoutNow>()[0].first, node(1));
    const Instant until = lab.now.mono + ms(1000);  // the longest election
    lab.contact_all(until - ms(1));
    lab.run(ms(1500));
    EXPECT_EQ(lab.replica->role(), Role::Leader);
    EXPECT_TRUE(lab.replica->transferring()) << "nobody has said since that it still leads";
    EXPECT_FALSE(lab.replica->can_propose(10));
    lab.contact_all(until);
    lab.run(ms(100));
    EXPECT_FALSE(lab.replica->transferring()) << "same term, still leader: it goes on";
    EXPECT_TRUE(lab.replica->can_propose(10));
}

TEST(Transfer, PicksTheMostCaughtUpVoter) {
    Lab lab;
    lab.lead();
    lab.accepts(1, 1);
    lab.propose();
    lab.accepts(2, 2);
    lab.persist();
    lab.step(TransferLeadership{});
    ASSERT_EQ(lab.sent<TimeoutNow>().size(), 1U);
    EXPECT_EQ(lab.sent<TimeoutNow>()[0].first, node(2));
}

TEST(TimeoutNow, MakesAFollowerStandWithoutPreVote) {
    Lab lab;
    lab.step(Beat{node(1), Term{1}, LogIndex{}});
    lab.persist();
    lab.hears(2, TimeoutNow{kGroup, Term{1}});
    EXPECT_EQ(lab.replica->role(), Role::Follower) << "only its leader may ask";
    lab.hears(1, TimeoutNow{kGroup, Term{1}});
    EXPECT_EQ(lab.replica->role(), Role::Candidate);
    lab.persist();
    ASSERT_EQ(lab.sent<VoteAsk>().size(), 2U);
    EXPECT_TRUE(lab.sent<VoteAsk>()[0].second.transfer);
}

TEST(Transfer, LetsTheOldLeaderVoteAtOnce) {
    Lab lab;
    lab.lead();
    lab.hears(1, VoteAsk{kGroup, Term{2}, {kOne, LogIndex{1}}, false, true});
    lab.persist();
    EXPECT_EQ(lab.replica->role(), Role::Follower);
    EXPECT_TRUE(lab.sent<VoteAnswer>().back().second.granted);
}

// Who cannot write must not lead: its followers would wait for a leader that answers nobody.
TEST(StalledDisk, GivesLeadershipAwayAndThenUp) {
    Lab lab;
    lab.lead();
    lab.accepts(2, 1);
    lab.step(DiskAge{ms(251)});
    ASSERT_EQ(lab.sent<TimeoutNow>().size(), 1U);
    EXPECT_EQ(lab.sent<TimeoutNow>()[0].first, node(2));
    lab.step(DiskAge{ms(1001)});
    EXPECT_EQ(lab.replica->role(), Role::Follower);
}

TEST(Stream, SendsToAllPeersInStepAheadOfTheirAnswers) {
    Lab lab;
    lab.lead();
    lab.accepts(1, 1);
    lab.accepts(2, 1);
    lab.forget();
    lab.propose();
    lab.propose();
    ASSERT_EQ(lab.appends.size(), 4U) << "sent ahead, before the first is answered";
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(lab.appends[i].to, node(1 + i % 2));
        EXPECT_EQ(lab.appends[i].item.prev.index, LogIndex{1 + i / 2});
    }
}

TEST(Stream, GoesBackToWhereTheLogsMeet) {
    const MadeLog log({1, 1, 1, 4, 4});
    Lab lab({}, log, 5, {Term{4}, NodeId{}});
    lab.lead();
    lab.forget();
    lab.refuses(1, 4, 3);  // its entry 4 is of term 3: ours of no newer term is entry 3
    lab.answer_fetch();
    ASSERT_EQ(lab.appends.size(), 1U);
    EXPECT_EQ(lab.appends[0].item.prev, (LogPosition{kOne, LogIndex{3}}));
    EXPECT_EQ(lab.appends[0].item.count, 2U);
    lab.refuses(1, 4, 3);
    EXPECT_EQ(lab.appends.size(), 1U) << "a late refusal must not make a loop";
    lab.accepts(1, 5);
    ASSERT_EQ(lab.appends.size(), 2U) << "the rest follows from memory";
    EXPECT_EQ(lab.appends[1].item.prev.index, LogIndex{5});
}

TEST(Stream, SendsALostAppendAgain) {
    Lab lab;
    lab.lead();
    lab.accepts(1, 1);
    lab.accepts(2, 1);
    lab.propose();
    lab.persist();
    lab.accepts(2, 2);
    lab.forget();
    lab.contact_all(lab.now.mono + ms(5000));
    lab.run(Timings{}.heartbeat * 4);
    ASSERT_FALSE(lab.appends.empty());
    EXPECT_EQ(lab.appends[0].to, node(1));
    EXPECT_EQ(lab.appends[0].item.prev.index, LogIndex{1});
    EXPECT_EQ(lab.appends[0].item.count, 1U);
    lab.accepts(1, 2);
    lab.run(Timings{}.heartbeat * 2);
    lab.forget();
    lab.run(ms(3000));
    EXPECT_TRUE(lab.appends.empty()) << "nothing open, nothing sent";
}

// An idle leader asks for little: a Tick per election timeout.
TEST(Leader, ThatIsIdleAsksForFewTicks) {
    Lab lab;
    lab.lead();
    lab.accepts(1, 1);
    lab.accepts(2, 1);
    lab.run(ms(500));
    int ticks = 0;
    const Instant end = lab.now.mono + ms(10000);
    while (lab.replica->next_deadline() < end) {
        lab.contact_all(lab.replica->next_deadline() - ms(100));
        lab.tick();
        ++ticks;
    }
    EXPECT_EQ(lab.replica->role(), Role::Leader);
    EXPECT_LE(ticks, 12);
}

// A peer that came back does not know what it has in common with the leader: it is told unasked.
TEST(Stream, ProbesAPeerThatCameBack) {
    Lab lab;
    lab.lead();
    lab.accepts(1, 1);
    lab.forget();
    lab.step(PeerReady{node(1)});
    ASSERT_EQ(lab.appends.size(), 1U);
    EXPECT_EQ(lab.appends[0].item.count, 0U);
    EXPECT_EQ(lab.appends[0].item.prev.index, LogIndex{1});
}

// S31.
TEST(Proposals, AreRefusedBeyondTheUncommittedBound) {
    LabOptions options;
    options.limits.uncommitted_bytes = 1000;
    Lab lab(options);
    lab.lead();
    lab.accepts(1, 1);
    int taken = 0;
    while (lab.replica->can_propose(100) && taken < 1000) {
        lab.propose();
        ++taken;
    }
    EXPECT_GT(taken, 3);
    EXPECT_LT(taken, 20);
    lab.persist();
    lab.accepts(1, lab.replica->last_index().value);
    EXPECT_TRUE(lab.replica->can_propose(100));
}

// S31.
TEST(Stream, StopsAtThePeersWindowAndGoesOnWithItsAnswers) {
    LabOptions options;
    options.limits.peer_inflight_bytes = 300;
    Lab lab(options);
    lab.lead();
    lab.accepts(1, 1);
    lab.forget();
    for (int i = 0; i < 50; ++i) lab.propose();
    lab.persist();
    ASSERT_LT(lab.appends.size(), 6U);
    std::uint64_t end = lab.appends.back().item.prev.index.value + 1;
    for (int round = 0; round < 50 && end < 51; ++round) {
        lab.accepts(1, end);
        const AppendItem& item = lab.appends.back().item;
        end = item.prev.index.value + item.count;
    }
    EXPECT_EQ(end, 51U);
}

TEST(Stream, CatchesUpFromDiskInBoundedPieces) {
    LabOptions options;
    options.limits.append_bytes = 500;
    MadeLog log;
    for (int i = 0; i < 40; ++i) log.add(1);
    Lab lab(options, log, 40, {Term{1}, NodeId{}});
    lab.lead();
    lab.forget();
    lab.refuses(1, 0, 0);
    ASSERT_EQ(lab.fetches.size(), 1U);
    EXPECT_TRUE(Replica::is_own_fetch(lab.fetches[0].id));
    lab.answer_fetch();
    ASSERT_EQ(lab.appends.size(), 1U) << "one probe, no more before it is answered";
    lab.accepts(1, lab.appends[0].item.count);
    while (!lab.fetches.empty()) lab.answer_fetch();
    LogIndex end;
    for (const SendAppend& append : lab.appends) {
        EXPECT_EQ(append.item.prev.index, end);
        EXPECT_LE(append.entries.size(), 600U);
        end = LogIndex{end.value + append.item.count};
    }
    EXPECT_EQ(end, LogIndex{41});
}

// A read that the peer has overtaken is not what is sent next, and no sign of damage.
TEST(Stream, DropsAFetchThatItsPeerOvertook) {
    MadeLog log;
    for (int i = 0; i < 10; ++i) log.add(1);
    Lab lab({}, log, 10, {Term{1}, NodeId{}});
    lab.lead();
    lab.refuses(1, 2, 1);
    lab.answer_fetch();
    lab.accepts(1, 3);
    ASSERT_EQ(lab.fetches.size(), 1U);
    lab.accepts(1, 7);  // late word of what an earlier leader had sent
    lab.forget_sent();
    while (!lab.fetches.empty()) lab.answer_fetch();
    EXPECT_EQ(lab.replica->role(), Role::Leader);
    EXPECT_FALSE(lab.replica->damaged());
    ASSERT_FALSE(lab.appends.empty());
    EXPECT_EQ(lab.appends[0].item.prev.index, LogIndex{7});
}

TEST(Answers, ThatCannotBeTrueAreIgnored) {
    Lab lab;
    lab.lead();
    lab.accepts(1, 99);
    EXPECT_EQ(lab.replica->commit(), LogIndex{0});
    AppendAnswer stranger;
    stranger.group = kGroup;
    stranger.term = kOne;
    stranger.accepted = true;
    stranger.index = LogIndex{1};
    lab.step(FromPeer{node(9), stranger});
    EXPECT_EQ(lab.replica->commit(), LogIndex{0});
    EXPECT_EQ(lab.replica->counters().messages_refused, 2U);
}

}  // namespace
}  // namespace weft::replication::test
