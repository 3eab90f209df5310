// A few cells of the grid that Lifeguard was compared with SWIM in (arXiv 1707.00788, Tables IV and
// V); all of them: scripts/lifeguard.sh.

#include "sim/lifeguard_grid.h"

#include <gtest/gtest.h>

#include <chrono>

namespace weft::sim {
namespace {

using namespace std::chrono_literals;

LifeguardFigure few_cells(SwimArm arm, LifeguardExperiment experiment, LifeguardStall stall) {
    SwimSetup setup;
    setup.members = 128;
    setup.options = swim_options(arm);
    setup.check = false;
    setup.threads = arm != SwimArm::Weft;
    LifeguardFigure all;
    for (const LifeguardCell& cell : lifeguard_cells(experiment, true)) {
        ++setup.seed;
        all.add(run_lifeguard(setup, cell, stall));
    }
    return all;
}

TEST(Lifeguard, AMemberThatStandsStillIsFoundAsSoonAsInThePaper) {
    const auto median = [](SwimArm arm) {
        LifeguardFigure figure =
            few_cells(arm, LifeguardExperiment::Threshold, LifeguardStall::Process);
        EXPECT_EQ(figure.false_positives_healthy, 0U);
        EXPECT_GE(figure.full.size(), 15U);
        return percentile(figure.first, 50);
    };
    const Duration swim = median(SwimArm::Swim);
    EXPECT_NEAR(static_cast<double>(swim.count()), 12.44e9, 12.44e9 * 0.05);
    const Duration lifeguard = median(SwimArm::Lifeguard);
    EXPECT_NEAR(static_cast<double>(lifeguard.count()), 12.45e9, 12.45e9 * 0.05);
    // The goal of weft's own numbers.
    EXPECT_LE(median(SwimArm::Weft), swim * 7 / 10);
}

// Who stands still again and again accuses the others, and whoever doubts itself does so far less.
TEST(Lifeguard, WhoStandsStillAgainAndAgainCondemnsHardlyAnybody) {
    const auto run = [](SwimArm arm, LifeguardStall stall) {
        return few_cells(arm, LifeguardExperiment::Interval, stall);
    };
    const LifeguardFigure swim = run(SwimArm::Swim, LifeguardStall::Process);
    EXPECT_GT(swim.false_positives, 100U);
    for (const SwimArm arm : {SwimArm::Lifeguard, SwimArm::Weft}) {
        const LifeguardFigure figure = run(arm, LifeguardStall::Process);
        EXPECT_LE(figure.false_positives * 50, swim.false_positives);
        EXPECT_EQ(figure.false_positives_healthy, 0U);
    }
    // The links alone: timers run on.
    const LifeguardFigure harsh = run(SwimArm::Swim, LifeguardStall::Links);
    EXPECT_GT(harsh.false_positives_healthy, 1000U);
    const LifeguardFigure weft = run(SwimArm::Weft, LifeguardStall::Links);
    EXPECT_LE(weft.false_positives * 50, harsh.false_positives);
    EXPECT_LE(weft.false_positives_healthy * 50, harsh.false_positives_healthy);
}

}  // namespace
}  // namespace weft::sim
