#include "cli/seed_range.h"
#include "cli/shell.h"
#include "cli/sim_swim.h"
#include "sim/lifeguard_grid.h"
#include "sim/swim_figures.h"
#include "sim/swim_swarm.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::cli {

namespace {

constexpr std::uint64_t kMembersMax = 10'000;

struct FigureOptions {
    std::string seeds = "1";
    std::string arm = "weft";
    std::uint64_t members = 128;
    std::uint64_t seconds = 60;
    std::uint64_t within_ms = 100;
    bool refuses = false;
    std::uint64_t percent = 10;
    std::uint64_t loss = 1;
    std::string fault = "flipflop";
};
struct SwarmOptions {
    std::string seeds = "1..200";
    bool twice = false;
};
struct GridOptions {
    std::string seeds = "1";
    std::string arm = "weft";
    std::string experiment = "threshold";
    bool few = false;
    bool links = false;
    bool cells = false;
};

double ms(Duration span) { return static_cast<double>(span.count() / 1000) / 1000; }
double seconds(Duration span) { return static_cast<double>(span.count() / 1'000'000) / 1000; }

// Exit code of a usage error, or Ok when `visit` was called for every seed.
int each_seed(const Shell& shell, const FigureOptions& options,
              const std::function<void(const sim::SwimSetup&)>& visit) {
    const auto seeds = parse_seeds(options.seeds);
    if (!seeds)
        return shell.usage(fmt::format("'{}' is not a range of seeds like 1..10", options.seeds));
    if (options.members < 2 || options.members > kMembersMax)
        return shell.usage(
            fmt::format("--members is {}, it must be 2 to {}", options.members, kMembersMax));
    if (options.percent > 100 || options.loss > 100)
        return shell.usage("--percent and --loss are 0 to 100");
    sim::SwimSetup setup;
    setup.members = options.members;
    setup.options = sim::swim_options(*sim::parse_swim_arm(options.arm));
    setup.check = false;
    for (setup.seed = seeds->first; setup.seed <= seeds->last; ++setup.seed) visit(setup);
    return exit_code(Exit::Ok);
}

using Row = Record (*)(const sim::SwimSetup&, const FigureOptions&);

// One row a seed.
int rows(const Shell& shell, const FigureOptions& options, Row measure) {
    std::vector<Record> rows;
    const int code = each_seed(shell, options, [&](const sim::SwimSetup& setup) {
        Record row = {{"seed", setup.seed}, {"members", options.members}, {"arm", options.arm}};
        for (Field& field : measure(setup, options)) row.push_back(std::move(field));
        rows.push_back(std::move(row));
    });
    if (!rows.empty()) shell.print(render(shell.format(), rows));
    return code;
}

Record join_row(const sim::SwimSetup& setup, const FigureOptions& options) {
    const sim::JoinFigure figure =
        sim::measure_join(setup, std::chrono::milliseconds(options.within_ms));
    Cell span;
    if (figure.all_see_all) span = ms(*figure.all_see_all);
    return {{"all_see_all_ms", span}, {"bytes_per_member", figure.bytes_per_member}};
}

Record idle_row(const sim::SwimSetup& setup, const FigureOptions& options) {
    const sim::IdleFigure figure = sim::measure_idle(setup, std::chrono::seconds(options.seconds));
    return {{"bytes_per_second", figure.bytes_per_second},
            {"packets_per_second", figure.packets_per_second},
            {"busiest_packets_per_second", figure.busiest_packets_per_second},
            {"suspicions", figure.suspicions}};
}

Record crash_row(const sim::SwimSetup& setup, const FigureOptions& options) {
    const sim::CrashFigure figure = sim::measure_crash(setup, options.refuses);
    return {{"first_ms", ms(figure.first)},
            {"median_ms", ms(figure.median)},
            {"last_ms", ms(figure.last)},
            {"missed", std::uint64_t{figure.missed}},
            {"false_deaths", std::uint64_t{figure.false_deaths}}};
}

std::size_t share(const sim::SwimSetup& setup, const FigureOptions& options) {
    const std::size_t members = setup.members * options.percent / 100;
    return std::clamp<std::size_t>(members, 1, setup.members - 1);
}

// The sum of all seeds.
int starved(const Shell& shell, const FigureOptions& options) {
    std::uint64_t runs = 0, deaths = 0, runs_with_deaths = 0;
    std::vector<Duration> first;
    const int code = each_seed(shell, options, [&](const sim::SwimSetup& setup) {
        const sim::StarvedFigure figure = sim::measure_starved(
            setup, {share(setup, options), static_cast<unsigned>(options.loss * 10)});
        ++runs;
        deaths += figure.false_deaths;
        if (figure.false_deaths != 0) ++runs_with_deaths;
        if (figure.first) first.push_back(*figure.first);
    });
    if (runs == 0) return code;
    shell.print(
        render(shell.format(), Record{{"arm", options.arm},
                                      {"members", options.members},
                                      {"starved_percent", options.percent},
                                      {"loss_percent", options.loss},
                                      {"runs", runs},
                                      {"false_deaths", deaths},
                                      {"runs_with_them", runs_with_deaths},
                                      {"found", std::uint64_t{first.size()}},
                                      {"first_p50_s", seconds(sim::percentile(first, 50))},
                                      {"first_p99_s", seconds(sim::percentile(first, 99))}}));
    return code;
}

Record unstable_row(const sim::SwimSetup& setup, const FigureOptions& options) {
    const auto kind = options.fault == "flipflop" ? sim::Unstable::FlipFlop : sim::Unstable::Lossy;
    const sim::UnstableFigure figure = sim::measure_unstable(setup, kind, share(setup, options),
                                                             std::chrono::seconds(options.seconds));
    Cell healed;
    if (figure.healed) healed = ms(*figure.healed);
    return {{"healthy_deaths", std::uint64_t{figure.healthy_deaths}},
            {"found", std::uint64_t{figure.found}},
            {"suspicions", figure.suspicions},
            {"healed_ms", healed}};
}

Record grid_row(sim::LifeguardFigure& figure) {
    return {{"runs", figure.runs},
            {"fp", figure.false_positives},
            {"fp_healthy", figure.false_positives_healthy},
            {"packets", figure.packets},
            {"bytes", figure.bytes},
            {"found", std::uint64_t{figure.first.size()}},
            {"first_p50_s", seconds(sim::percentile(figure.first, 50))},
            {"first_p99_s", seconds(sim::percentile(figure.first, 99))},
            {"full_p50_s", seconds(sim::percentile(figure.full, 50))},
            {"full_p99_s", seconds(sim::percentile(figure.full, 99))}};
}

// The sum of all cells, or with --cells a row for each.
int grid(const Shell& shell, const GridOptions& options) {
    const auto seeds = parse_seeds(options.seeds);
    if (!seeds)
        return shell.usage(fmt::format("'{}' is not a range of seeds like 1..10", options.seeds));
    sim::SwimSetup setup;
    setup.members = 128;
    setup.options = sim::swim_options(*sim::parse_swim_arm(options.arm));
    setup.check = false;
    setup.threads = options.arm != "weft";
    const auto stall = options.links ? sim::LifeguardStall::Links : sim::LifeguardStall::Process;
    const auto experiment = options.experiment == "threshold" ? sim::LifeguardExperiment::Threshold
                                                              : sim::LifeguardExperiment::Interval;
    const auto cells = sim::lifeguard_cells(experiment, options.few);
    const bool bar = shell.human() && isatty(STDERR_FILENO) == 1;
    sim::LifeguardFigure all;
    std::vector<Record> rows;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        sim::LifeguardFigure one;
        for (std::uint64_t seed = seeds->first; seed <= seeds->last; ++seed) {
            setup.seed = seed * cells.size() + i;
            one.add(sim::run_lifeguard(setup, cells[i], stall));
        }
        all.add(one);
        Record row = {{"slow", std::uint64_t{cells[i].slow}},
                      {"blocked_ms", ms(cells[i].blocked)},
                      {"free_ms", ms(cells[i].free)}};
        for (Field& field : grid_row(one)) row.push_back(std::move(field));
        rows.push_back(std::move(row));
        if (bar) shell.note(fmt::format("\r{} of {} cells ", i + 1, cells.size()));
    }
    if (bar) shell.note("\r\033[K");
    if (!options.cells) {
        rows.assign(1, {{"arm", options.arm}, {"experiment", options.experiment}});
        for (Field& field : grid_row(all)) rows.front().push_back(std::move(field));
    }
    shell.print(render(shell.format(), rows));
    return exit_code(Exit::Ok);
}

// Violations are told as they come.
int swarm(const Shell& shell, const SwarmOptions& options) {
    const auto seeds = parse_seeds(options.seeds);
    if (!seeds)
        return shell.usage(fmt::format("'{}' is not a range of seeds like 1..200", options.seeds));
    std::uint64_t violations = 0, steps = 0, suspicions = 0, deaths = 0;
    Duration healed_last{};
    for (std::uint64_t seed = seeds->first; seed <= seeds->last; ++seed) {
        const sim::SwimReport report = sim::run_swim_seed(seed);
        steps += report.steps;
        suspicions += report.suspicions;
        deaths += report.deaths;
        healed_last = std::max(healed_last, report.healed);
        if (report.ok() && options.twice &&
            sim::run_swim_seed(seed).trace_hash != report.trace_hash) {
            ++violations;
            shell.note(fmt::format("seed {}: M10: it ran differently again\n", seed));
        }
        if (report.ok()) continue;
        ++violations;
        shell.note(fmt::format("seed {}: {} | {}\n", seed, report.violation, report.plan));
    }
    shell.print(render(shell.format(), Record{{"seeds", seeds->last - seeds->first + 1},
                                              {"violations", violations},
                                              {"steps", steps},
                                              {"suspicions", suspicions},
                                              {"deaths", deaths},
                                              {"healed_last_s", seconds(healed_last)}}));
    return exit_code(violations == 0 ? Exit::Ok : Exit::Unhealthy);
}

FigureOptions& figure(Command& verb) {
    auto& options = verb.state<FigureOptions>();
    verb.option("--seeds", options.seeds, "A..B, or one seed");
    verb.option("--members", options.members, "how many");
    verb.option("--arm", options.arm, "weft, or the rules of the paper: swim or lifeguard")
        .one_of({"weft", "swim", "lifeguard"});
    return options;
}

FigureOptions& figure(Command& verb, Row row) {
    FigureOptions& options = figure(verb);
    verb.run([&options, row](Shell& shell) { return rows(shell, options, row); });
    return options;
}

}  // namespace

void add_sim_swim_verbs(Command& noun) {
    Command& swim = noun.verb("swim", "membership alone, in virtual time: faults and figures");
    Command& run = swim.verb("run", "run seeds; exit code 10 when one breaks an invariant");
    auto& swarming = run.state<SwarmOptions>();
    run.option("--seeds", swarming.seeds, "A..B, or one seed");
    run.flag("--twice", swarming.twice, "run every seed two times: the traces must be equal");
    run.example("weft sim swim run --seeds 1..1000");
    run.run([&swarming](Shell& shell) { return swarm(shell, swarming); });

    Command& join = swim.verb("join", "how long until all that start see all");
    FigureOptions& joining = figure(join, join_row);
    join.option("--within-ms", joining.within_ms, "all start in this time");
    join.example("weft sim swim join --members 1000");

    Command& idle = swim.verb("idle", "what members say when nothing happens");
    FigureOptions& idling = figure(idle, idle_row);
    idle.option("--seconds", idling.seconds, "how long to count");
    idle.example("weft sim swim idle --members 200");

    Command& crash = swim.verb("crash", "how long until a crashed member is held for dead");
    FigureOptions& crashing = figure(crash, crash_row);
    crash.flag("--refuses", crashing.refuses, "its host refuses connections");
    crash.example("weft sim swim crash --members 100 --seeds 1..20");

    Command& late = swim.verb("starved", "some read late, datagrams are lost: who is condemned");
    FigureOptions& starving = figure(late);
    late.run([&starving](Shell& shell) { return starved(shell, starving); });
    late.option("--percent", starving.percent, "of the members that read late");
    late.option("--loss", starving.loss, "percent of all datagrams");
    late.example("weft sim swim starved --members 50 --loss 5 --seeds 1..200");

    Command& unstable = swim.verb("unstable",
                                  "some hear nobody now and then, or lose most: "
                                  "what that does to the others");
    FigureOptions& shaking = figure(unstable, unstable_row);
    shaking.percent = 1;
    shaking.seconds = 300;
    unstable.option("--percent", shaking.percent, "of the members that are so");
    unstable.option("--fault", shaking.fault, "flipflop (deaf for 20 s in 40) or lossy (80 %)")
        .one_of({"flipflop", "lossy"});
    unstable.option("--seconds", shaking.seconds, "how long");
    unstable.example("weft sim swim unstable --members 1000 --fault lossy");

    Command& lifeguard = swim.verb("grid", "some of 128 are blocked: who is held for dead");
    auto& options = lifeguard.state<GridOptions>();
    lifeguard.option("--experiment", options.experiment, "threshold (one block) or interval")
        .one_of({"threshold", "interval"});
    lifeguard.option("--arm", options.arm, "weft, or the rules of the paper: swim or lifeguard")
        .one_of({"weft", "swim", "lifeguard"});
    lifeguard.option("--seeds", options.seeds, "A..B, or one seed: the runs of each cell");
    lifeguard.flag("--few", options.few, "a few cells instead of all");
    lifeguard.flag("--links", options.links, "not the process stands still but its links");
    lifeguard.flag("--cells", options.cells, "a row for each cell");
    lifeguard.example("weft sim swim grid --experiment interval --arm swim --few");
    lifeguard.run([&options](Shell& shell) { return grid(shell, options); });
}

}  // namespace weft::cli
