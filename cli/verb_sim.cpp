#include "cli/verbs.h"
#include "entity/builtin/counter.h"
#include "entity/builtin/kv.h"
#include "sim/seed.h"

#include <fmt/core.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace weft::cli {

namespace {

struct SeedRange {
    std::uint64_t first = 1, last = 1;
};

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// "A..B", or one number for that seed alone.
std::optional<SeedRange> parse_seeds(std::string_view text) {
    const std::size_t dots = text.find("..");
    const auto first = parse_number(text.substr(0, dots));
    const auto last = dots == std::string_view::npos ? first : parse_number(text.substr(dots + 2));
    if (!first || !last || *last < *first) return std::nullopt;
    return SeedRange{*first, *last};
}

struct Totals {
    std::uint64_t seeds = 0, violations = 0, operations = 0, unknown = 0, frames = 0;
    std::int64_t virtual_ms = 0;
    std::array<std::uint64_t, sim::kFamilies> faults{};

    void add(const sim::SeedReport& report) {
        ++seeds;
        if (!report.ok()) ++violations;
        operations += report.operations;
        unknown += report.unknown;
        frames += report.frames;
        virtual_ms += report.virtual_ms;
        for (std::size_t i = 0; i < faults.size(); ++i) faults[i] += report.faults[i];
    }
};

Record summary(const Totals& totals, double cpu_seconds) {
    Record record{
        {"seeds", totals.seeds},
        {"violations", totals.violations},
        {"operations_checked", totals.operations},
        {"unknown_outcomes", totals.unknown},
        {"frames", totals.frames},
        {"virtual_seconds", static_cast<double>(totals.virtual_ms) / 1000.0},
        {"cpu_seconds", cpu_seconds},
        {"virtual_seconds_per_cpu_second",
         cpu_seconds > 0 ? static_cast<double>(totals.virtual_ms) / 1000.0 / cpu_seconds : 0.0}};
    for (std::size_t i = 0; i < totals.faults.size(); ++i)
        if (totals.faults[i] > 0)
            record.push_back(
                {fmt::format("fault_{}", sim::family_name(static_cast<sim::Family>(i))),
                 totals.faults[i]});
    return record;
}

struct Options {
    std::string seeds = "1..200";
    std::string trace;
    bool no_faults = false;
};

int run_seeds(const Shell& shell, const Options& options) {
    const auto range = parse_seeds(options.seeds);
    if (!range)
        return shell.usage(fmt::format("'{}' is not a range of seeds like 1..200", options.seeds));
    entity::TypeTable types;
    types.add(entity::make_kv());
    types.add(entity::make_counter());
    sim::SwarmOptions swarm;
    swarm.no_faults = options.no_faults;
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> trace(nullptr, std::fclose);
    if (!options.trace.empty()) {
        trace.reset(std::fopen(options.trace.c_str(), "w"));
        if (!trace) return shell.usage(fmt::format("cannot write '{}'", options.trace));
        swarm.trace = trace.get();
    }
    Totals totals;
    const std::clock_t begin = std::clock();
    for (std::uint64_t seed = range->first; seed <= range->last; ++seed) {
        const sim::SeedReport report = sim::run_seed(seed, types, swarm);
        totals.add(report);
        if (!report.ok())
            shell.note(fmt::format("seed {} ({})\n  {}\n  replay: weft sim run --seeds {}{}\n",
                                   seed, report.plan, report.violation, seed,
                                   options.no_faults ? " --no-faults" : ""));
        if (shell.human() && totals.seeds % 100 == 0)
            shell.note(fmt::format("{} of {} seeds, {} violations\n", totals.seeds,
                                   range->last - range->first + 1, totals.violations));
    }
    const double cpu = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    shell.print(render(shell.format(), summary(totals, cpu)));
    return totals.violations == 0 ? exit_code(Exit::Ok) : exit_code(Exit::Unhealthy);
}

}  // namespace

void add_sim(Command& root) {
    Command& sim = root.verb("sim", "the mesh under simulated faults, without a network or a disk");
    Command& run = sim.verb("run", "run seeds; exit code 10 when one breaks a promise");
    auto& options = run.state<Options>();
    run.option("--seeds", options.seeds, "A..B, or one seed");
    run.option("--trace", options.trace, "write the log lines of all simulated nodes to this file");
    run.flag("--no-faults", options.no_faults, "every fault family off: nothing without cause");
    run.run([&options](Shell& shell) { return run_seeds(shell, options); });
}

}  // namespace weft::cli
