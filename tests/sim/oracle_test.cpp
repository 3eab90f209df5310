// Every rule of the oracle, fed with views that break it (and with ones that do not).

#include "sim/oracle.h"

#include "tests/sim/broken_rule.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace weft::sim {
namespace {

using replication::Role;

class OracleTest : public BrokenRule {
protected:
    class Log final : public Oracle::Entries {
    public:
        std::optional<Oracle::EntrySeen> entry(LogIndex index) const override {
            const auto found = entries.find(index);
            if (found == entries.end()) return std::nullopt;
            return found->second;
        }
        std::map<LogIndex, Oracle::EntrySeen> entries;
    };
    static Log log(
        std::initializer_list<std::pair<std::uint64_t, std::uint8_t>> terms_and_content) {
        Log made;
        std::uint64_t index = 0;
        for (const auto& [term, content] : terms_and_content) {
            Oracle::EntrySeen entry{Term{term}, {}};
            entry.chain.bytes[0] = content;
            made.entries[LogIndex{++index}] = entry;
        }
        return made;
    }
    // What the oracle says to this view; empty: nothing.
    std::string look(std::size_t machine, const Oracle::Shown& now, const Log& entries) {
        return said([&] { oracle_.look(machine, kGroup, now, entries); });
    }
    static Oracle::Shown shown(Role role, std::uint64_t term, std::uint64_t commit,
                               std::uint64_t last) {
        return {role, Term{term}, LogIndex{0}, LogIndex{commit}, LogIndex{last}};
    }

    static constexpr PartitionId kGroup{1};
    Oracle oracle_{3};
};

TEST_F(OracleTest, OneLeaderPerTerm) {
    EXPECT_EQ(look(0, shown(Role::Leader, 1, 0, 0), {}), "");
    EXPECT_EQ(look(1, shown(Role::Leader, 2, 0, 0), {}), "");
    EXPECT_EQ(look(2, shown(Role::Leader, 2, 0, 0), {}), "I1");
}

TEST_F(OracleTest, TermsAndCommitsNeverGoBack) {
    const Log entries = log({{1, 1}, {1, 2}});
    EXPECT_EQ(look(0, shown(Role::Follower, 3, 2, 2), entries), "");
    EXPECT_EQ(look(0, shown(Role::Follower, 2, 2, 2), entries), "S1");
    EXPECT_EQ(look(0, shown(Role::Follower, 3, 1, 2), entries), "S21");
    oracle_.restarted(0);
    EXPECT_EQ(look(0, shown(Role::Follower, 3, 0, 2), entries), "");
}

// Raft paper 5.3.
TEST_F(OracleTest, LogsOfOneTermMatch) {
    EXPECT_EQ(look(0, shown(Role::Leader, 1, 0, 2), log({{1, 1}, {1, 2}})), "");
    EXPECT_EQ(look(1, shown(Role::Follower, 1, 0, 2), log({{1, 1}, {1, 2}})), "");
    EXPECT_EQ(look(2, shown(Role::Follower, 1, 0, 2), log({{1, 1}, {1, 9}})), "I2");
}

TEST_F(OracleTest, ATailOfAnotherTermIsNoContradiction) {
    EXPECT_EQ(look(0, shown(Role::Leader, 1, 0, 2), log({{1, 1}, {1, 2}})), "");
    EXPECT_EQ(look(1, shown(Role::Leader, 2, 0, 2), log({{1, 1}, {2, 9}})), "");
}

TEST_F(OracleTest, OneCommittedEntryPerIndex) {
    EXPECT_EQ(look(0, shown(Role::Leader, 1, 2, 2), log({{1, 1}, {1, 2}})), "");
    EXPECT_EQ(look(1, shown(Role::Leader, 2, 2, 2), log({{1, 1}, {2, 9}})), "I3");
    EXPECT_EQ(look(2, shown(Role::Follower, 3, 2, 2), log({{1, 1}, {3, 9}})), "I2");
}

// Raft paper 5.4.3.
TEST_F(OracleTest, ALeaderHoldsWhatWasCommitted) {
    EXPECT_EQ(look(0, shown(Role::Leader, 1, 2, 2), log({{1, 1}, {1, 2}})), "");
    EXPECT_EQ(look(1, shown(Role::Leader, 2, 0, 1), log({{1, 1}})), "I3");
}

// The chain tells of the whole prefix: equal terms at the end are not enough.
TEST_F(OracleTest, ALeaderHoldsTheCommittedEntriesThemselves) {
    EXPECT_EQ(look(0, shown(Role::Leader, 1, 2, 3), log({{1, 1}, {1, 2}, {1, 3}})), "");
    Log other = log({{1, 1}, {2, 2}, {2, 3}});
    other.entries[LogIndex{2}].term = Term{1};
    EXPECT_EQ(look(1, shown(Role::Follower, 1, 0, 1), other), "");
    Oracle::Shown leader = shown(Role::Leader, 2, 0, 1);
    leader.last = LogIndex{3};
    other.entries[LogIndex{2}].chain.bytes[0] = 9;
    other.entries[LogIndex{2}].term = Term{2};
    EXPECT_EQ(look(1, leader, other), "I3");
}

// What a start has read back is compared as what is new, and so is an entry that is a base now.
TEST_F(OracleTest, WhatWasReadBackIsComparedToo) {
    EXPECT_EQ(look(0, shown(Role::Leader, 1, 3, 3), log({{1, 1}, {1, 2}, {1, 3}})), "");
    oracle_.restarted(0);
    EXPECT_EQ(look(0, shown(Role::Follower, 1, 0, 3), log({{1, 1}, {1, 9}, {1, 3}})), "I2");
    Oracle::Shown based = shown(Role::Follower, 1, 2, 3);
    based.base = LogIndex{2};
    Log behind = log({{1, 1}, {1, 2}, {1, 3}});
    EXPECT_EQ(look(1, based, behind), "");
    oracle_.restarted(1);
    behind.entries[LogIndex{2}].chain.bytes[0] = 9;
    EXPECT_EQ(look(1, based, behind), "I2");
}

// A damaged entry hides itself, not those before it.
TEST_F(OracleTest, WhatLiesBeforeADamagedEntryIsCompared) {
    EXPECT_EQ(look(0, shown(Role::Leader, 1, 0, 3), log({{1, 1}, {1, 2}, {1, 3}})), "");
    Log damaged = log({{1, 9}, {1, 2}, {1, 3}});
    damaged.entries.erase(LogIndex{2});
    EXPECT_EQ(look(1, shown(Role::Follower, 1, 0, 3), damaged), "I2");
}

TEST_F(OracleTest, LateVotesMayElectALeaderOfAnOlderTerm) {
    EXPECT_EQ(look(0, shown(Role::Leader, 5, 2, 2), log({{5, 1}, {5, 2}})), "");
    EXPECT_EQ(look(1, shown(Role::Leader, 4, 0, 1), log({{4, 1}})), "");
}

// I12.
TEST_F(OracleTest, EqualIndexMeansEqualState) {
    const auto state = [](std::size_t machine, std::uint64_t applied, std::uint64_t hash) {
        return Oracle::StateSeen{machine, LogIndex{2}, LogIndex{applied}, hash};
    };
    oracle_.check_state(kGroup, state(0, 7, 42), state(1, 7, 42));
    oracle_.check_state(kGroup, state(0, 7, 42), state(1, 8, 43));
    EXPECT_EQ(oracle_.states_compared(), 1U);
    EXPECT_EQ(said([&] { oracle_.check_state(kGroup, state(0, 7, 42), state(1, 7, 43)); }), "I12");
}

}  // namespace
}  // namespace weft::sim
