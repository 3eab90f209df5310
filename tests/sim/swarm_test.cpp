#include "sim/run.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <utility>

namespace weft::sim {
namespace {

// WEFT_SIM_SEEDS=A..B, or N for 1..N; the default is small so that a plain ctest run stays short.
std::pair<std::uint64_t, std::uint64_t> seeds_wanted() {
    std::uint64_t first = 1;
    std::uint64_t last = 40;
    if (const char* text = std::getenv("WEFT_SIM_SEEDS")) {
        std::string_view view(text);
        if (const std::size_t dots = view.find(".."); dots != std::string_view::npos) {
            std::from_chars(view.data(), view.data() + dots, first);
            view.remove_prefix(dots + 2);
        }
        std::from_chars(view.data(), view.data() + view.size(), last);
    }
    return {first, last};
}

// WEFT_SIM_CPU_SECONDS ends them before the last: a slow machine runs fewer seeds, and says so.
double cpu_seconds_wanted() {
    const char* text = std::getenv("WEFT_SIM_CPU_SECONDS");
    return text == nullptr ? 1e9 : std::strtod(text, nullptr);
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// I20 besides: every seed runs twice, and both traces are the same.
TEST(Swarm, EverySeedKeepsThePromises) {
    const auto [first, last] = seeds_wanted();
    const double until = cpu_seconds() + cpu_seconds_wanted();
    std::uint64_t operations = 0;
    std::uint64_t faults = 0;
    std::uint64_t seeds = 0;
    std::uint64_t real = 0;
    for (std::uint64_t seed = first; seed <= last && cpu_seconds() < until; ++seed) {
        const RunReport report = run_seed(seed, Profile::Swarm, StoreKind::Mixed);
        EXPECT_TRUE(report.ok()) << "seed " << seed << " (" << report.plan
                                 << "): " << report.violation << "\nreplay: weft sim run --seeds "
                                 << seed << " --store mixed";
        const RunReport again = run_seed(seed, Profile::Swarm, StoreKind::Mixed);
        EXPECT_EQ(report.trace_hash, again.trace_hash) << "seed " << seed << " ran differently";
        if (report.plan.ends_with("real store")) ++real;
        ++seeds;
        operations += report.operations;
        for (const std::uint64_t count : report.faults) faults += count;
    }
    fmt::print("{} seeds twice, {} of them on the real store, {} operations checked, {} faults\n",
               seeds, real, operations, faults);
    ASSERT_GT(seeds, 0U);
    EXPECT_GT(operations, seeds * 20);
}

// I22: without a fault nothing is unknown and nobody is elected twice.
TEST(Swarm, NothingHappensWithoutACause) {
    for (const StoreKind store : {StoreKind::Memory, StoreKind::Real}) {
        for (std::uint64_t seed = 1000; seed < 1006; ++seed) {
            const RunReport report = run_seed(seed, Profile::NoFaults, store);
            EXPECT_TRUE(report.ok())
                << "seed " << seed << " (" << report.plan << "): " << report.violation;
            EXPECT_GT(report.done, 50U);
        }
    }
}

// Several times over: the rows of a page, the log that is kept in memory or sent at once, the bytes
// of a page.
TEST(Swarm, LargeSeedsPassTheDefaultBounds) {
    const RunConfig product;
    std::uint64_t entities = 0, log_bytes = 0, pages = 0;
    int left = 4;
    for (std::uint64_t seed = 1; left > 0; ++seed) {
        const Schedule schedule = draw_schedule(seed, Profile::Swarm);
        if (schedule.config.large == 0) continue;
        --left;
        const RunReport report = run(schedule);
        EXPECT_TRUE(report.ok()) << "seed " << seed << " (" << report.plan
                                 << "): " << report.violation;
        entities = std::max(entities, report.entities);
        log_bytes = std::max(log_bytes, report.log_bytes);
        pages = std::max(pages, report.snapshot_pages);
    }
    EXPECT_GT(entities, 2 * product.page_rows);
    EXPECT_GT(log_bytes, 40 * product.append_bytes);
    EXPECT_GT(pages, 8U);
}

// Of earlier draws of schedules; what they found has tests of its own by now (docs/findings.md).
TEST(Swarm, SeedsThatOnceFailedHold) {
    for (const std::uint64_t seed :
         {32U,    72U,    220U,   283U,   389U,   413U,   580U,    804U,    1595U,
          1705U,  1877U,  1889U,  2131U,  2729U,  3416U,  3466U,   3622U,   10154U,
          10277U, 10381U, 21563U, 30596U, 31474U, 43055U, 604508U, 816035U, 911543U}) {
        const RunReport report = run_seed(seed, Profile::Swarm, StoreKind::Mixed);
        EXPECT_TRUE(report.ok()) << "seed " << seed << " (" << report.plan
                                 << "): " << report.violation;
    }
}

}  // namespace
}  // namespace weft::sim
