// What a follower knows by its leader's word, and owes it (Raft paper 5.3; S2, S20, S21).

#include "replication/raft/follower.h"

#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <chrono>

namespace weft::replication::test {
namespace {

using weft::test::said_by;

constexpr LogIndex kBase{2};
constexpr LogIndex kLast{9};

class FollowerTest : public testing::Test {
protected:
    FollowerTest() { follower.start(kBase, kLast); }
    Follower follower;
};

// S21.
TEST_F(FollowerTest, CommitsWhatIsNamedAndProven) {
    EXPECT_EQ(follower.agreed(LogIndex{8}, kLast), kBase);
    follower.proved(LogIndex{6});
    EXPECT_EQ(follower.agreed(LogIndex{8}, kLast), LogIndex{6});
    EXPECT_EQ(follower.agreed(LogIndex{5}, kLast), LogIndex{5});
    follower.proved(LogIndex{4});
    EXPECT_EQ(follower.verified(), LogIndex{6}) << "a short append takes no proof back";
}

// S20.
TEST_F(FollowerTest, LetsNothingContradictWhatIsProvenOrCommitted) {
    follower.proved(LogIndex{4});
    EXPECT_TRUE(follower.is_settled(LogIndex{4}, LogIndex{3}));
    EXPECT_FALSE(follower.is_settled(LogIndex{5}, LogIndex{3}));
    EXPECT_TRUE(follower.is_settled(LogIndex{5}, LogIndex{5}));
}

TEST_F(FollowerTest, ForgetsInANewTermWhatAnotherLeaderHasProven) {
    follower.proved(LogIndex{6});
    follower.named(LogIndex{5});
    follower.owes();
    follower.stands(LogIndex{3});
    EXPECT_EQ(follower.verified(), LogIndex{3});
    EXPECT_FALSE(follower.ack_due());
    EXPECT_EQ(follower.named_commit(), LogIndex{5});
    follower.owes();
    follower.new_term(LogIndex{4});
    EXPECT_EQ(follower.verified(), LogIndex{4});
    EXPECT_FALSE(follower.ack_due());
    EXPECT_EQ(follower.named_commit(), LogIndex{});
}

// S2.
TEST_F(FollowerTest, AcknowledgesWhatIsProvenAndOnDisk) {
    follower.proved(LogIndex{7});
    EXPECT_FALSE(follower.may_acknowledge(LogIndex{7}, false));
    EXPECT_FALSE(follower.may_acknowledge(LogIndex{6}, true));
    EXPECT_TRUE(follower.may_acknowledge(LogIndex{7}, true));
    EXPECT_EQ(follower.acknowledge(LogIndex{5}), LogIndex{5});
    EXPECT_TRUE(follower.ack_due()) << "the rest";
    EXPECT_EQ(follower.acknowledge(LogIndex{9}), LogIndex{7}) << "what is behind is not proven";
    EXPECT_FALSE(follower.ack_due());
}

// ADR 6.
TEST_F(FollowerTest, KnowsOverTermsWhatMayHaveBeenCounted) {
    EXPECT_EQ(follower.counted(), kLast) << "whatever was on disk";
    follower.cut(LogIndex{5});
    EXPECT_EQ(follower.counted(), LogIndex{5});
    follower.proved(LogIndex{8});
    EXPECT_EQ(follower.counted(), LogIndex{5});
    follower.acknowledge(LogIndex{8});
    follower.new_term(kBase);
    EXPECT_EQ(follower.counted(), LogIndex{8});
    follower.acknowledge(LogIndex{8});
    EXPECT_EQ(follower.counted(), LogIndex{8}) << "less that is said later takes nothing back";
}

// Finding 88.
TEST_F(FollowerTest, KnowsNothingProvenOfALogThatWasCut) {
    follower.proved(LogIndex{8});
    follower.cut(LogIndex{6});
    EXPECT_EQ(follower.verified(), LogIndex{6});
    EXPECT_EQ(follower.agreed(LogIndex{8}, LogIndex{6}), LogIndex{6});
}

TEST_F(FollowerTest, IsAheadOfALeaderThatNamesNoCommitAtItsBaseInTime) {
    constexpr Instant kThen{};
    constexpr Instant kInTime = kThen + std::chrono::seconds(5);
    follower.follows(kThen);
    follower.named(LogIndex{1});
    EXPECT_FALSE(follower.is_ahead(kBase, kInTime + Duration{-1}));
    EXPECT_TRUE(follower.is_ahead(kBase, kInTime));
    follower.named(kBase);
    follower.named(LogIndex{1});
    EXPECT_FALSE(follower.is_ahead(kBase, kInTime));
}

TEST_F(FollowerTest, TellsWhatCannotBe) {
    follower.check(false, kBase, kLast);
    EXPECT_EQ(said_by([&] { follower.check(false, LogIndex{3}, kLast); }),
              "proven up to 2 before base 3");
    EXPECT_EQ(said_by([&] { follower.check(false, kBase, LogIndex{8}); }),
              "counted up to 9 past last 8");
    follower.owes();
    follower.check(true, kBase, kLast);
    EXPECT_EQ(said_by([&] { follower.check(false, kBase, kLast); }),
              "an answer up to 2 is due to nobody");
    follower.owes_nothing();
    follower.proved(LogIndex{10});
    EXPECT_EQ(said_by([&] { follower.check(false, kBase, kLast); }), "proven up to 10 past last 9");
}

}  // namespace
}  // namespace weft::replication::test
