// When a leadership goes home, and how often it is tried.

#include "node/homing.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace weft::node::test {
namespace {

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
        if (!homing.may_move(kGroup, now)) return false;
        homing.on_moved(kGroup, now);
        return true;
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

TEST_F(HomingTest, AGroupGoesToAHomeThatCanTakeOverAtOnce) {
    const Homing::Home fit{kStart - seconds(3), true, milliseconds(50), LogIndex{100},
                           LogIndex{356}};
    homing.on_elected(kGroup, kStart - seconds(10));
    EXPECT_TRUE(homing.should_go(kGroup, fit, kStart));
    EXPECT_FALSE(homing.should_go(kGroup, fit, kStart - milliseconds(1))) << "barely led, or back";
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
        EXPECT_FALSE(homing.should_go(kGroup, home, kStart)) << c.why;
    }
    homing.on_elected(kGroup, kStart - milliseconds(9999));
    EXPECT_FALSE(homing.should_go(kGroup, fit, kStart)) << "barely led";
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
        homing.on_moved(PartitionId{group}, kStart);
        ++moved;
    }
    EXPECT_EQ(moved, 32U);
    ASSERT_TRUE(homing.begin_look(kStart + seconds(1)));
    EXPECT_FALSE(homing.may_move(PartitionId{31}, kStart + seconds(1)));
    EXPECT_TRUE(homing.may_move(PartitionId{32}, kStart + seconds(1)));
}

}  // namespace
}  // namespace weft::node::test
