// Entries from the future: refused with the reason, and taken back by who wrote them (S29,
// docs/adr/0006).

#include "replica_lab.h"

#include <gtest/gtest.h>

namespace weft::replication::test {
namespace {

constexpr std::int64_t kFarMs = kWallMs + 60'000;

AppendAnswer last_answer(const Lab& lab) {
    const auto all = lab.sent<AppendAnswer>();
    return all.empty() ? AppendAnswer{} : all.back().second;
}

void refuses_stamp(Lab& lab, std::size_t slot, std::uint64_t holds) {
    AppendAnswer answer;
    answer.group = kGroup;
    answer.term = lab.replica->term();
    answer.index = LogIndex{holds};
    answer.stamp_ahead = true;
    lab.hears(slot, answer);
    if (lab.replica->next_deadline() <= lab.now.mono) lab.tick();  // who is silent, a Tick tells
}

void elect(Lab& lab, std::size_t nodes) {
    lab.run(Timings{}.election_max * 2);
    for (const bool pre : {true, false}) {
        for (std::size_t slot = 1; slot <= nodes / 2; ++slot) lab.votes_yes(slot, pre);
        lab.persist();
    }
    ASSERT_EQ(lab.replica->role(), Role::Leader);
}

// Only the peer in slot 1 answers, until the others count as gone.
void only_one_answers(Lab& lab) {
    for (int i = 0; i < 4; ++i) {
        lab.wait(Timings{}.election_max / 2);
        lab.contact.set(node(1), lab.now.mono);
        lab.step(Tick{lab.contact});
    }
    ASSERT_EQ(lab.replica->role(), Role::Leader);
}

// Leads with its no-op committed at 1, then writes 2 and 3 with a clock that is a minute ahead.
Lab ahead(std::size_t nodes) {
    LabOptions options;
    options.count = nodes;
    Lab lab(options);
    elect(lab, nodes);
    for (std::size_t slot = 1; slot <= nodes / 2; ++slot) lab.accepts(slot, 1);
    EXPECT_EQ(lab.replica->commit(), LogIndex{1});
    lab.now.wall.ms = kFarMs;
    lab.propose();
    lab.propose();
    lab.persist();
    return lab;
}

// What the no-op of a leader with a clock ahead found in the log stays, the no-op does not.
void leads_from_the_future_and_takes_back(Lab& lab, std::uint64_t found) {
    lab.now.wall.ms = kFarMs;
    elect(lab, 3);
    ASSERT_EQ(lab.replica->last_index(), LogIndex{found + 1});
    only_one_answers(lab);
    refuses_stamp(lab, 1, found);
    EXPECT_EQ(lab.replica->last_index(), LogIndex{found});
}

TEST(Stamps, FromTheFutureAreRefusedWithThatReason) {
    MadeLog log;
    log.add(1).add(1, kFarMs);
    Lab lab;
    lab.step(log.append(1, 1, 0, 1));
    lab.persist();
    lab.step(log.append(1, 1, 1, 2));
    EXPECT_TRUE(last_answer(lab).stamp_ahead);
    EXPECT_EQ(last_answer(lab).index, LogIndex{1});
    lab.now.wall.ms = kFarMs;
    lab.step(log.append(1, 1, 1, 2));
    lab.persist();
    EXPECT_TRUE(last_answer(lab).accepted);
}

// A damaged entry was held and may have been counted: its refusal proves nothing.
TEST(Stamps, OfADamagedEntryAreNotSaidToBeMissing) {
    MadeLog log;
    log.add(1).add(1, kFarMs).add(1, kFarMs);
    storage::MemoryStore disk;
    log.write(disk, 3, {Term{1}, NodeId{}});
    ASSERT_TRUE(disk.vanish_log(kGroup, LogIndex{2}));
    Lab lab({}, std::move(disk));
    lab.step(log.append(1, 1, 1, 2));
    ASSERT_FALSE(last_answer(lab).accepted);
    EXPECT_FALSE(last_answer(lab).stamp_ahead);
}

TEST(Stamps, RefusedByAQuorumEndTheLeadershipAndLeaveTheLog) {
    Lab lab = ahead(3);
    refuses_stamp(lab, 1, 1);
    EXPECT_EQ(lab.replica->role(), Role::Leader) << "with the other it is a quorum";
    refuses_stamp(lab, 2, 1);
    EXPECT_EQ(lab.replica->role(), Role::Follower);
    EXPECT_EQ(lab.replica->last_index(), LogIndex{1});
    lab.persist();
    lab.crash();
    EXPECT_EQ(lab.replica->last_index(), LogIndex{1});
    EXPECT_EQ(lab.replica->last_index(), lab.replica->durable_index());
}

TEST(Stamps, TakenByOneWhoMayHaveBeenCountedStay) {
    Lab lab = ahead(3);
    refuses_stamp(lab, 1, 1);
    refuses_stamp(lab, 2, 2);
    EXPECT_EQ(lab.replica->role(), Role::Follower);
    EXPECT_EQ(lab.replica->last_index(), LogIndex{2});
}

TEST(Stamps, RefusedByFewerChangeNothing) {
    Lab lab = ahead(5);
    refuses_stamp(lab, 1, 1);
    refuses_stamp(lab, 2, 1);
    EXPECT_EQ(lab.replica->role(), Role::Leader);
    lab.accepts(1, 3);  // its clock has been set
    refuses_stamp(lab, 3, 1);
    EXPECT_EQ(lab.replica->role(), Role::Leader);
    lab.accepts(4, 3);
    EXPECT_EQ(lab.replica->commit(), LogIndex{3});
}

TEST(Stamps, RefusedByOneWhileTheOtherIsGoneEndTheLeadershipAndLeaveTheLog) {
    Lab lab = ahead(3);
    only_one_answers(lab);
    refuses_stamp(lab, 1, 1);
    EXPECT_EQ(lab.replica->role(), Role::Follower);
    EXPECT_EQ(lab.replica->last_index(), LogIndex{1});
}

// The one that is gone may have committed them as a leader, with the copies here.
TEST(Stamps, OfEntriesThatWereAcknowledgedToAnotherLeaderStay) {
    MadeLog log;
    log.add(1).add(1, kFarMs);
    Lab lab;
    lab.now.wall.ms = kFarMs;
    lab.step(log.append(2, 1, 0, 2));
    lab.persist();
    ASSERT_TRUE(last_answer(lab).accepted);
    elect(lab, 3);
    ASSERT_EQ(lab.replica->last_index(), LogIndex{3});
    only_one_answers(lab);
    refuses_stamp(lab, 1, 1);
    EXPECT_EQ(lab.replica->role(), Role::Leader) << "the one who refuses cannot win";
    EXPECT_EQ(lab.replica->last_index(), LogIndex{3});
}

TEST(Stamps, OfEntriesFromBeforeARestartStay) {
    MadeLog log;
    log.add(1).add(1, kFarMs);
    Lab lab({}, log, 2, {Term{1}, NodeId{}});
    elect(lab, 3);
    only_one_answers(lab);
    refuses_stamp(lab, 1, 1);
    EXPECT_EQ(lab.replica->role(), Role::Leader);
    EXPECT_EQ(lab.replica->last_index(), LogIndex{3});
}

// What was taken back has not been counted any more.
TEST(Stamps, OfEntriesAgainTakenBackDoNotStay) {
    MadeLog log;
    log.add(1).add(1, kFarMs);
    Lab lab({}, log, 2, {Term{1}, NodeId{}});
    elect(lab, 3);
    refuses_stamp(lab, 1, 1);
    refuses_stamp(lab, 2, 1);
    ASSERT_EQ(lab.replica->last_index(), LogIndex{1});
    lab.persist();
    leads_from_the_future_and_takes_back(lab, 1);
}

TEST(Stamps, OfAnOwnEntryInThePlaceOfOneThatLostItDoNotStay) {
    MadeLog log;
    log.add(1).add(1).add(1);
    MadeLog other = MadeLog::fork(log, 1);
    other.add(2);
    Lab lab;
    lab.step(log.append(2, 1, 0, 3));
    lab.persist();
    lab.step(other.append(1, 2, 1, 2));
    lab.persist();
    leads_from_the_future_and_takes_back(lab, 2);
}

// What others take is known from their clocks; what is in the log already is the floor.
TEST(Stamps, StayBehindAClockThatIsAheadButNeverFall) {
    Lab lab;
    elect(lab, 3);
    lab.now.wall.ms = kFarMs;
    EXPECT_EQ(lab.replica->next_stamp(lab.now.wall), kFarMs);
    lab.step(OwnClock{.ahead = false, .stamps_back_ms = 56'000});
    EXPECT_EQ(lab.replica->next_stamp(lab.now.wall), kWallMs + 4'000);
    lab.propose();
    EXPECT_EQ(lab.replica->next_stamp(lab.now.wall), kWallMs + 4'000);
    lab.step(OwnClock{.ahead = false, .stamps_back_ms = 60'000});
    EXPECT_EQ(lab.replica->next_stamp(lab.now.wall), kWallMs + 4'000);
    EXPECT_EQ(lab.replica->role(), Role::Leader);
}

// Contact times are those of the last Tick, and a quiet leader has one a second.
TEST(Stamps, RefusedByOneAreJudgedWhenItIsKnownWhoAnswers) {
    Lab lab;
    elect(lab, 3);
    for (const std::size_t slot : {1U, 2U}) lab.accepts(slot, 1);
    for (int i = 0; i < 3; ++i) {
        lab.wait(Timings{}.election_max / 2);
        lab.contact.set(node(1), lab.now.mono);
        lab.contact.set(node(2), lab.now.mono);
        lab.step(Tick{lab.contact});
    }
    lab.wait(ms(800));
    lab.contact.set(node(1), lab.now.mono);
    lab.step(Tick{lab.contact});
    lab.wait(ms(300));
    lab.contact.set(node(2), lab.now.mono - ms(5));  // back after 800 ms
    ASSERT_GT(lab.replica->next_deadline(), lab.now.mono);
    lab.propose();
    lab.persist();
    refuses_stamp(lab, 1, 1);
    EXPECT_EQ(lab.replica->role(), Role::Leader);
}

// The one whose clock is behind lacks what the two others committed: nobody else can lead.
TEST(Stamps, RefusedByOneWhoCannotWinChangeNothing) {
    Lab lab;
    elect(lab, 3);
    lab.accepts(2, 1);
    lab.propose();
    lab.persist();
    lab.accepts(2, 2);
    ASSERT_EQ(lab.replica->commit(), LogIndex{2});
    only_one_answers(lab);
    refuses_stamp(lab, 1, 0);
    EXPECT_EQ(lab.replica->role(), Role::Leader);
}

}  // namespace
}  // namespace weft::replication::test
