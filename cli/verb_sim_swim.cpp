#include "cli/seed_range.h"
#include "cli/shell.h"
#include "cli/sim_swim.h"
#include "sim/swim_figures.h"

#include <fmt/core.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace weft::cli {

namespace {

constexpr std::uint64_t kMembersMax = 10'000;

struct Options {
    std::string seeds = "1";
    std::string arm = "weft";
    std::uint64_t members = 128;
    std::uint64_t seconds = 60;
    std::uint64_t within_ms = 100;
    bool refuses = false;
};

double ms(Duration span) { return static_cast<double>(span.count() / 1000) / 1000; }

using Measure = std::function<Record(const sim::SwimSetup&)>;

// One row a seed.
int each_seed(const Shell& shell, const Options& options, const Measure& measure) {
    const auto seeds = parse_seeds(options.seeds);
    if (!seeds)
        return shell.usage(fmt::format("'{}' is not a range of seeds like 1..10", options.seeds));
    if (options.members < 2 || options.members > kMembersMax)
        return shell.usage(
            fmt::format("--members is {}, it must be 2 to {}", options.members, kMembersMax));
    sim::SwimSetup setup;
    setup.members = options.members;
    setup.options = sim::swim_options(*sim::parse_swim_arm(options.arm));
    setup.check = false;
    std::vector<Record> rows;
    for (std::uint64_t seed = seeds->first; seed <= seeds->last; ++seed) {
        setup.seed = seed;
        Record row = {{"seed", seed}, {"members", options.members}, {"arm", options.arm}};
        for (Field& field : measure(setup)) row.push_back(std::move(field));
        rows.push_back(std::move(row));
    }
    shell.print(render(shell.format(), rows));
    return exit_code(Exit::Ok);
}

Record join_row(const sim::SwimSetup& setup, const Options& options) {
    const sim::JoinFigure figure =
        sim::measure_join(setup, std::chrono::milliseconds(options.within_ms));
    Cell span;
    if (figure.all_see_all) span = ms(*figure.all_see_all);
    return {{"all_see_all_ms", span}, {"bytes_per_member", figure.bytes_per_member}};
}

Record idle_row(const sim::SwimSetup& setup, const Options& options) {
    const sim::IdleFigure figure = sim::measure_idle(setup, std::chrono::seconds(options.seconds));
    return {{"bytes_per_second", figure.bytes_per_second},
            {"packets_per_second", figure.packets_per_second},
            {"busiest_packets_per_second", figure.busiest_packets_per_second},
            {"suspicions", figure.suspicions}};
}

Record crash_row(const sim::SwimSetup& setup, const Options& options) {
    const sim::CrashFigure figure = sim::measure_crash(setup, options.refuses);
    return {{"first_ms", ms(figure.first)},
            {"median_ms", ms(figure.median)},
            {"last_ms", ms(figure.last)},
            {"missed", std::uint64_t{figure.missed}},
            {"false_deaths", std::uint64_t{figure.false_deaths}}};
}

using Row = Record (*)(const sim::SwimSetup&, const Options&);

Options& figure(Command& verb, Row row) {
    auto& options = verb.state<Options>();
    verb.option("--seeds", options.seeds, "A..B, or one seed");
    verb.option("--members", options.members, "how many");
    verb.option("--arm", options.arm, "weft, or the rules of the paper: swim or lifeguard")
        .one_of({"weft", "swim", "lifeguard"});
    verb.run([&options, row](Shell& shell) {
        return each_seed(shell, options, [&options, row](const sim::SwimSetup& setup) {
            return row(setup, options);
        });
    });
    return options;
}

}  // namespace

void add_sim_swim_verbs(Command& noun) {
    Command& swim = noun.verb("swim", "membership alone, in virtual time: its figures");
    Command& join = swim.verb("join", "how long until all that start see all");
    Options& joining = figure(join, join_row);
    join.option("--within-ms", joining.within_ms, "all start in this time");
    join.example("weft sim swim join --members 1000");

    Command& idle = swim.verb("idle", "what members say when nothing happens");
    Options& idling = figure(idle, idle_row);
    idle.option("--seconds", idling.seconds, "how long to count");
    idle.example("weft sim swim idle --members 200");

    Command& crash = swim.verb("crash", "how long until a crashed member is held for dead");
    Options& crashing = figure(crash, crash_row);
    crash.flag("--refuses", crashing.refuses, "its host refuses connections");
    crash.example("weft sim swim crash --members 100 --seeds 1..20");
}

}  // namespace weft::cli
