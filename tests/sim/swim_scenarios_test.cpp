// One fault at a time, and what must follow from it (docs/membership.md, "Scenarios"). Each runs
// with a few seeds; the world itself checks what must hold always.

#include "core/random.h"
#include "sim/swim_world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <vector>

namespace weft::sim {
namespace {

using namespace std::chrono_literals;
using membership::MemberState;

constexpr Duration kLook = 100ms;
// The longest suspicion of ten: 6 * 3 * log10(10) periods.
constexpr Duration kLongestOfTen = 18s;

class Scenario : public testing::TestWithParam<std::uint64_t> {
protected:
    // All run and know of each other.
    SwimWorld mesh_of(std::size_t members) {
        SwimWorld world(setup_of(members));
        world.boot_all();
        world.run(20s);
        EXPECT_TRUE(world.all_see_all());
        EXPECT_TRUE(world.views_equal());
        return world;
    }
    SwimSetup setup_of(std::size_t members) const {
        SwimSetup setup;
        setup.members = members;
        setup.seed = GetParam();
        return setup;
    }
    static void expect_sound(const SwimWorld& world) {
        EXPECT_EQ(world.violation(), "");
        EXPECT_EQ(world.false_alarms(), 0U);
    }
};
INSTANTIATE_TEST_SUITE_P(Seeds, Scenario, testing::Range<std::uint64_t>(1, 6));

// Looks again and again until `done`; how long that took, or `limit`.
Duration run_until(SwimWorld& world, Duration limit, const std::function<bool()>& done) {
    const Instant begun = world.now();
    while (world.now() - begun < limit && !done()) world.run(kLook);
    return world.now() - begun;
}

bool whole(const SwimWorld& world) {
    if (!world.views_equal()) return false;
    for (std::size_t i = 0; i < world.size(); ++i)
        if (world.holders(i, MemberState::Alive) != world.size() - 1) return false;
    return true;
}

std::set<std::size_t> condemned(const SwimWorld& world) {
    std::set<std::size_t> subjects;
    for (const SwimDeath& death : world.deaths()) subjects.insert(death.subject);
    return subjects;
}

// ---- links -------------------------------------------------------------------------------------

TEST_P(Scenario, ACutBetweenTwoIsBridgedByTheOthers) {
    struct Case {
        const char* why;
        std::size_t members;
        bool both_ways;
    };
    for (const Case& c : {Case{"one way", 10, false}, Case{"both ways", 10, true},
                          Case{"one way, of three", 3, false}, Case{"both, of three", 3, true}}) {
        SCOPED_TRACE(c.why);
        SwimWorld world = mesh_of(c.members);
        const std::uint64_t before = world.suspicions();
        world.cut([&](std::size_t from, std::size_t to) {
            return (from == 0 && to == 1) || (c.both_ways && from == 1 && to == 0);
        });
        unsigned doubt = 0;
        run_until(world, 120s, [&] {
            for (std::size_t i = 0; i < c.members; ++i)
                doubt = std::max<unsigned>(doubt, world.swim(i).health());
            return false;
        });
        EXPECT_LE(doubt, 2U);
        EXPECT_EQ(world.suspicions(), before);
        EXPECT_TRUE(world.deaths().empty());
        EXPECT_TRUE(whole(world));
        expect_sound(world);
    }
}

TEST_P(Scenario, WhoHearsNobodyIsRemovedAndRemovesNobodyForTheLongestSuspicion) {
    SwimWorld world = mesh_of(10);
    world.cut([](std::size_t, std::size_t to) { return to == 0; });
    world.run(kLongestOfTen);
    EXPECT_FALSE(std::ranges::any_of(world.deaths(),
                                     [](const SwimDeath& death) { return death.observer == 0; }));
    run_until(world, 60s, [&] { return world.holders(0, MemberState::Dead) == 9; });
    EXPECT_EQ(world.holders(0, MemberState::Dead), 9U);
    world.cut({});
    EXPECT_LE(run_until(world, 60s, [&] { return whole(world); }), 35s);
    expect_sound(world);
}

TEST_P(Scenario, WhomNobodyHearsIsRemovedAndBackSoonAfterItIsHeard) {
    SwimWorld world = mesh_of(10);
    world.cut([](std::size_t from, std::size_t) { return from == 0; });
    EXPECT_LT(run_until(world, 60s, [&] { return world.holders(0, MemberState::Dead) == 9; }), 30s);
    EXPECT_EQ(condemned(world), std::set<std::size_t>{0});
    world.run(60s);
    world.cut({});
    EXPECT_LE(run_until(world, 60s, [&] { return whole(world); }), 35s);
    expect_sound(world);
}

TEST_P(Scenario, ABlipOfSixMillisecondsChangesNothing) {
    SwimWorld world = mesh_of(20);
    const std::uint64_t before = world.suspicions();
    for (int i = 0; i < 50; ++i) {
        world.cut([](std::size_t, std::size_t) { return true; });
        world.run(6ms);
        world.cut({});
        world.run(337ms);
    }
    world.run(20s);
    EXPECT_EQ(world.suspicions(), before);
    EXPECT_TRUE(whole(world));
    expect_sound(world);
}

// Two and three parts for a minute: each condemns the others, and none of its own.
TEST_P(Scenario, PartsOfASplitAreOneAgainSoonAfterIt) {
    for (const std::size_t parts : {2U, 3U}) {
        SCOPED_TRACE(parts);
        SwimWorld world = mesh_of(24);
        world.cut([&](std::size_t from, std::size_t to) { return from % parts != to % parts; });
        world.run(60s);
        for (const SwimDeath& death : world.deaths())
            EXPECT_NE(death.observer % parts, death.subject % parts);
        for (std::size_t i = 0; i < 24; ++i)
            EXPECT_EQ(world.holders(i, MemberState::Dead), 24 - 24 / parts);
        world.cut({});
        EXPECT_LE(run_until(world, 60s, [&] { return whole(world); }), 40s);
        expect_sound(world);
    }
}

// ---- losses ------------------------------------------------------------------------------------

TEST_P(Scenario, WithATenthOfAllDatagramsLostAllWhoJoinStay) {
    SwimWorld world(setup_of(17));
    world.lose(100);
    for (std::size_t i = 0; i < 17; ++i) {
        world.boot(i);
        world.run(2s);
    }
    EXPECT_LE(run_until(world, 60s, [&] { return whole(world); }), 5s);
    world.run(300s);
    EXPECT_TRUE(world.deaths().empty());
    EXPECT_TRUE(world.all_see_all());
    expect_sound(world);
}

TEST_P(Scenario, WithHalfOfAllDatagramsLostNobodyIsCondemned) {
    SwimWorld world = mesh_of(30);
    world.lose(500);
    world.run(300s);
    EXPECT_TRUE(world.deaths().empty());
    EXPECT_TRUE(world.all_see_all());
    expect_sound(world);
}

// Each restart is news to 29 others.
TEST_P(Scenario, WithHalfOfAllDatagramsLostNewsReachAllInFourSeconds) {
    SwimSetup setup = setup_of(30);
    setup.check = false;
    SwimWorld world(setup);
    world.boot_all();
    world.run(20s);
    world.lose(500);
    constexpr std::size_t kRestarts = 70;  // with five seeds 10,150 times that news reach a member
    for (std::size_t i = 0; i < kRestarts; ++i) {
        const std::size_t subject = i % 30;
        world.boot(subject);
        const auto boot = world.swim(subject).incarnation().boot;
        const Duration took = run_until(world, 10s, [&] {
            for (std::size_t k = 0; k < 30; ++k) {
                const auto& table = world.swim(k).members();
                if (table.at(*table.find(swim_node(subject))).incarnation.boot != boot)
                    return false;
            }
            return true;
        });
        EXPECT_LE(took, 4s);
        world.run(1s);
    }
}

// ---- processes ---------------------------------------------------------------------------------

TEST_P(Scenario, WhoStandsStillIsBackSoon) {
    for (const Duration span : {3s, 8s, 20s}) {
        SCOPED_TRACE(span / 1s);
        SwimWorld world = mesh_of(32);
        world.freeze(5);
        world.run(span);
        world.thaw(5);
        EXPECT_LE(run_until(world, 60s, [&] { return whole(world); }), 5s);
        world.run(20s);
        EXPECT_TRUE(whole(world));
        EXPECT_TRUE(span > 3s || world.deaths().empty());
        for (const std::size_t subject : condemned(world)) EXPECT_EQ(subject, 5U);
        expect_sound(world);
    }
}

TEST_P(Scenario, AQuarterThatStandsStillCondemnsNobodyElse) {
    for (const Duration span : {3s, 8s, 20s}) {
        SCOPED_TRACE(span / 1s);
        SwimWorld world = mesh_of(32);
        for (std::size_t i = 0; i < 8; ++i) world.freeze(i);
        world.run(span);
        for (std::size_t i = 0; i < 8; ++i) world.thaw(i);
        EXPECT_LE(run_until(world, 60s, [&] { return whole(world); }), 15s);
        world.run(20s);
        for (const std::size_t subject : condemned(world)) EXPECT_LT(subject, 8U);
        expect_sound(world);
    }
}

// A machine that has hardly a core left: it stands still, does in a moment what waited, and stands
// still again.
TEST_P(Scenario, ExhaustedMachinesCondemnNobody) {
    for (const std::size_t exhausted : {1U, 8U, 16U}) {
        SCOPED_TRACE(exhausted);
        SwimSetup setup = setup_of(100);
        setup.check = false;
        SwimWorld world(setup);
        world.boot_all();
        world.run(20s);
        Random turns(setup.seed);
        std::vector<Instant> next(exhausted, world.now());
        std::vector<bool> stands(exhausted, false);
        const Instant end = world.now() + 60s;
        while (world.now() < end) {
            const auto first = std::ranges::min_element(next);
            const auto member = static_cast<std::size_t>(first - next.begin());
            world.run(*first - world.now());
            stands[member] ? world.thaw(member) : world.freeze(member);
            *first = world.now() +
                     (stands[member] ? turns.between(1ms, 50ms) : turns.between(500ms, 2500ms));
            stands[member] = !stands[member];
        }
        for (std::size_t i = 0; i < exhausted; ++i) world.thaw(i);
        world.run(30s);
        EXPECT_GT(world.suspicions(), 0U);
        EXPECT_TRUE(world.deaths().empty());
        EXPECT_TRUE(whole(world));
        expect_sound(world);
    }
}

TEST_P(Scenario, ClocksThatJumpOrDriftKillNobody) {
    struct Case {
        const char* why;
        std::int64_t ppm;
        Duration leap;
    };
    for (const Case& c : {Case{"an hour ahead", 0, 1h}, Case{"a tenth fast", 100'000, {}},
                          Case{"a tenth slow", -100'000, {}}}) {
        SCOPED_TRACE(c.why);
        SwimWorld world = mesh_of(10);
        world.set_clock(3, c.ppm, c.leap);
        world.run(120s);
        EXPECT_TRUE(world.deaths().empty());
        EXPECT_TRUE(whole(world));
        expect_sound(world);
    }
}

// ---- restarts ----------------------------------------------------------------------------------

// The boot is counted on the disk: what a clock says has no part in an incarnation.
TEST_P(Scenario, AClockSetBackAcrossARestartIsNoHindrance) {
    SwimWorld world = mesh_of(10);
    world.crash(3);
    world.run(500ms);
    world.set_clock(3, 0, -1h);
    world.boot(3);
    EXPECT_LE(run_until(world, 60s, [&] { return whole(world); }), 5s);
    EXPECT_EQ(world.swim(3).incarnation().boot, Boot{2});
    expect_sound(world);
}

TEST_P(Scenario, AllThatRestartWithinTenSecondsAreAliveSoon) {
    for (const std::size_t members : {5U, 100U}) {
        for (const bool refuses : {true, false}) {
            SCOPED_TRACE(members);
            SwimWorld world = mesh_of(members);
            const auto step = Duration{10s} / members;
            for (std::size_t i = 0; i < members; ++i) {
                world.crash(i, refuses);
                world.run(step / 2);
                world.boot(i);
                world.run(step / 2);
            }
            EXPECT_LE(run_until(world, 60s, [&] { return whole(world); }), 5s);
            expect_sound(world);
        }
    }
}

// Nobody is left who remembers, and half of what they say is lost.
TEST_P(Scenario, AllThatRestartAtOnceAreAliveSoonThoughHalfIsLost) {
    SwimWorld world = mesh_of(50);
    for (std::size_t i = 0; i < 50; ++i) world.crash(i);
    world.lose(500);
    world.boot_all();
    EXPECT_LE(run_until(world, 60s, [&] { return world.all_see_all(); }), 15s);
    world.run(60s);
    EXPECT_TRUE(world.all_see_all());
    EXPECT_TRUE(world.deaths().empty());
    expect_sound(world);
}

TEST_P(Scenario, ARollingRestartCondemnsNobody) {
    SwimWorld world = mesh_of(10);
    for (std::size_t i = 0; i < 10; ++i) {
        world.leave(i);
        run_until(world, 10s, [&] { return !world.runs(i); });
        EXPECT_FALSE(world.runs(i));
        world.run(2s);
        EXPECT_EQ(world.holders(i, MemberState::Left), 9U);
        world.boot(i);
        EXPECT_LE(run_until(world, 10s, [&] { return whole(world); }), 3s);
    }
    EXPECT_TRUE(world.deaths().empty());
    expect_sound(world);
}

}  // namespace
}  // namespace weft::sim
