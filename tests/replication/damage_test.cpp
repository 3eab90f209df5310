// Damage and snapshots (S19, S22, S23, S25).

#include "replica_lab.h"

#include <gtest/gtest.h>

namespace weft::replication::test {
namespace {

// A disk with `log` whose entry `index` is damaged: its body, or its place altogether.
storage::MemoryStore damaged_disk(const MadeLog& log, std::uint64_t index, bool readable) {
    storage::MemoryStore disk;
    log.write(disk, log.size(), {Term{2}, NodeId{}});
    if (readable) {
        EXPECT_TRUE(disk.flip_bit_in_log(kGroup, LogIndex{index}, (kEntryHeaderBytes + 9) * 8));
    } else {
        EXPECT_TRUE(disk.vanish_log(kGroup, LogIndex{index}));
    }
    return disk;
}

std::optional<AppendAnswer> last_answer(const Lab& lab) {
    const auto all = lab.sent<AppendAnswer>();
    if (all.empty()) return std::nullopt;
    return all.back().second;
}

// S23.
TEST(DamagedReplica, NeverCampaigns) {
    const MadeLog log({1, 1, 2});
    for (const bool readable : {true, false}) {
        Lab lab({}, damaged_disk(log, 2, readable));
        EXPECT_TRUE(lab.replica->damaged());
        lab.step(PeerReady{node(1)});
        lab.run(ms(5000));
        lab.step(Beat{node(1), Term{2}, LogIndex{}});
        lab.hears(1, TimeoutNow{kGroup, Term{2}});
        EXPECT_EQ(lab.replica->role(), Role::Follower);
        EXPECT_TRUE(lab.sent<VoteAsk>().empty());
    }
}

// S22: it votes only while its last (term, index) can be read.
TEST(DamagedReplica, VotesOnlyWithAReadableLastHeader) {
    struct Case {
        const char* why;
        std::uint64_t damaged;
        bool readable;
        LogPosition theirs;
        bool granted;
    };
    const MadeLog log({1, 1, 2});
    const Case cases[] = {
        {"damage before the end", 2, false, {Term{2}, LogIndex{3}}, true},
        {"body of the last", 3, true, {Term{2}, LogIndex{3}}, true},
        {"body of the last, shorter log", 3, true, {Term{1}, LogIndex{2}}, false},
        {"header of the last", 3, false, {Term{2}, LogIndex{3}}, false},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        Lab lab({}, damaged_disk(log, c.damaged, c.readable));
        lab.hears(1, VoteAsk{kGroup, Term{3}, c.theirs, false, false});
        lab.persist();
        EXPECT_EQ(lab.sent<VoteAnswer>().back().second.granted, c.granted);
    }
}

// S1 under damage: who cannot tell whom it voted for does not vote, also after the next start.
TEST(DamagedHardState, NeverVotesButStoresEntries) {
    const MadeLog log({1, 1});
    storage::MemoryStore disk;
    log.write(disk, 2, {Term{2}, node(2)});
    ASSERT_TRUE(disk.corrupt_hard(kGroup));
    Lab lab({}, disk);
    MadeLog more = log;
    more.add(3);
    for (int life = 0; life < 2; ++life) {
        lab.hears(1, VoteAsk{kGroup, Term{3}, log.position(2), false, false});
        lab.persist();
        EXPECT_FALSE(lab.sent<VoteAnswer>().back().second.granted);
        lab.step(more.append(1, 3, 2, 3, 3));
        lab.persist();
        EXPECT_FALSE(last_answer(lab)) << "its vote may have been for a newer term";
        for (const std::size_t slot : {1U, 2U})
            lab.hears(slot, VoteAnswer{kGroup, Term{3}, true, false});
        ASSERT_TRUE(last_answer(lab));
        EXPECT_TRUE(last_answer(lab)->accepted);
        const std::size_t asks = lab.sent<VoteAsk>().size();
        lab.run(ms(5000));
        EXPECT_EQ(lab.sent<VoteAsk>().size(), asks);
        lab.crash();
    }
    EXPECT_EQ(lab.replica->last_index(), LogIndex{3});
}

// S22.
TEST(DamagedReplica, AsksForTheRangeAgainAndTakesTheSameBytes) {
    const MadeLog log({1, 1, 2, 2, 2});
    for (const bool readable : {true, false}) {
        SCOPED_TRACE(readable);
        Lab lab({}, damaged_disk(log, 3, readable));
        lab.step(log.append(1, 2, 5, 5, 5));
        lab.persist();
        ASSERT_TRUE(last_answer(lab));
        EXPECT_FALSE(last_answer(lab)->accepted);
        EXPECT_TRUE(last_answer(lab)->damaged);
        EXPECT_EQ(last_answer(lab)->index, LogIndex{3});
        EXPECT_EQ(lab.replica->last_index(), LogIndex{5}) << "nothing is truncated for a checksum";

        lab.step(log.append(1, 2, 2, 5, 5));
        EXPECT_TRUE(lab.replica->damaged()) << "repaired, but not on disk";
        lab.persist();
        EXPECT_FALSE(lab.replica->damaged());
        EXPECT_TRUE(last_answer(lab)->accepted);
        EXPECT_EQ(last_answer(lab)->index, LogIndex{5});
        EXPECT_EQ(lab.replica->counters().entries_repaired, 1U);
        lab.crash();
        EXPECT_FALSE(lab.replica->damaged());
        EXPECT_EQ(lab.replica->last_index(), LogIndex{5});
    }
}

// Another entry under the same index and term is not a repair.
TEST(DamagedReplica, TakesNoOtherBytesAsARepair) {
    const MadeLog log({1, 1, 2});
    MadeLog other = MadeLog::fork(log, 2);
    other.add(2, kWallMs, "another");
    Lab lab({}, damaged_disk(log, 3, true));
    lab.step(other.append(1, 2, 2, 3));
    lab.persist();
    EXPECT_TRUE(lab.replica->damaged());
    EXPECT_EQ(lab.replica->counters().entries_refused, 1U);
}

// S22, the leader's side: what was acknowledged is sent again from where it was lost.
TEST(Leader, SendsAgainWhatAPeerLost) {
    Lab lab;
    lab.lead();
    lab.accepts(1, 1);
    lab.propose();
    lab.propose();
    lab.persist();
    lab.accepts(1, 3);
    ASSERT_EQ(lab.replica->commit(), LogIndex{3});
    lab.forget();
    AppendAnswer lost;
    lost.group = kGroup;
    lost.term = Term{1};
    lost.damaged = true;
    lost.index = LogIndex{2};
    lab.hears(1, lost);
    lab.answer_fetch();
    ASSERT_EQ(lab.appends.size(), 1U);
    EXPECT_EQ(lab.appends[0].item.prev.index, LogIndex{1});
    EXPECT_EQ(lab.appends[0].item.count, 2U);
    EXPECT_EQ(lab.replica->match(node(1)), LogIndex{1});
    EXPECT_EQ(lab.replica->commit(), LogIndex{3});
    lost.index = LogIndex{0};
    lab.hears(1, lost);
    EXPECT_EQ(lab.replica->needs_snapshot(lab.now, std::nullopt), (Member{node(1), {}}));
    EXPECT_EQ(lab.replica->needs_snapshot(lab.now, node(9)), (Member{node(1), {}}))
        << "after one that has left: from the first on";
}

// S23: a leader whose own copy fails a laggard's fetch gives up leading.
TEST(Leader, ThatFindsItsOwnLogDamagedStepsDown) {
    const MadeLog log({1, 1, 1});
    Lab lab({}, log, 3, {Term{1}, NodeId{}});
    lab.lead();
    ASSERT_TRUE(lab.disk.flip_bit_in_log(kGroup, LogIndex{2}, (kEntryHeaderBytes + 9) * 8));
    lab.refuses(1, 1, 1);
    lab.answer_fetch();
    EXPECT_EQ(lab.replica->role(), Role::Follower);
    EXPECT_TRUE(lab.replica->damaged());
    lab.run(ms(5000));
    EXPECT_EQ(lab.replica->role(), Role::Follower);
}

TEST(Leader, ToldOfDamageByItsOwnerStepsDownWithItsNextStep) {
    Lab lab;
    lab.lead();
    lab.replica->mark_damaged(LogIndex{1});
    EXPECT_FALSE(lab.replica->can_propose(1));
    lab.tick();
    EXPECT_EQ(lab.replica->role(), Role::Follower);
}

storage::LogBase base_at(const MadeLog& log, std::uint64_t index) {
    storage::LogBase base;
    base.index = LogIndex{index};
    base.term = log.header(index).term;
    base.chain = log.chain(index);
    base.stamp_ms = log.header(index).stamp_ms;
    base.space = {1};
    return base;
}

// S19: while a snapshot is staged, and until its switch is on disk, no leadership and no vote.
TEST(Snapshot, LetsNobodyCampaignBeforeItIsInstalled) {
    MadeLog log;
    for (int i = 0; i < 9; ++i) log.add(2);
    Lab lab({}, log, 2, {Term{2}, NodeId{}});
    lab.replica->forbid_campaign(Ban::Installing);
    lab.run(ms(3000));
    EXPECT_EQ(lab.replica->role(), Role::Follower);
    lab.replica->allow_campaign(Ban::Installing);
    lab.call([&](Replica& r, Effects& out) { r.install(lab.now, base_at(log, 8), out); });
    EXPECT_EQ(lab.replica->commit(), LogIndex{8});
    lab.run(ms(1000));
    EXPECT_EQ(lab.replica->role(), Role::Follower);
    lab.hears(1, VoteAsk{kGroup, Term{5}, log.position(9), false, false});
    EXPECT_FALSE(lab.sent<VoteAnswer>().back().second.granted);
    lab.persist();
    lab.run(ms(1000));
    EXPECT_EQ(lab.replica->role(), Role::PreCandidate);
}

// Who leads is told by what changes it, not by the next step.
TEST(Snapshot, ThatEndsACandidacyTellsSo) {
    MadeLog log;
    for (int i = 0; i < 9; ++i) log.add(2);
    Lab lab({}, log, 2, {Term{2}, NodeId{}});
    lab.run(ms(2000));
    ASSERT_EQ(lab.replica->role(), Role::PreCandidate);
    lab.forget();
    lab.call([&](Replica& r, Effects& out) { r.install(lab.now, base_at(log, 8), out); });
    EXPECT_EQ(lab.replica->role(), Role::Follower);
    EXPECT_EQ(lab.role_changes, 1);
}

// S22: what is behind an unreadable entry was acknowledged and stays, unless it is of a branch that
// was given up. A snapshot that ends at the unreadable entry heals it.
TEST(Snapshot, ThatEndsAtAnUnreadableEntryKeepsTheLogBehindIt) {
    MadeLog log;
    for (int i = 0; i < 9; ++i) log.add(2);
    for (const std::uint64_t term : {2U, 3U}) {
        SCOPED_TRACE(term);
        Lab lab({}, damaged_disk(log, 7, false));
        ASSERT_TRUE(lab.replica->damaged());
        lab.step(Beat{node(1), Term{3}, LogIndex{}});
        lab.persist();
        storage::LogBase base = base_at(log, 7);
        base.term = Term{term};
        lab.call([&](Replica& r, Effects& out) { r.install(lab.now, base, out); });
        lab.persist();
        EXPECT_FALSE(lab.replica->damaged());
        EXPECT_EQ(lab.replica->base().index, LogIndex{7});
        EXPECT_EQ(lab.replica->last_index(), LogIndex{term == 2 ? 9U : 7U});
        EXPECT_EQ(lab.replica->commit(), LogIndex{7});
        lab.crash();
        EXPECT_FALSE(lab.replica->damaged());
        EXPECT_EQ(lab.replica->last_index(), LogIndex{term == 2 ? 9U : 7U});
    }
}

// S19: old or new after a crash, nothing between.
TEST(Snapshot, IsInstalledWholeOrNotAtAll) {
    MadeLog log;
    for (int i = 0; i < 9; ++i) log.add(2);
    for (const bool survives : {false, true}) {
        Lab lab({}, log, 2, {Term{2}, NodeId{}});
        lab.call([&](Replica& r, Effects& out) { r.install(lab.now, base_at(log, 8), out); });
        if (survives) lab.persist();
        lab.crash();
        EXPECT_EQ(lab.replica->base().index, LogIndex{survives ? 8U : 0U});
        EXPECT_EQ(lab.replica->last_index(), LogIndex{survives ? 8U : 2U});
        EXPECT_EQ(lab.replica->base().space.value, survives ? 1U : 0U);
    }
}

// S19, S20: a snapshot inside the log keeps what follows it.
TEST(Snapshot, KeepsTheLogBehindIt) {
    const MadeLog log({2, 2, 2, 2});
    Lab lab({}, log, 4, {Term{2}, NodeId{}});
    lab.call([&](Replica& r, Effects& out) { r.install(lab.now, base_at(log, 2), out); });
    lab.persist();
    EXPECT_EQ(lab.replica->last_index(), LogIndex{4});
    lab.crash();
    EXPECT_EQ(lab.replica->last_index(), LogIndex{4});
    EXPECT_EQ(lab.replica->base().index, LogIndex{2});
}

TEST(Snapshot, OlderThanTheCommitIsIgnored) {
    const MadeLog log({1, 1, 1});
    Lab lab;
    lab.step(log.append(1, 1, 0, 3, 3));
    lab.persist();
    lab.call([&](Replica& r, Effects& out) { r.install(lab.now, base_at(log, 2), out); });
    EXPECT_EQ(lab.replica->base().index, LogIndex{0});
}

// S22: rows or base that do not hold are replaced by a snapshot only.
TEST(DamagedBase, TakesASnapshotAndNothingElse) {
    MadeLog log;
    for (int i = 0; i < 6; ++i) log.add(2);
    Lab first;
    first.step(log.append(1, 2, 0, 4, 4));
    first.persist();
    first.replica->applied(LogIndex{4});
    first.call([](Replica& r, Effects& out) { r.move_base(LogIndex{2}, kWallMs, out); });
    first.persist();
    storage::MemoryStore disk = first.disk;
    ASSERT_TRUE(disk.corrupt_base(kGroup));

    Lab lab({}, disk);
    ASSERT_TRUE(lab.replica->damaged());
    lab.step(log.append(1, 2, 4, 5, 5));
    lab.persist();
    ASSERT_TRUE(last_answer(lab));
    EXPECT_TRUE(last_answer(lab)->damaged);
    EXPECT_EQ(last_answer(lab)->index, LogIndex{0});
    lab.call([&](Replica& r, Effects& out) { r.install(lab.now, base_at(log, 5), out); });
    lab.persist();
    EXPECT_FALSE(lab.replica->damaged());
    lab.step(log.append(1, 2, 5, 6, 6));
    lab.persist();
    EXPECT_TRUE(last_answer(lab)->accepted);
    EXPECT_EQ(last_answer(lab)->index, LogIndex{6});
}

// S22: entries behind a lost base were acknowledged; a snapshot that ends before them may not take
// them away.
TEST(DamagedBase, TakesNoSnapshotThatEndsBeforeItsLog) {
    const MadeLog log({2, 2, 2, 2});
    Lab first;
    first.step(log.append(1, 2, 0, 4, 2));
    first.persist();
    first.replica->applied(LogIndex{2});
    first.call([](Replica& r, Effects& out) { r.move_base(LogIndex{2}, kWallMs, out); });
    first.persist();
    storage::MemoryStore disk = first.disk;
    ASSERT_TRUE(disk.corrupt_base(kGroup));
    Lab lab({}, disk);
    lab.call([&](Replica& r, Effects& out) { r.install(lab.now, base_at(log, 2), out); });
    EXPECT_TRUE(lab.replica->damaged());
    EXPECT_EQ(lab.replica->last_index(), LogIndex{4});
    lab.call([&](Replica& r, Effects& out) { r.install(lab.now, base_at(log, 3), out); });
    EXPECT_FALSE(lab.replica->damaged());
    EXPECT_EQ(lab.replica->last_index(), LogIndex{4});
}

// S25.
TEST(Compaction, LeavesWhatAVoterInContactLacks) {
    Lab lab;
    lab.lead();
    for (int i = 0; i < 5; ++i) lab.propose();
    lab.persist();
    lab.accepts(1, 6);
    lab.accepts(2, 3);
    lab.replica->applied(LogIndex{5});
    EXPECT_EQ(lab.replica->base_limit(lab.now), LogIndex{3});
    lab.contact.set(node(1), lab.now.mono + ms(1500));
    lab.step(Tick{lab.contact});
    lab.wait(ms(1500));
    EXPECT_EQ(lab.replica->base_limit(lab.now), LogIndex{5}) << "slot 2 is gone";
}

// Log time goes on from the base: a replica given another stamp would refuse what follows.
TEST(Compaction, KeepsTheStampOfItsLastEntry) {
    MadeLog log;
    log.add(1, kWallMs - 20).add(1, kWallMs - 10).add(1, kWallMs);
    Lab lab;
    lab.step(log.append(1, 1, 0, 3, 3));
    lab.persist();
    lab.replica->applied(LogIndex{3});
    lab.call([](Replica& r, Effects& out) { r.move_base(LogIndex{2}, kWallMs - 10, out); });
    lab.persist();
    lab.crash();
    EXPECT_EQ(lab.replica->base().stamp_ms, kWallMs - 10);
    EXPECT_EQ(lab.replica->window().at(LogIndex{2}).stamp_ms, kWallMs - 10);
}

// S25: beyond, a snapshot.
TEST(Compaction, SendsALaggardASnapshot) {
    Lab lab;
    lab.lead();
    for (int i = 0; i < 5; ++i) lab.propose();
    lab.persist();
    lab.accepts(1, 6);
    lab.replica->applied(LogIndex{6});
    lab.call([](Replica& r, Effects& out) { r.move_base(LogIndex{4}, kWallMs, out); });
    EXPECT_FALSE(lab.replica->needs_snapshot(lab.now, std::nullopt));
    lab.contact_all(lab.now.mono + ms(5000));
    lab.run(Timings{}.heartbeat * 2);  // the no-op is sent again, and is gone
    EXPECT_EQ(lab.replica->needs_snapshot(lab.now, std::nullopt), (Member{node(2), {}}));
    lab.forget();
    lab.replica->snapshot_sent({node(2), {}}, {Term{1}, LogIndex{4}});
    EXPECT_FALSE(lab.replica->needs_snapshot(lab.now, std::nullopt));
    lab.tick();
    lab.answer_fetch();
    ASSERT_EQ(lab.appends.size(), 1U);
    EXPECT_EQ(lab.appends[0].item.prev, (LogPosition{Term{1}, LogIndex{4}}));
}

}  // namespace
}  // namespace weft::replication::test
