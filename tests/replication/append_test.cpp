// A follower's log (S2, S20, S21; the stamp rule S29).

#include "replica_lab.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

namespace weft::replication::test {
namespace {

std::vector<AppendAnswer> answers(const Lab& lab) {
    std::vector<AppendAnswer> found;
    for (const auto& [to, answer] : lab.sent<AppendAnswer>()) found.push_back(answer);
    return found;
}

// S2.
TEST(Append, IsNotAcknowledgedBeforeItIsDurable) {
    const MadeLog log({1, 1});
    Lab lab;
    lab.step(log.append(1, 1, 0, 1));
    lab.step(log.append(1, 1, 1, 2));
    EXPECT_TRUE(answers(lab).empty());
    lab.persist(1);
    ASSERT_EQ(answers(lab).size(), 1U);
    EXPECT_TRUE(answers(lab)[0].accepted);
    EXPECT_EQ(answers(lab)[0].index, LogIndex{1}) << "the second is not on disk yet";
    lab.persist();
    EXPECT_EQ(answers(lab).back().index, LogIndex{2});
}

// S2, ABA: the disk's word for entries that were replaced since says nothing about the new ones.
TEST(Append, IsNotAcknowledgedByThePersistOfWhatItReplaced) {
    const MadeLog first({1, 2, 2, 2});
    MadeLog second = MadeLog::fork(first, 1);
    second.add(3).add(3).add(3);
    Lab lab({}, first, 1, {Term{1}, NodeId{}});
    lab.step(first.append(1, 2, 1, 4));
    lab.step(second.append(2, 3, 1, 4));
    lab.forget();
    lab.persist(1);
    EXPECT_EQ(lab.replica->durable_index(), LogIndex{1});
    for (const AppendAnswer& answer : answers(lab)) EXPECT_LE(answer.index, LogIndex{1});
    lab.persist();
    EXPECT_EQ(answers(lab).back().index, LogIndex{4});
    EXPECT_EQ(answers(lab).back().term, Term{3});
}

// An acknowledgement under a term that a crash would undo could be followed by one to an older
// leader.
TEST(Append, IsNotAcknowledgedUnderATermThatIsNotDurable) {
    const MadeLog log({1});
    Lab lab;
    lab.step(log.append(1, 1, 0, 1));
    lab.step(log.append(2, 2, 1, 1));
    lab.persist(1);
    EXPECT_TRUE(answers(lab).empty());
    lab.persist();
    ASSERT_EQ(answers(lab).size(), 1U);
    EXPECT_EQ(answers(lab)[0].term, Term{2});
}

// A later leader must not be told that an older one was followed.
TEST(Append, IsNotAcknowledgedToALeaderOfAnotherTerm) {
    const MadeLog log({1});
    Lab lab;
    lab.step(log.append(1, 1, 0, 1));
    lab.step(Beat{node(2), Term{2}, LogIndex{}});
    lab.persist();
    EXPECT_TRUE(answers(lab).empty());
}

TEST(Append, OfAnOlderTermIsRefused) {
    const MadeLog log({1});
    Lab lab({}, MadeLog{}, 0, {Term{5}, NodeId{}});
    lab.step(log.append(1, 4, 0, 1));
    ASSERT_EQ(answers(lab).size(), 1U);
    EXPECT_FALSE(answers(lab)[0].accepted);
    EXPECT_EQ(answers(lab)[0].term, Term{5});
    EXPECT_EQ(lab.replica->last_index(), LogIndex{0});
}

// S20.
TEST(Append, ThatIsShortOrRepeatedTruncatesNothing) {
    const MadeLog log({1, 1, 1, 1});
    Lab lab({}, log, 4, {Term{1}, NodeId{}});
    lab.step(log.append(1, 1, 0, 2));
    EXPECT_EQ(lab.replica->last_index(), LogIndex{4});
    lab.step(log.append(1, 1, 1, 1));
    EXPECT_EQ(lab.replica->last_index(), LogIndex{4});
    EXPECT_TRUE(lab.pending.empty()) << "a repetition writes nothing";
}

// S20: refused entries truncate nothing either.
TEST(Append, WithAnUnknownPredecessorTruncatesNothing) {
    const MadeLog ours({1, 1, 2, 2});
    MadeLog theirs = MadeLog::fork(ours, 2);
    theirs.add(3).add(3).add(3);
    Lab lab({}, ours, 4, {Term{2}, NodeId{}});
    lab.step(theirs.append(1, 3, 4, 5));
    EXPECT_EQ(lab.replica->last_index(), LogIndex{4});
    lab.persist();
    ASSERT_FALSE(answers(lab).empty());
    EXPECT_FALSE(answers(lab)[0].accepted);
    EXPECT_EQ(answers(lab)[0].index, LogIndex{3}) << "newest entry of no newer term before it";
    EXPECT_EQ(answers(lab)[0].hint_term, Term{2});
}

TEST(Append, WithAConflictReplacesTheTail) {
    const MadeLog ours({1, 1, 2, 2});
    MadeLog theirs = MadeLog::fork(ours, 2);
    theirs.add(3);
    Lab lab({}, ours, 4, {Term{2}, NodeId{}});
    lab.step(theirs.append(1, 3, 2, 3));
    lab.persist();
    EXPECT_EQ(lab.replica->last_index(), LogIndex{3});
    EXPECT_EQ(lab.replica->term_at(LogIndex{3}), Term{3});
    lab.crash();
    EXPECT_EQ(lab.replica->last_index(), LogIndex{3});
}

// S20: a "conflict" below the commit index is a fault of the sender, not of the log.
TEST(Append, NeverTruncatesWhatIsCommitted) {
    const MadeLog ours({1, 1, 1});
    MadeLog theirs = MadeLog::fork(ours, 1);
    theirs.add(2).add(2);
    Lab lab;
    lab.step(ours.append(1, 1, 0, 3, 3));
    lab.persist();
    ASSERT_EQ(lab.replica->commit(), LogIndex{3});
    lab.step(theirs.append(2, 2, 1, 3));
    EXPECT_EQ(lab.replica->term_at(LogIndex{2}), Term{1});
    EXPECT_EQ(lab.replica->counters().entries_refused, 1U);
}

// S21.
TEST(Commit, GoesNoFurtherThanTheLogIsKnownToMatch) {
    const MadeLog ours({1, 1, 1, 1});
    Lab lab({}, ours, 4, {Term{1}, NodeId{}});
    lab.step(Beat{node(1), Term{2}, LogIndex{4}});
    EXPECT_EQ(lab.replica->commit(), LogIndex{0}) << "nothing verified in this term";
    lab.step(ours.append(1, 2, 0, 2, 4));
    EXPECT_EQ(lab.replica->commit(), LogIndex{2});
    lab.step(ours.append(1, 2, 4, 4, 3));
    EXPECT_EQ(lab.replica->commit(), LogIndex{3});
    lab.step(Beat{node(1), Term{2}, LogIndex{9}});
    EXPECT_EQ(lab.replica->commit(), LogIndex{4});
}

// Peers are hostile: nothing of this gets into the log.
TEST(Append, ThatDoesNotHoldIsRefused) {
    const MadeLog log({1, 1, 2, 2});
    MadeLog other({1});
    other.add(2, kWallMs, "else");
    MadeLog falling = MadeLog::fork(log, 2);
    falling.add(2, kWallMs - 1);
    MadeLog config = MadeLog::fork(log, 2);
    config.add(2, kWallMs, "no configuration", EntryKind::Config);
    MadeLog older = MadeLog::fork(log, 2);
    older.add(0);
    struct Case {
        const char* why;
        Append append;
    };
    std::vector<Case> cases;
    cases.push_back({"wrong chain", other.append(1, 2, 1, 2)});
    cases[0].append.item.prev = log.position(2);
    cases.push_back({"stamp falls", falling.append(1, 2, 2, 3)});
    cases.push_back({"broken configuration", config.append(1, 2, 2, 3)});
    cases.push_back({"term falls", older.append(1, 2, 2, 3)});
    cases.push_back({"truncated bytes", log.append(1, 2, 2, 3)});
    cases.back().append.entries = cases.back().append.entries.slice(0, 60);
    cases.push_back({"term above the leader's", MadeLog::fork(log, 2).add(9).append(1, 2, 2, 3)});
    cases.push_back({"bit flipped", log.append(1, 2, 2, 3)});
    std::string flipped(cases.back().append.entries.view());
    flipped[60] = static_cast<char>(flipped[60] ^ 4);
    cases.back().append.entries = Bytes::adopt(flipped);
    cases.push_back({"count beyond the bytes", log.append(1, 2, 2, 2)});
    cases.back().append.item.count = 4'000'000'000U;
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        Lab lab({}, log, 2, {Term{2}, NodeId{}});
        lab.step(c.append);
        lab.persist();
        EXPECT_EQ(lab.replica->last_index(), LogIndex{2});
        EXPECT_EQ(lab.replica->counters().entries_refused, 1U);
    }
}

// S29: refused is what is above both the previous stamp and the own clock + 5 s.
TEST(Append, WithAStampFromTheFutureIsRefusedUnlessTheOneBeforeWasThereToo) {
    struct Case {
        std::int64_t before, stamp;
        bool taken;
    };
    const Case cases[] = {
        {kWallMs, kWallMs + 5000, true},
        {kWallMs, kWallMs + 5001, false},
        {kWallMs + 9000, kWallMs + 9000, true},
        {kWallMs + 9000, kWallMs + 9001, false},
    };
    for (const Case& c : cases) {
        MadeLog log;
        log.add(1, c.before).add(1, c.stamp);
        Lab lab({}, log, 1, {Term{1}, NodeId{}});
        lab.step(log.append(1, 1, 1, 2));
        EXPECT_EQ(lab.replica->last_index() == LogIndex{2}, c.taken) << c.stamp - kWallMs;
    }
}

TEST(Append, FromASecondLeaderOfTheTermIsRefused) {
    const MadeLog log({1, 1});
    Lab lab;
    lab.step(log.append(1, 1, 0, 1));
    lab.step(log.append(2, 1, 1, 2));
    EXPECT_EQ(lab.replica->last_index(), LogIndex{1});
    EXPECT_EQ(lab.replica->leader(), node(1));
    EXPECT_EQ(lab.replica->counters().messages_refused, 1U);
}

// What crosses the base of a compacted log is taken from where the base ends.
TEST(Append, ThatBeginsBeforeTheBaseIsTakenBehindIt) {
    const MadeLog log({1, 1, 1, 1});
    Lab lab;
    lab.step(log.append(1, 1, 0, 3, 3));
    lab.persist();
    lab.replica->applied(LogIndex{3});
    lab.call([](Replica& r, Effects& out) { r.move_base(LogIndex{2}, kWallMs, out); });
    lab.persist();
    lab.forget();
    lab.step(log.append(1, 1, 0, 4, 3));
    lab.persist();
    EXPECT_EQ(lab.replica->last_index(), LogIndex{4});
    EXPECT_EQ(answers(lab).back().index, LogIndex{4});
    lab.crash();
    EXPECT_EQ(lab.replica->base().index, LogIndex{2});
    EXPECT_EQ(lab.replica->last_index(), LogIndex{4});
}

// S21, finding 88: what a leader has proven of the log that went is proven of nothing. One that
// lies gives a log to its end, and then a snapshot that contradicts it.
TEST(Snapshot, LeavesNothingProvenOfALogThatItReplaces) {
    const MadeLog log({1, 1, 1, 1, 1, 1});
    Lab lab;
    lab.step(log.append(1, 2, 0, 6, 2));
    lab.persist();
    storage::LogBase base;
    base.index = LogIndex{4};
    base.term = Term{2};
    base.stamp_ms = kWallMs;
    base.space = {1};
    lab.call([&](Replica& r, Effects& out) { r.install(lab.now, base, out); });
    lab.persist();
    ASSERT_EQ(lab.replica->last_index(), LogIndex{4});
    lab.step(Beat{node(1), Term{2}, LogIndex{6}});
    EXPECT_EQ(lab.replica->commit(), LogIndex{4});
}

TEST(ReplicaCheck, FindsEachFaultThatIsPlanted) {
    const MadeLog log({1, 1});
    Lab lab({}, log, 2, {Term{1}, NodeId{}});
    const auto checked = [&] { return weft::test::said_by([&] { lab.replica->check(); }); };
    // A receiver takes the term of whoever sends a snapshot first, and refuses a base beyond it.
    storage::LogBase base;
    base.index = LogIndex{3};
    base.term = Term{3};
    Effects out;
    lab.replica->install(lab.now, base, out);
    EXPECT_EQ(checked(), "term 1 before the log's 3");
    lab.step(Beat{node(1), Term{3}, LogIndex{}});
    EXPECT_EQ(checked(), "");
    const_cast<storage::LogBase&>(lab.replica->base()).index = LogIndex{2};
    EXPECT_EQ(checked(), "base 2 and 3");
}

}  // namespace
}  // namespace weft::replication::test
