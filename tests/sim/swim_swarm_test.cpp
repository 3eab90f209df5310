// The swarm of membership: whatever befalls its members, its invariants hold, and the same seed
// runs the same way.

#include "sim/swim_swarm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace weft::sim {
namespace {

TEST(SwimSwarm, EverySeedKeepsTheInvariantsAndRunsTheSameWayAgain) {
    std::uint64_t deaths = 0;
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        const SwimReport report = run_swim_seed(seed);
        EXPECT_TRUE(report.ok()) << "seed " << seed << " (" << report.plan
                                 << "): " << report.violation
                                 << "\nreplay: weft sim swim run --seeds " << seed;
        EXPECT_EQ(run_swim_seed(seed).trace_hash, report.trace_hash) << "seed " << seed;
        deaths += report.deaths;
    }
    EXPECT_GT(deaths, 1000U);
}

TEST(SwimSwarm, EveryFaultIsDrawnAndSomeSeedsHaveHardlyAny) {
    std::array<std::uint64_t, kSwimFaultKinds> drawn{};
    std::uint64_t quiet = 0;
    std::uint64_t repeated = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        const SwimSchedule schedule = draw_swim_schedule(seed);
        EXPECT_GE(schedule.members, 3U);
        for (const SwimFault& fault : schedule.faults)
            ++drawn[static_cast<std::size_t>(fault.kind)];
        if (schedule.faults.size() < 2) ++quiet;
        if (schedule.repeat_one_in != 0 && schedule.misdeliver_one_in != 0) ++repeated;
    }
    EXPECT_GE(*std::ranges::min_element(drawn), 20U);
    EXPECT_GE(quiet, 10U);
    EXPECT_GE(repeated, 50U);
}

}  // namespace
}  // namespace weft::sim
