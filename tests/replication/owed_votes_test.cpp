// Which candidates wait for an answer, and what becomes of it (S1, S5).

#include "replication/raft/owed_votes.h"

#include "replica_lab.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

namespace weft::replication::test {
namespace {

VoteAsk ask(std::uint64_t term) { return {kGroup, Term{term}, {}, false, false}; }

TEST(OwedVotes, AnswerWhatEachCandidateAskedLast) {
    OwedVotes owed;
    EXPECT_EQ(owed.deadline(), Instant::never());
    owed.wait(node(1), ask(1));
    owed.wait(node(2), ask(2));
    owed.wait(node(1), ask(3));
    EXPECT_EQ(owed.deadline(), Instant::long_ago());
    const auto asked = owed.take(Instant{7});
    ASSERT_EQ(asked.size(), 2U);
    EXPECT_EQ(asked[0].from, node(2));
    EXPECT_EQ(asked[1].from, node(1));
    EXPECT_EQ(asked[1].ask.term, Term{3});
    EXPECT_TRUE(owed.take(Instant{7}).empty()) << "each is answered once";
    EXPECT_EQ(owed.deadline(), Instant::never());
}

TEST(OwedVotes, AreJudgedAtOnceAtTheMomentOfATick) {
    OwedVotes owed;
    EXPECT_FALSE(owed.contact_is_known(Instant{7}));
    (void)owed.take(Instant{7});
    EXPECT_TRUE(owed.contact_is_known(Instant{7}));
    EXPECT_FALSE(owed.contact_is_known(Instant{8}));
}

TEST(OwedVotes, WaitForNoMoreThanAGroupCanHave) {
    OwedVotes owed;
    for (std::size_t i = 0; i <= kMembersMax; ++i) owed.wait(node(i), ask(1));
    owed.wait(node(3), ask(2));
    const auto asked = owed.take(Instant{7});
    ASSERT_EQ(asked.size(), kMembersMax);
    EXPECT_EQ(asked.back().from, node(3));
    EXPECT_EQ(asked.back().ask.term, Term{2});
}

// S1.
TEST(OwedVotes, AreGivenToOneUntilTheyAreSentOrVoid) {
    OwedVotes owed;
    owed.check(NodeId{});
    owed.give(node(1));
    owed.check(node(1));
    EXPECT_EQ(owed.given(), node(1));
    owed.end();
    EXPECT_FALSE(owed.given());
}

TEST(OwedVotes, TellOfAVoteThatIsNotTheirs) {
    OwedVotes owed;
    owed.give(node(1));
    EXPECT_EQ(weft::test::said_by([&] { owed.check(node(2)); }),
              "the vote for " + node(2).hex() + " is owed to " + node(1).hex());
}

}  // namespace
}  // namespace weft::replication::test
