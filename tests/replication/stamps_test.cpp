// Entries from the future: refused with the reason, and taken back by who wrote them (checklist
// S29, ADR 6).

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
        lab.contact[1] = lab.now.mono;
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
    EXPECT_EQ(lab.replica->role(), Role::Follower);
    EXPECT_EQ(lab.replica->last_index(), LogIndex{2}) << "its own no-op alone";
}

TEST(Stamps, OfEntriesFromBeforeARestartStay) {
    MadeLog log;
    log.add(1).add(1, kFarMs);
    Lab lab({}, log, 2, {Term{1}, NodeId{}});
    elect(lab, 3);
    only_one_answers(lab);
    refuses_stamp(lab, 1, 1);
    EXPECT_EQ(lab.replica->role(), Role::Follower);
    EXPECT_EQ(lab.replica->last_index(), LogIndex{2});
}

}  // namespace
}  // namespace weft::replication::test
