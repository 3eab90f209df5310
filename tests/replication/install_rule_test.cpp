// What the base of a snapshot does to a log (S19, S22).

#include "replication/raft/install_rule.h"

#include "replica_lab.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace weft::replication::test {
namespace {

// A log of seven entries of term 2 behind a base at 2; its commit is 4.
class InstallTest : public testing::Test {
protected:
    InstallTest() {
        for (int i = 0; i < 9; ++i) log.add(2);
        read(2, 9, 0);
    }
    // Entries up to `last` behind `base`, of which that at `lost` cannot be read.
    void read(std::uint64_t base, std::uint64_t last, std::uint64_t lost) {
        window.reset(at(base), base != lost);
        for (std::uint64_t i = base + 1; i <= last; ++i) {
            storage::RecoveredEntry entry;
            entry.header = log.header(i);
            entry.readable = entry.intact = i != lost;
            window.recover(entry);
        }
    }
    storage::LogBase at(std::uint64_t index, std::uint64_t term = 2) const {
        storage::LogBase base;
        base.index = LogIndex{index};
        base.term = Term{term};
        base.chain = log.chain(index);
        return base;
    }
    Install judge(const storage::LogBase& base, bool rows_damaged = false) const {
        return judge_install(window, base, LogIndex{4}, rows_damaged);
    }

    MadeLog log;
    LogWindow window;
};

TEST_F(InstallTest, BringsNothingUpToTheCommit) {
    EXPECT_EQ(judge(at(3)), Install::Not);
    EXPECT_EQ(judge(at(4)), Install::Not);
    EXPECT_EQ(judge(at(5)), Install::Begins);
}

TEST_F(InstallTest, MendsRowsAlsoBeforeTheCommitWhereTheLogAgrees) {
    EXPECT_EQ(judge(at(3), true), Install::Begins);
    EXPECT_EQ(judge(at(2), true), Install::Begins) << "the base itself";
    EXPECT_EQ(judge(at(3, 3), true), Install::Not) << "it contradicts what is committed";
    EXPECT_EQ(judge(at(4, 3), true), Install::Replaces);
    EXPECT_EQ(judge(at(1), true), Install::Not) << "from before the log";
}

TEST_F(InstallTest, ReplacesALogThatIsAnotherOrEndsBeforeIt) {
    EXPECT_EQ(judge(at(6, 3)), Install::Replaces);
    storage::LogBase other = at(6);
    other.chain = log.chain(5);
    EXPECT_EQ(judge(other), Install::Replaces);
    read(2, 5, 0);
    EXPECT_EQ(judge(at(6)), Install::Replaces);
}

TEST_F(InstallTest, HealsAnEntryThatCannotBeRead) {
    read(2, 9, 7);
    EXPECT_EQ(judge(at(7)), Install::Heals);
    EXPECT_EQ(judge(at(7, 3)), Install::Replaces) << "what is behind it was given up";
    read(2, 7, 7);
    EXPECT_EQ(judge(at(7)), Install::Replaces) << "nothing is behind it";
}

TEST_F(InstallTest, LeavesAloneWhatIsBehindABaseThatCannotBeRead) {
    read(4, 9, 4);
    EXPECT_EQ(judge(at(4), true), Install::Not);
    EXPECT_EQ(judge(at(4, 3), true), Install::Replaces);
    EXPECT_EQ(judge(at(5), true), Install::Begins);
}

// By the first entry that can be read.
TEST_F(InstallTest, FindsALogStaleByItsTerms) {
    read(2, 9, 7);
    EXPECT_FALSE(stale_behind(window, {Term{2}, LogIndex{6}}));
    EXPECT_TRUE(stale_behind(window, {Term{3}, LogIndex{6}}));
    EXPECT_FALSE(stale_behind(window, {Term{3}, LogIndex{9}})) << "nothing is behind it";
}

}  // namespace
}  // namespace weft::replication::test
