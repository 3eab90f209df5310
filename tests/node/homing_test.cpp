// When a leadership goes home, and how often it is tried.

#include "node/homing.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft::node::test {
namespace {

using Move = Homing::Move;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const Instant kStart = Instant{} + minutes(10);
constexpr PartitionId kGroup{3};

struct HomingTest : testing::Test {
    HomingTest() { homing.look_at_once(); }

    // Looks and moves kGroup when it may; true: it was moved.
    bool move(Instant now) {
        EXPECT_TRUE(homing.begin_look(now));
        return homing.may_move(kGroup, now) &&
               homing.judge(kGroup, std::nullopt, true, now) == Move::Anywhere;
    }

    Homing homing{100, milliseconds(100)};
};

TEST_F(HomingTest, LooksOnceInASecond) {
    EXPECT_EQ(homing.deadline(), Instant::long_ago());
    EXPECT_TRUE(homing.begin_look(kStart));
    EXPECT_FALSE(homing.begin_look(kStart + milliseconds(999)));
    EXPECT_EQ(homing.deadline(), kStart + seconds(1));
    EXPECT_TRUE(homing.begin_look(kStart + seconds(1)));
}

TEST_F(HomingTest, WithoutPeersNobodyLooks) {
    Homing alone(4, milliseconds(100));
    EXPECT_EQ(alone.deadline(), Instant::never());
    EXPECT_FALSE(alone.begin_look(kStart));
}

// In a first look, at a group that was elected at `led_since`.
Move judged(const std::optional<Homing::Home>& home, bool ahead,
            Instant led_since = kStart - seconds(10)) {
    Homing homing(4, milliseconds(100));
    homing.look_at_once();
    EXPECT_TRUE(homing.begin_look(kStart));
    homing.on_elected(kGroup, led_since);
    return homing.judge(kGroup, home, ahead, kStart);
}

TEST(Homing, SendsAGroupToAHomeThatCanTakeOverAtOnce) {
    const Homing::Home fit{kStart - seconds(3), true, milliseconds(50), LogIndex{100},
                           LogIndex{356}};
    EXPECT_EQ(judged(fit, false), Move::Home);
    EXPECT_EQ(judged(std::nullopt, false), Move::Stay) << "out of reach";
    EXPECT_EQ(judged(std::nullopt, true), Move::Anywhere);
    EXPECT_EQ(judged(fit, true), Move::Anywhere) << "our clock is ahead";
    EXPECT_EQ(judged(fit, false, kStart - milliseconds(9999)), Move::Stay) << "barely led";
    struct Case {
        std::string why;
        void (*change)(Homing::Home&);
    };
    const Case cases[] = {
        {"barely back", [](Homing::Home& home) { home.greeted_at = kStart - milliseconds(2999); }},
        {"it would not campaign", [](Homing::Home& home) { home.can_stand = false; }},
        {"its disk is slow", [](Homing::Home& home) { home.disk_age = milliseconds(51); }},
        {"it lacks too much", [](Homing::Home& home) { home.match = LogIndex{99}; }},
    };
    for (const Case& c : cases) {
        Homing::Home home = fit;
        c.change(home);
        EXPECT_EQ(judged(home, false), Move::Stay) << c.why;
    }
}

TEST(Homing, AsksForNoMoveTwiceInARow) {
    Homing homing(4, milliseconds(100));
    homing.look_at_once();
    ASSERT_TRUE(homing.begin_look(kStart));
    homing.on_elected(kGroup, kStart - seconds(10));
    EXPECT_EQ(homing.judge(kGroup, std::nullopt, true, kStart), Move::Anywhere);
    EXPECT_EQ(homing.judge(kGroup, std::nullopt, true, kStart), Move::Stay);
}

TEST_F(HomingTest, WhatStaysIsNoMove) {
    ASSERT_TRUE(homing.begin_look(kStart));
    for (int again = 0; again < 100; ++again)
        EXPECT_EQ(homing.judge(kGroup, std::nullopt, false, kStart), Move::Stay);
    EXPECT_TRUE(homing.may_move(kGroup, kStart));
}

TEST(HomeAmong, IsTheFirstOfTheTableThatIsInServiceAndHasAVote) {
    NodeId one, two, three;
    one.bytes[0] = 1;
    two.bytes[0] = 2;
    three.bytes[0] = 3;
    routing::Genesis genesis;
    genesis.founders.resize(2);
    genesis.founders[0].node = one;
    genesis.founders[1].node = two;
    Roster roster(genesis);
    const std::vector<NodeId> replicas = {three, one, two};
    EXPECT_EQ(home_among(replicas, roster, nullptr), one) << "of the third nobody knows";
    const auto only_two = replication::Config::of({two});
    EXPECT_EQ(home_among(replicas, roster, &only_two), two);
    const auto only_three = replication::Config::of({three});
    EXPECT_EQ(home_among(replicas, roster, &only_three), std::nullopt);
    auto learner = replication::Config::of({one, two});
    learner.voters.remove(*learner.seat(one));
    EXPECT_EQ(home_among(replicas, roster, &learner), two) << "it has no vote";
    roster.drain(one);
    EXPECT_EQ(home_among(replicas, roster, nullptr), two);
    roster.retire(two);
    EXPECT_EQ(home_among(replicas, roster, nullptr), std::nullopt);
    EXPECT_EQ(home_among({}, roster, nullptr), std::nullopt);
}

TEST_F(HomingTest, WhatDoesNotTakeOverIsTriedEverMoreRarely) {
    Instant now = kStart;
    ASSERT_TRUE(move(now));
    for (const int pause : {2, 4, 8, 16, 32, 60, 60}) {
        EXPECT_FALSE(move(now + seconds(pause) - milliseconds(1)));
        homing.look_at_once();
        now = now + seconds(pause);
        EXPECT_TRUE(move(now)) << pause;
    }
    homing.on_ended(kGroup);
    homing.look_at_once();
    EXPECT_TRUE(move(now + milliseconds(1))) << "it was led by another one since";
}

TEST_F(HomingTest, ALookMovesAFew) {
    ASSERT_TRUE(homing.begin_look(kStart));
    std::uint32_t moved = 0;
    for (std::uint32_t group = 0; group < 100; ++group) {
        if (!homing.may_move(PartitionId{group}, kStart)) continue;
        EXPECT_EQ(homing.judge(PartitionId{group}, std::nullopt, true, kStart), Move::Anywhere);
        ++moved;
    }
    EXPECT_EQ(moved, 32U);
    ASSERT_TRUE(homing.begin_look(kStart + seconds(1)));
    EXPECT_FALSE(homing.may_move(PartitionId{31}, kStart + seconds(1)));
    EXPECT_TRUE(homing.may_move(PartitionId{32}, kStart + seconds(1)));
}

}  // namespace
}  // namespace weft::node::test
