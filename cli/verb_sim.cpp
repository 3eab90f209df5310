#include "cli/seed_range.h"
#include "cli/sim_hunt.h"
#include "cli/sim_swim.h"
#include "cli/verbs.h"

#include <fmt/core.h>

#include <cstdio>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace weft::cli {

namespace {

constexpr std::uint64_t kJobsMax = 256;
constexpr double kHoursMax = 24.0 * 366;

struct Options {
    std::string seeds = "1..200";
    std::string trace;
    std::string profile = "swarm";
    std::string store = "memory";
    std::string summary;
    std::string hashes;
    std::uint64_t jobs = 1;
    std::uint64_t first = 1;
    double hours = 1;
    bool no_faults = false;
    bool twice = false;
    bool all_probes = false;
};

int report(const Shell& shell, const HuntOptions& options, bool all_probes) {
    auto totals = hunt(shell, options);
    if (!totals) return shell.fail(totals.error());
    shell.print(render(shell.format(), hunt_summary(*totals)));
    // What no seed comes by is tested by none: the faults have lost their reach.
    const bool missed = all_probes && !never_reached(totals->probes).empty();
    return exit_code(totals->failures.empty() && !missed ? Exit::Ok : Exit::Unhealthy);
}

// What both verbs take; nothing after a message about a wrong option.
std::optional<HuntOptions> common(const Shell& shell, const Options& options) {
    HuntOptions hunt;
    const auto profile = sim::parse_profile(options.no_faults ? "no-faults" : options.profile);
    if (!profile) {
        shell.usage(
            fmt::format("there is no profile '{}': swarm, no-faults or standard", options.profile));
        return std::nullopt;
    }
    const auto store = sim::parse_store(options.store);
    if (!store) {
        shell.usage(fmt::format("there is no store '{}': memory, real or mixed", options.store));
        return std::nullopt;
    }
    if (options.jobs == 0 || options.jobs > kJobsMax) {
        shell.usage(fmt::format("--jobs is {}, it must be 1 to {}", options.jobs, kJobsMax));
        return std::nullopt;
    }
    hunt.profile = *profile;
    hunt.store = *store;
    hunt.jobs = options.jobs;
    hunt.twice = options.twice;
    hunt.summary_file = options.summary;
    return hunt;
}

int run_seeds(const Shell& shell, const Options& options) {
    const auto range = parse_seeds(options.seeds);
    if (!range)
        return shell.usage(fmt::format("'{}' is not a range of seeds like 1..200", options.seeds));
    auto hunt = common(shell, options);
    if (!hunt) return exit_code(Exit::Usage);
    hunt->first = range->first;
    hunt->last = range->last;
    hunt->hashes_file = options.hashes;
    // No more workers than seeds.
    const std::uint64_t more = hunt->last - hunt->first;
    if (more < hunt->jobs) hunt->jobs = more + 1;
    if (!options.trace.empty()) {
        if (range->first != range->last)
            return shell.usage("--trace takes the log of one seed: give --seeds one number");
        const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
            std::fopen(options.trace.c_str(), "w"), std::fclose);
        if (!file) return shell.usage(fmt::format("cannot write '{}'", options.trace));
        hunt->trace = options.trace;
    }
    return report(shell, *hunt, options.all_probes);
}

int soak(const Shell& shell, const Options& options) {
    if (!(options.hours > 0) || options.hours > kHoursMax)
        return shell.usage(fmt::format("--hours is {}, it must be above 0 and at most {}",
                                       options.hours, kHoursMax));
    auto hunt = common(shell, options);
    if (!hunt) return exit_code(Exit::Usage);
    hunt->first = options.first;
    hunt->last = std::numeric_limits<std::uint64_t>::max();
    hunt->seconds_max = options.hours * 3600;
    return report(shell, *hunt, options.all_probes);
}

void add_common(Command& verb, Options& options) {
    verb.option("--profile", options.profile, "swarm, no-faults or standard")
        .one_of({"swarm", "no-faults", "standard"});
    verb.option("--store", options.store,
                "memory, real (LMDB on tmpfs) or mixed: one seed in five is real")
        .one_of({"memory", "real", "mixed"});
    verb.option("--jobs", options.jobs, "worker processes");
    verb.option("--summary", options.summary, "keep a summary in this file").is_file();
    verb.flag("--all-probes", options.all_probes,
              "exit code 10, too, when a rare path of the nodes was never reached");
    verb.flag("--twice", options.twice, "run every seed two times: the traces must be equal");
}

}  // namespace

void add_sim(Command& root) {
    Command& sim = root.verb("sim", "the mesh under simulated faults, in virtual time");
    Command& run = sim.verb("run", "run seeds; exit code 10 when one breaks a promise");
    auto& options = run.state<Options>();
    run.option("--seeds", options.seeds, "A..B, or one seed");
    run.option("--trace", options.trace, "write the log lines of all simulated nodes to this file")
        .is_file();
    run.option("--hashes", options.hashes,
               "write a line for each seed to this file: its number, the hash of its trace")
        .is_file();
    run.flag("--no-faults", options.no_faults, "every fault family off: nothing without cause");
    add_common(run, options);
    run.example("weft sim run --seeds 1..1000 --jobs 2");
    run.example("weft sim run --seeds 1..200 --store mixed", "a fifth of them on LMDB");
    run.example("weft sim run --seeds 4711 --trace trace.log",
                "one seed again, with the logs of all nodes");
    run.run([&options](Shell& shell) { return run_seeds(shell, options); });

    Command& long_run = sim.verb("soak", "run new seeds for hours");
    auto& soaking = long_run.state<Options>();
    long_run.option("--hours", soaking.hours, "how long");
    long_run.option("--first", soaking.first, "the first seed");
    add_common(long_run, soaking);
    long_run.example("weft sim soak --hours 8 --jobs 2");
    long_run.run([&soaking](Shell& shell) { return soak(shell, soaking); });

    add_sim_swim_verbs(sim);
}

}  // namespace weft::cli
