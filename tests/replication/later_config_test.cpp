// A configuration that a later weft wrote before this one was started on its disk.

#include "replica_lab.h"

#include <gtest/gtest.h>

#include <string>

namespace weft::replication::test {
namespace {

std::string of_a_later_weft() {
    std::string bytes = encode_config(members(3));
    bytes[0] = 3;
    return bytes;
}

MadeLog with_a_later_configuration() {
    MadeLog log({1});
    log.add(1, kWallMs, of_a_later_weft(), EntryKind::Config);
    log.add(1);
    return log;
}

// S22: what cannot be read is not what cannot be understood.
TEST(LaterConfiguration, InTheLogIsKeptAndNobodyStandsByIt) {
    MadeLog log = with_a_later_configuration();
    log.add(1);
    Lab lab({}, log, 3, {Term{1}, NodeId{}});
    lab.answer_fetch();
    EXPECT_TRUE(lab.replica->blocked());
    EXPECT_FALSE(lab.replica->damaged());
    lab.run(ms(3000));
    EXPECT_EQ(lab.replica->role(), Role::Follower);
    EXPECT_TRUE(lab.fetches.empty()) << "it would be the same the second time";
    lab.step(log.append(1, 1, 3, 4, 4));
    lab.persist();
    const auto answers = lab.sent<AppendAnswer>();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_TRUE(answers[0].second.accepted) << "the log goes on";
    EXPECT_EQ(answers[0].second.index, LogIndex{4});
    lab.replica->applied(LogIndex{4});
    lab.call([](Replica& r, Effects& out) { r.move_base(LogIndex{4}, kWallMs, out); });
    EXPECT_EQ(lab.replica->base().index, LogIndex{}) << "a base could not say who votes";
    lab.hears(2, VoteAsk{kGroup, Term{2}, log.position(4), false, true});
    lab.persist();
    EXPECT_TRUE(lab.sent<VoteAnswer>().back().second.granted);
}

// S13: it goes with a truncation, and what was in force before it is again.
TEST(LaterConfiguration, ThatIsTruncatedBlocksNothing) {
    const MadeLog log = with_a_later_configuration();
    Lab lab({}, log, 3, {Term{1}, NodeId{}});
    lab.answer_fetch();
    MadeLog other = MadeLog::fork(log, 1);
    other.add(2);
    lab.step(other.append(1, 2, 1, 2));
    lab.persist();
    EXPECT_FALSE(lab.replica->blocked());
    lab.run(ms(3000));
    EXPECT_EQ(lab.replica->role(), Role::PreCandidate);
}

// S13, S19: a snapshot of another branch drops the log, and with it what could not be understood.
TEST(LaterConfiguration, OfALogThatASnapshotDropsBlocksNothing) {
    MadeLog log({1, 1});
    log.add(1, kWallMs, of_a_later_weft(), EntryKind::Config);
    Lab lab({}, log, 3, {Term{2}, NodeId{}});
    lab.answer_fetch();
    ASSERT_TRUE(lab.replica->blocked());
    MadeLog other = MadeLog::fork(log, 1);
    other.add(2);
    storage::LogBase base;
    base.index = LogIndex{2};
    base.term = Term{2};
    base.chain = other.chain(2);
    base.stamp_ms = kWallMs;
    base.config = encode_config(members(3));
    lab.call([&](Replica& r, Effects& out) { r.install(lab.now, base, out); });
    lab.persist();
    ASSERT_EQ(lab.replica->last_index(), LogIndex{2});
    EXPECT_FALSE(lab.replica->blocked());
    lab.run(ms(3000));
    EXPECT_EQ(lab.replica->role(), Role::PreCandidate);
}

TEST(LaterConfiguration, InTheBaseIsKeptUntilASnapshotHasOneThatIsKnown) {
    const MadeLog log({1, 1, 1, 1, 1, 1});
    storage::MemoryStore disk;
    storage::WriteBatch batch;
    storage::LogBase base;
    base.index = LogIndex{5};
    base.term = Term{1};
    base.chain = log.chain(5);
    base.stamp_ms = kWallMs;
    base.config = of_a_later_weft();
    batch.hard_state(kGroup, {Term{1}, NodeId{}});
    batch.move_base(kGroup, base);
    ASSERT_TRUE(disk.apply(batch));
    Lab lab({}, std::move(disk));
    EXPECT_TRUE(lab.replica->blocked());
    EXPECT_FALSE(lab.replica->damaged());
    lab.run(ms(3000));
    EXPECT_EQ(lab.replica->role(), Role::Follower);
    lab.step(log.append(1, 1, 5, 6, 6));
    lab.persist();
    ASSERT_EQ(lab.replica->commit(), LogIndex{6});
    lab.replica->applied(LogIndex{6});
    lab.call([](Replica& r, Effects& out) { r.move_base(LogIndex{6}, kWallMs, out); });
    EXPECT_EQ(lab.replica->base().config, of_a_later_weft());
    base.index = LogIndex{8};
    base.config = encode_config(members(3));
    lab.call([&](Replica& r, Effects& out) { r.install(lab.now, base, out); });
    lab.persist();
    EXPECT_FALSE(lab.replica->blocked());
    lab.run(ms(3000));
    EXPECT_EQ(lab.replica->role(), Role::PreCandidate);
}

}  // namespace
}  // namespace weft::replication::test
