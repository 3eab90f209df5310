// The world of membership: it is the same each time, it sees what it is there to see, and what
// membership costs in it stays within bounds.

#include "sim/swim_world.h"

#include "sim/swim_figures.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace weft::sim {
namespace {

using namespace std::chrono_literals;
using membership::MemberState;

SwimSetup of(std::size_t members, std::uint64_t seed = 1) {
    SwimSetup setup;
    setup.members = members;
    setup.seed = seed;
    return setup;
}

void settle(SwimWorld& world) {
    world.boot_all();
    world.run(20s);
    ASSERT_TRUE(world.all_see_all());
    ASSERT_TRUE(world.views_equal());
}

// M10.
TEST(SwimWorld, TheSameSeedGivesTheSameTrace) {
    std::vector<std::uint64_t> traces;
    for (const std::uint64_t seed : {1U, 1U, 2U}) {
        SwimWorld world(of(12, seed));
        world.boot_all();
        world.lose(100);
        world.run(5s);
        world.crash(3, true);
        world.freeze(4);
        world.run(6s);
        world.thaw(4);
        world.run(5s);
        traces.push_back(world.trace_hash());
    }
    EXPECT_EQ(traces[0], traces[1]);
    EXPECT_NE(traces[0], traces[2]);
}

TEST(SwimWorld, WhatBefellAMemberIsNoFalseAlarm) {
    for (const bool cut : {true, false}) {
        SwimWorld world(of(8));
        settle(world);
        if (cut)
            world.cut([](std::size_t from, std::size_t) { return from == 2; });
        else
            world.crash(2);
        world.run(60s);
        EXPECT_EQ(world.holders(2, MemberState::Dead), 7U);
        EXPECT_GE(world.deaths().size(), 7U);
        EXPECT_EQ(world.false_alarms(), 0U);
        EXPECT_EQ(world.violation(), "");
    }
}

// Rules that are faster than the network.
TEST(SwimWorld, TheDeathOfAMemberThatNothingBefellIsAFalseAlarm) {
    SwimSetup setup = of(8);
    setup.delay_min = setup.delay_max = 1200ms;
    setup.options.alpha = setup.options.beta = 1;
    setup.options.hearing = false;
    SwimWorld world(setup);
    world.boot_all();
    world.run(120s);
    EXPECT_GT(world.false_alarms(), 0U);
}

// Its process runs, so its own timers do; a frozen one has none.
TEST(SwimWorld, ABlockedMemberProbesAndAFrozenOneDoesNot) {
    for (const bool frozen : {true, false}) {
        SwimWorld world(of(8));
        settle(world);
        const std::uint64_t before = world.swim(1).counts().probes;
        frozen ? world.freeze(1) : world.block(1);
        const std::uint64_t packets = world.traffic().packets;
        world.run(3s);
        EXPECT_EQ(world.swim(1).counts().probes > before, !frozen);
        EXPECT_GT(world.traffic().packets, packets);
        frozen ? world.thaw(1) : world.unblock(1);
        world.run(20s);
        EXPECT_TRUE(world.all_see_all());
        EXPECT_EQ(world.violation(), "");
    }
}

// What membership may cost, and how soon it must know.
TEST(SwimFigures, AQuietMemberSaysLittleHoweverManyThereAre) {
    for (const std::size_t members : {50U, 200U}) {
        const IdleFigure idle = measure_idle(of(members), 20s);
        EXPECT_LE(idle.bytes_per_second, members == 50 ? 270 : 350);
        EXPECT_LE(idle.packets_per_second, 2.1);
        EXPECT_EQ(idle.suspicions, 0U);
    }
}

TEST(SwimFigures, ACrashIsKnownToAllInTime) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        const CrashFigure silent = measure_crash(of(50, seed), false);
        EXPECT_EQ(silent.missed, 0U);
        EXPECT_EQ(silent.false_deaths, 0U);
        EXPECT_LE(silent.median, 10500ms);
        const CrashFigure refused = measure_crash(of(50, seed), true);
        EXPECT_EQ(refused.missed, 0U);
        EXPECT_LE(refused.last, 1s);
    }
}

TEST(SwimFigures, AllThatStartTogetherSeeAllSoon) {
    const JoinFigure join = measure_join(of(100), 100ms);
    ASSERT_TRUE(join.all_see_all);
    EXPECT_LE(*join.all_see_all, 3s);
}

}  // namespace
}  // namespace weft::sim
