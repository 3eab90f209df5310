// What starving and unstable members do to the others (docs/membership.md, "Figures"), in few runs.

#include "sim/swim_figures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace weft::sim {
namespace {

using namespace std::chrono_literals;

SwimSetup setup_of(std::size_t members, SwimArm arm, std::uint64_t seed) {
    SwimSetup setup;
    setup.members = members;
    setup.options = swim_options(arm);
    setup.check = false;
    setup.seed = seed;
    return setup;
}

TEST(SwimFigures, WhoReadsLateCondemnsNobodyAndPlainSwimDoes) {
    const auto deaths = [](SwimArm arm) {
        std::size_t sum = 0;
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
            const StarvedFigure figure = measure_starved(setup_of(50, arm, seed), {5, 50});
            EXPECT_TRUE(figure.first) << "the crash is found all the same";
            sum += figure.false_deaths;
        }
        return sum;
    };
    EXPECT_EQ(deaths(SwimArm::Weft), 0U);
    EXPECT_GT(deaths(SwimArm::Swim), 0U);
}

// Faults of the Rapid paper (USENIX ATC 2018, 7).
TEST(SwimFigures, UnstableMembersTakeNoOtherWithThem) {
    const auto run = [](Unstable kind, SwimArm arm = SwimArm::Weft) {
        return measure_unstable(setup_of(100, arm, 1), kind, 2, 80s);
    };
    const UnstableFigure flipping = run(Unstable::FlipFlop);
    EXPECT_EQ(flipping.healthy_deaths, 0U);
    EXPECT_EQ(flipping.found, 2U);
    EXPECT_TRUE(flipping.healed);
    const UnstableFigure lossy = run(Unstable::Lossy);
    EXPECT_EQ(lossy.healthy_deaths, 0U);
    EXPECT_GT(lossy.suspicions, 0U);
    EXPECT_TRUE(lossy.healed);
    EXPECT_GT(run(Unstable::Lossy, SwimArm::Swim).healthy_deaths, 0U);
}

// The one whom each of them meets first knows as little: others are asked, too.
TEST(SwimFigures, AHundredThatStartTogetherSeeEachOtherWithinASecond) {
    std::vector<Duration> times;
    for (std::uint64_t seed = 1; seed <= 9; ++seed) {
        const JoinFigure join = measure_join(setup_of(100, SwimArm::Weft, seed), 0ms);
        ASSERT_TRUE(join.all_see_all);
        times.push_back(*join.all_see_all);
    }
    std::ranges::sort(times);
    EXPECT_LE(times[times.size() / 2], 1s);
    EXPECT_LE(times.back(), 3s);
}

}  // namespace
}  // namespace weft::sim
