// Elections: what a replica may promise and when (S1, S4, S5, S7).

#include "replica_lab.h"

#include <gtest/gtest.h>

#include <functional>

namespace weft::replication::test {
namespace {

VoteAsk ask(std::uint64_t term, LogPosition last, bool pre = false, bool transfer = false) {
    return {kGroup, Term{term}, last, pre, transfer};
}

// The last vote answer to `slot`, if any.
std::optional<VoteAnswer> answer_to(const Lab& lab, std::size_t slot) {
    std::optional<VoteAnswer> found;
    for (const auto& [to, answer] : lab.sent<VoteAnswer>()) {
        if (to == node(slot)) found = answer;
    }
    return found;
}

// S1.
TEST(Vote, IsNotSentBeforeItIsDurable) {
    Lab lab;
    lab.hears(1, ask(3, {}));
    EXPECT_FALSE(answer_to(lab, 1));
    lab.persist();
    ASSERT_TRUE(answer_to(lab, 1));
    EXPECT_TRUE(answer_to(lab, 1)->granted);
    EXPECT_EQ(answer_to(lab, 1)->term, Term{3});
}

// S1.
TEST(Vote, IsNotGivenTwiceInOneTermEvenAcrossARestart) {
    Lab lab;
    lab.hears(1, ask(3, {}));
    lab.persist();
    lab.hears(2, ask(3, {}));
    lab.persist();
    EXPECT_FALSE(answer_to(lab, 2)->granted);
    lab.crash();
    EXPECT_EQ(lab.replica->term(), Term{3});
    lab.hears(2, ask(3, {}));
    lab.persist();
    EXPECT_FALSE(answer_to(lab, 2)->granted);
    lab.hears(1, ask(3, {}));
    EXPECT_TRUE(answer_to(lab, 1)->granted) << "the same vote may be repeated";
}

// S1: a promise made void by a newer term is struck out.
TEST(Vote, OfAnOlderTermIsNotSentAfterANewTermBegan) {
    Lab lab;
    lab.hears(1, ask(3, {}));
    lab.hears(2, ask(4, {}));
    lab.persist();
    EXPECT_FALSE(answer_to(lab, 1)) << "term 3 is over";
    EXPECT_TRUE(answer_to(lab, 2)->granted);
}

// S1: nor in the new term, in which nobody was voted for.
TEST(Vote, IsNotTurnedIntoOneOfTheTermThatFollowed) {
    Lab lab;
    lab.hears(1, ask(3, {}));
    lab.step(Beat{node(2), Term{4}, LogIndex{}});
    lab.persist();
    EXPECT_FALSE(answer_to(lab, 1));
}

// Whatever one message says, the elections after it have room: its term is approached in steps.
TEST(Term, FarAheadIsApproachedInSteps) {
    constexpr std::uint64_t kStep = std::uint64_t{1} << 20;
    const Term far{std::uint64_t{1} << 59};
    const std::function<void(Lab&)> ways[] = {
        [&](Lab& lab) { lab.hears(1, ask(far.value, {})); },
        [&](Lab& lab) { lab.hears(1, VoteAnswer{kGroup, far, false, false}); },
        [&](Lab& lab) { lab.step(Beat{node(1), far, LogIndex{}}); },
        [&](Lab& lab) { lab.step(MadeLog({1}).append(1, far.value, 0, 1)); },
    };
    for (const auto& say : ways) {
        Lab lab;
        for (std::uint64_t times = 1; times <= 3; ++times) {
            say(lab);
            lab.persist();
            EXPECT_EQ(lab.replica->term(), Term{times * kStep});
            EXPECT_FALSE(lab.replica->leader());
        }
    }
}

TEST(Term, OfOneWhoWasLedFarAwayIsReachedByTheOthers) {
    constexpr std::uint64_t kFar = (std::uint64_t{1} << 22) + 5;
    Lab lab;
    int times = 0;
    do {
        lab.hears(1, ask(kFar, {}));
        lab.persist();
    } while (!answer_to(lab, 1) && ++times < 10);
    ASSERT_TRUE(answer_to(lab, 1));
    EXPECT_TRUE(answer_to(lab, 1)->granted);
    EXPECT_EQ(times, 4);
}

TEST(Term, BeyondWhatCanBeCountedOnMovesNothing) {
    Lab lab;
    for (const std::uint64_t term :
         {std::uint64_t{0}, (std::uint64_t{1} << 60) + 1, ~std::uint64_t{0}}) {
        lab.hears(1, ask(term, {}));
        lab.step(Beat{node(1), Term{term}, LogIndex{}});
        lab.persist();
        EXPECT_EQ(lab.replica->term(), Term{});
    }
    // A pre-vote raises no term, whatever it says.
    lab.hears(1, ask(std::uint64_t{1} << 59, {}, true));
    EXPECT_EQ(lab.replica->term(), Term{});
}

// S1: the disk's word for something older is not the one that is waited for.
TEST(Candidacy, IsNotReleasedByAnEarlierPersist) {
    const MadeLog log({1});
    Lab lab;
    lab.step(log.append(1, 1, 0, 1));
    lab.persist();
    lab.step(MadeLog({1, 1}).append(1, 1, 1, 2));
    lab.hears(1, TimeoutNow{kGroup, Term{1}});
    ASSERT_EQ(lab.replica->role(), Role::Candidate);
    lab.persist(1);
    EXPECT_TRUE(lab.sent<VoteAsk>().empty());
    lab.persist();
    ASSERT_FALSE(lab.sent<VoteAsk>().empty());
    EXPECT_EQ(lab.sent<VoteAsk>()[0].second.last.index, LogIndex{2});
}

// S1.
TEST(Candidacy, AsksForNoVoteBeforeItsTermIsDurable) {
    Lab lab;
    lab.run(ms(1000));
    ASSERT_EQ(lab.replica->role(), Role::PreCandidate);
    EXPECT_EQ(lab.replica->term(), Term{0}) << "a pre-vote raises no term";
    lab.forget();
    lab.votes_yes(1, true);
    ASSERT_EQ(lab.replica->role(), Role::Candidate);
    EXPECT_EQ(lab.replica->term(), Term{1});
    EXPECT_TRUE(lab.sent<VoteAsk>().empty());
    lab.persist();
    EXPECT_EQ(lab.replica->role(), Role::Candidate);
    const auto asks = lab.sent<VoteAsk>();
    ASSERT_EQ(asks.size(), 2U);
    EXPECT_FALSE(asks[0].second.pre);
    lab.votes_yes(1, false);
    EXPECT_EQ(lab.replica->role(), Role::Leader);
}

// S1: whatever two others say, the term is not on disk and nobody was asked.
TEST(Candidacy, CountsNoVoteThatCameBeforeItAskedForIt) {
    Lab lab;
    lab.run(ms(1000));
    lab.votes_yes(1, true);
    ASSERT_EQ(lab.replica->role(), Role::Candidate);
    lab.votes_yes(1, false);
    lab.votes_yes(2, false);
    EXPECT_EQ(lab.replica->role(), Role::Candidate);
    lab.persist();
    EXPECT_EQ(lab.replica->role(), Role::Candidate) << "an answer to nothing is not kept";
    lab.votes_yes(2, false);
    EXPECT_EQ(lab.replica->role(), Role::Leader);
}

// Raft paper 5.4.1.
TEST(Vote, IsRefusedToAShorterLog) {
    struct Case {
        const char* why;
        LogPosition theirs;
        bool granted;
    };
    const MadeLog log({1, 1, 3});
    const Case cases[] = {
        {"same log", {Term{3}, LogIndex{3}}, true},
        {"longer", {Term{3}, LogIndex{9}}, true},
        {"one entry short, older term", {Term{1}, LogIndex{2}}, false},
        {"longer but older term", {Term{2}, LogIndex{9}}, false},
        {"shorter but newer term", {Term{4}, LogIndex{1}}, true},
    };
    for (const Case& c : cases) {
        for (const bool pre : {false, true}) {
            SCOPED_TRACE(c.why);
            Lab lab({}, log, 3, {Term{5}, NodeId{}});
            lab.hears(1, ask(6, c.theirs, pre));
            lab.persist();
            EXPECT_EQ(answer_to(lab, 1)->granted, c.granted);
        }
    }
}

// S4: entries that are in memory alone win no election.
TEST(Candidacy, AdvertisesOnlyTheDurableTail) {
    const MadeLog log({1, 1, 1});
    Lab lab({}, log, 1, {Term{1}, NodeId{}});
    lab.step(log.append(1, 1, 1, 3));
    ASSERT_EQ(lab.replica->last_index(), LogIndex{3});
    lab.run(ms(2000));
    ASSERT_FALSE(lab.sent<VoteAsk>().empty());
    EXPECT_EQ(lab.sent<VoteAsk>()[0].second.last, (LogPosition{Term{1}, LogIndex{1}}));
}

// S5, thesis 4.2.3.
TEST(PreVote, IsRefusedWhileTheLeaderIsHeard) {
    Lab lab;
    lab.step(Beat{node(1), Term{1}, LogIndex{}});
    lab.persist();
    lab.hears(2, ask(2, {}, true));
    ASSERT_TRUE(answer_to(lab, 2));
    EXPECT_FALSE(answer_to(lab, 2)->granted);
    lab.hears(2, ask(2, {}));
    EXPECT_FALSE(answer_to(lab, 2)->granted) << "nor a vote, and the term stays";
    EXPECT_EQ(lab.replica->term(), Term{1});
}

// S5: an idle group hears its leader through contact of the node; asked between two Ticks the
// replica waits for fresh times before it answers.
TEST(PreVote, IsNotAnsweredFromStaleContactTimes) {
    for (const bool heard : {true, false}) {
        SCOPED_TRACE(heard);
        Lab lab;
        lab.step(Beat{node(1), Term{1}, LogIndex{}});
        lab.persist();
        lab.wait(ms(499));
        lab.step(Tick{lab.contact});
        lab.wait(ms(1));
        lab.hears(2, ask(2, {}, true));
        EXPECT_FALSE(answer_to(lab, 2));
        EXPECT_LE(lab.replica->next_deadline(), lab.now.mono);
        if (heard) lab.contact.set(node(1), lab.now.mono - ms(50));
        lab.tick();
        ASSERT_TRUE(answer_to(lab, 2));
        EXPECT_EQ(answer_to(lab, 2)->granted, !heard);
    }
}

// S5 with crash evidence, which lets votes come early and ends with the evidence.
TEST(PreVote, IsGrantedEarlyOnlyUnderCrashEvidence) {
    Lab lab;
    lab.step(Beat{node(1), Term{1}, LogIndex{}});
    lab.persist();
    lab.step(CrashEvidence{node(2)});
    lab.hears(2, ask(2, {}, true));
    EXPECT_FALSE(answer_to(lab, 2)->granted) << "evidence about somebody else";
    lab.step(CrashEvidence{node(1)});
    lab.hears(2, ask(2, {}, true));
    EXPECT_TRUE(answer_to(lab, 2)->granted);
    lab.step(EvidenceDropped{node(1)});
    lab.hears(2, ask(2, {}, true));
    EXPECT_FALSE(answer_to(lab, 2)->granted);
}

TEST(CrashEvidence, BringsTheElectionForward) {
    Lab lab;
    lab.step(Beat{node(1), Term{1}, LogIndex{}});
    lab.persist();
    lab.step(CrashEvidence{node(1)});
    lab.run(ms(1));
    EXPECT_EQ(lab.replica->role(), Role::PreCandidate);
}

// S7.
TEST(Voter, ThatRefusesAnOlderLogStandsSoonItself) {
    const MadeLog log({1, 1});
    Lab lab({}, log, 2, {Term{1}, NodeId{}});
    lab.forget();
    lab.hears(1, ask(2, log.position(1), true));
    EXPECT_FALSE(answer_to(lab, 1)->granted);
    lab.run(Timings{}.heartbeat);
    EXPECT_EQ(lab.replica->role(), Role::PreCandidate);
}

// A term that leaves no room to count on is not adopted.
TEST(Term, OutOfAllReasonIsRefused) {
    Lab lab;
    lab.hears(1, ask(UINT64_MAX, {}));
    lab.step(Beat{node(1), Term{UINT64_MAX}, LogIndex{}});
    lab.step(BeatRefused{node(1), Term{UINT64_MAX}});
    EXPECT_EQ(lab.replica->term(), Term{0});
    EXPECT_EQ(lab.replica->counters().messages_refused, 3U);
}

TEST(PreCandidate, ReturnsToTheLeaderItHears) {
    Lab lab;
    lab.run(ms(1000));
    ASSERT_EQ(lab.replica->role(), Role::PreCandidate);
    lab.step(Beat{node(2), Term{0}, LogIndex{}});
    EXPECT_EQ(lab.replica->role(), Role::PreCandidate) << "term 0 has no leader";
    lab.step(Beat{node(2), Term{4}, LogIndex{}});
    EXPECT_EQ(lab.replica->role(), Role::Follower);
    EXPECT_EQ(lab.replica->leader(), node(2));
}

// At a start leaders are where the table wants them, and elections do not collide.
TEST(StartRule, LetsTheTablesFirstCampaignAtOnceAndOthersLater) {
    for (const std::size_t self : {std::size_t{0}, std::size_t{2}}) {
        LabOptions options;
        options.self = self;
        Lab lab(options);
        lab.step(PeerReady{node(1)});
        const Duration wait = options.timings.start_stagger * static_cast<std::int64_t>(self);
        EXPECT_EQ(lab.replica->next_deadline(), lab.now.mono + wait);
        lab.tick();
        EXPECT_EQ(lab.replica->role(), Role::PreCandidate);
    }
}

TEST(StartRule, WaitsForAQuorum) {
    LabOptions options;
    options.count = 5;
    Lab lab(options);
    lab.step(PeerReady{node(1)});
    EXPECT_GE(lab.replica->next_deadline(), lab.now.mono + options.timings.election_min);
    lab.step(PeerReady{node(3)});
    EXPECT_EQ(lab.replica->next_deadline(), lab.now.mono);
}

// P-alone: one voter is a quorum, but not before its disk says so.
TEST(SingleVoter, LeadsAsSoonAsItsVoteIsDurable) {
    LabOptions options;
    options.count = 1;
    Lab lab(options);
    EXPECT_EQ(lab.replica->role(), Role::Candidate);
    lab.persist(1);
    EXPECT_EQ(lab.replica->role(), Role::Leader);
    EXPECT_FALSE(lab.replica->no_op_committed());
    lab.persist();
    EXPECT_TRUE(lab.replica->no_op_committed());
    lab.run(ms(10000));
    EXPECT_EQ(lab.replica->role(), Role::Leader);
}

// A slow disk must not turn one candidacy into an endless row of new terms.
TEST(Candidacy, WaitsForItsDiskInsteadOfRaisingTheTermAgain) {
    LabOptions options;
    options.count = 1;
    Lab lab(options);
    lab.run(ms(5000));
    EXPECT_EQ(lab.replica->term(), Term{1});
    lab.persist();
    EXPECT_EQ(lab.replica->role(), Role::Leader);
}

// A candidacy whose disk answered too late is given up, not kept for ever.
TEST(Candidacy, ThatTheDiskHeldUpTooLongIsGivenUpAndTriedAgain) {
    Lab lab;
    lab.run(ms(1000));
    lab.votes_yes(1, true);
    ASSERT_EQ(lab.replica->role(), Role::Candidate);
    lab.forget();
    lab.step(DiskAge{ms(300)});
    lab.persist();
    EXPECT_EQ(lab.replica->role(), Role::Follower);
    EXPECT_TRUE(lab.sent<VoteAsk>().empty());
    lab.step(DiskAge{ms(0)});
    lab.run(ms(1000));
    EXPECT_EQ(lab.replica->role(), Role::PreCandidate);
}

// Who cannot write must not lead.
TEST(StalledDisk, StartsNoLeadership) {
    Lab lab;
    lab.step(DiskAge{ms(300)});
    lab.run(ms(3000));
    EXPECT_EQ(lab.replica->role(), Role::Follower);
    EXPECT_TRUE(lab.sent<VoteAsk>().empty());
    lab.step(DiskAge{ms(10)});
    lab.run(ms(1000));
    EXPECT_EQ(lab.replica->role(), Role::PreCandidate);
}

TEST(RoleChanged, IsToldFirstAndAtEveryChangeOnly) {
    Lab lab;
    EXPECT_EQ(lab.role_changes, 1);
    lab.step(Beat{node(1), Term{1}, LogIndex{}});
    EXPECT_EQ(lab.role_changes, 2);
    lab.step(Beat{node(1), Term{1}, LogIndex{}});
    EXPECT_EQ(lab.role_changes, 2);
}

}  // namespace
}  // namespace weft::replication::test
