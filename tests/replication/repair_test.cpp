// An entry that cannot be read is of a branch that nobody knows: what takes its place decides about
// what is behind it (S4, S20, S22).

#include "replica_lab.h"

#include <gtest/gtest.h>

namespace weft::replication::test {
namespace {

// A disk with `log` whose entries `lost` are not there any more.
storage::MemoryStore disk_without(const MadeLog& log, std::initializer_list<std::uint64_t> lost) {
    storage::MemoryStore disk;
    log.write(disk, log.size(), {Term{3}, NodeId{}});
    for (const std::uint64_t index : lost) EXPECT_TRUE(disk.vanish_log(kGroup, LogIndex{index}));
    return disk;
}

AppendAnswer last_answer(const Lab& lab) {
    const auto all = lab.sent<AppendAnswer>();
    return all.empty() ? AppendAnswer{} : all.back().second;
}

// S4: the tail of a branch that was given up, kept behind the entry that replaced its first one,
// would make this log look no longer than that of a candidate who lacks what was acknowledged here.
TEST(Repair, ByANewerTermLetsNobodyWinWhoLacksIt) {
    const MadeLog old({1, 1, 1, 1, 1});
    MadeLog newer = MadeLog::fork(old, 2);
    newer.add(3);
    for (const bool two : {false, true}) {
        SCOPED_TRACE(two);
        Lab lab({}, two ? disk_without(old, {3, 4}) : disk_without(old, {3}));
        lab.step(newer.append(1, 3, 2, 3));
        lab.persist();
        ASSERT_TRUE(last_answer(lab).accepted) << "with this answer the entry may be committed";
        EXPECT_EQ(last_answer(lab).index, LogIndex{3});
        EXPECT_EQ(lab.replica->last_index(), LogIndex{3});
        lab.step(CrashEvidence{node(1)});
        lab.hears(2, VoteAsk{kGroup, Term{4}, old.position(5), false, false});
        lab.persist();
        EXPECT_FALSE(lab.sent<VoteAnswer>().back().second.granted);
        lab.crash();
        EXPECT_EQ(lab.replica->last_index(), LogIndex{3});
        EXPECT_FALSE(lab.replica->damaged());
    }
}

// S20, S22: no newer term, no conflict: what is behind was acknowledged and stays.
TEST(Repair, ByTheEntryItselfKeepsWhatIsBehindIt) {
    const MadeLog log({1, 1, 1, 2, 2});
    Lab lab({}, disk_without(log, {3}));
    lab.step(log.append(1, 3, 2, 3));
    lab.persist();
    EXPECT_EQ(lab.replica->last_index(), LogIndex{5});
    EXPECT_FALSE(lab.replica->damaged());
}

}  // namespace
}  // namespace weft::replication::test
