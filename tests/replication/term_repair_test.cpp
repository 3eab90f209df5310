// Which terms of a mesh that stands still may fall. Every rule has the test that fails without it.

#include "replication/raft/term_repair.h"

#include "replica_lab.h"

#include <gtest/gtest.h>

namespace weft::replication::test {
namespace {

constexpr Term kForged{std::uint64_t{1} << 60};

TermsOnDisk disk(std::size_t slot, Term now) {
    return {.node = node(slot), .group = kGroup, .now = now};
}

// The plan for the one group of three nodes, of which `third` is the last.
TermRepair plan(const TermsOnDisk& third) {
    const auto repairs = plan_term_repair({disk(0, kForged), disk(1, kForged), third});
    EXPECT_EQ(repairs.size(), 1U);
    return repairs.at(0);
}

void expect_user(const TermRepair& repair, TermUse use, std::uint64_t term) {
    EXPECT_EQ(repair.use, use);
    EXPECT_EQ(repair.used, Term{term});
    EXPECT_EQ(repair.user, node(2));
}

TEST(TermRepair, FallsToTheTermAfterTheLastInUse) {
    TermsOnDisk third = disk(2, kForged);
    third.logged = Term{5};
    const TermRepair repair = plan(third);
    expect_user(repair, TermUse::Log, 5);
    EXPECT_EQ(repair.highest, kForged);
    // In term 5 itself a vote may have been overwritten by the forged term.
    EXPECT_EQ(repair.after, Term{6});
    ASSERT_EQ(repair.lowered.size(), 3U);
    EXPECT_EQ(repair.lowered[1].node, node(1));
    EXPECT_EQ(repair.lowered[1].now, kForged);
}

TEST(TermRepair, NeverFallsBelowAVote) {
    TermsOnDisk third = disk(2, Term{9});
    third.logged = Term{5};
    third.voted = Term{9};
    const TermRepair repair = plan(third);
    expect_user(repair, TermUse::Vote, 9);
    EXPECT_EQ(repair.after, Term{10});
    EXPECT_EQ(repair.lowered.size(), 2U);

    third.now = third.voted = kForged;
    EXPECT_TRUE(plan(third).lowered.empty());
    expect_user(plan(third), TermUse::Vote, kForged.value);
}

TEST(TermRepair, NeverFallsBelowAnEntryOrABase) {
    TermsOnDisk third = disk(2, kForged);
    third.logged = kForged;
    EXPECT_TRUE(plan(third).lowered.empty());
    third.logged = Term{};
    third.base = Term{7};
    expect_user(plan(third), TermUse::Base, 7);
    EXPECT_EQ(plan(third).after, Term{8});
}

TEST(TermRepair, LeavesAGroupOfWhichSomethingCannotBeRead) {
    TermsOnDisk third = disk(2, Term{9});
    third.damaged = true;
    EXPECT_EQ(plan(third).use, TermUse::Damage);
    EXPECT_EQ(plan(third).user, node(2));
    EXPECT_TRUE(plan(third).lowered.empty());
}

// Candidates vote for themselves: where nothing was forged, the highest term is in use.
TEST(TermRepair, RaisesNothingAndFindsNothingWhereNothingWasForged) {
    TermsOnDisk first = disk(0, Term{5});
    first.voted = Term{5};
    const auto repairs = plan_term_repair({disk(1, Term{3}), first, disk(2, Term{5})});
    ASSERT_EQ(repairs.size(), 1U);
    EXPECT_TRUE(repairs[0].lowered.empty());
}

TEST(TermRepair, JudgesEachGroupAlone) {
    TermsOnDisk other = disk(0, Term{4});
    other.group = PartitionId{8};
    other.voted = Term{4};
    const auto repairs = plan_term_repair({other, disk(0, kForged)});
    ASSERT_EQ(repairs.size(), 2U);
    EXPECT_EQ(repairs[0].group, kGroup);
    EXPECT_EQ(repairs[0].after, Term{1}) << "nothing is in use";
    EXPECT_EQ(repairs[0].lowered.size(), 1U);
    EXPECT_TRUE(repairs[1].lowered.empty());
}

TEST(TermsOnDisk, AreThoseOfVoteLogAndBase) {
    const MadeLog log({1, 2, 2, 4});
    storage::RecoveredGroup group;
    group.group = kGroup;
    group.hard = {Term{6}, node(1)};
    group.base.term = Term{2};
    for (std::uint64_t i = 3; i <= 4; ++i) group.log.push_back({log.header(i)});
    TermsOnDisk terms = terms_on_disk(node(0), group);
    EXPECT_EQ(terms.node, node(0));
    EXPECT_EQ(terms.group, kGroup);
    EXPECT_EQ(terms.now, Term{6});
    EXPECT_EQ(terms.voted, Term{6});
    EXPECT_EQ(terms.logged, Term{4});
    EXPECT_EQ(terms.base, Term{2});
    EXPECT_FALSE(terms.damaged);
    group.hard.vote = {};
    EXPECT_EQ(terms_on_disk(node(0), group).voted, Term{});
}

TEST(TermsOnDisk, AreNotKnownWhereARecordCannotBeReadOrIsGone) {
    const MadeLog log({1, 2});
    storage::RecoveredGroup sound;
    sound.group = kGroup;
    sound.hard.term = Term{6};
    sound.log = {{log.header(1)}, {log.header(2)}};
    EXPECT_FALSE(terms_on_disk(node(0), sound).damaged);
    auto group = sound;
    group.hard_damaged = true;
    EXPECT_TRUE(terms_on_disk(node(0), group).damaged);
    group = sound;
    group.base_damaged = true;
    EXPECT_TRUE(terms_on_disk(node(0), group).damaged);
    group = sound;
    group.log[1].readable = false;
    EXPECT_TRUE(terms_on_disk(node(0), group).damaged);
    group = sound;
    group.hard = {};  // the row is gone
    EXPECT_TRUE(terms_on_disk(node(0), group).damaged);
    group = sound;
    group.log.clear();
    group.base.term = Term{7};
    EXPECT_TRUE(terms_on_disk(node(0), group).damaged);
}

}  // namespace
}  // namespace weft::replication::test
