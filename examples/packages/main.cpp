// Loads this machine's Debian package index into a three-node mesh, kills the node that leads most
// while doing so, and checks that nothing acknowledged is missing and nothing was done twice. Then
// kills all nodes at once, starts them and checks once more.
//
//   packages_demo [--weft PROGRAM] [--data FILE] [--seconds N] [--no-kill]

#include "examples/packages/index.h"
#include "examples/packages/load.h"
#include "examples/packages/nodes.h"
#include "examples/packages/progress.h"

#include <weft/client.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace packages {
namespace {

using namespace std::chrono_literals;

constexpr double kKillAt = 0.3;  // of the first pass
constexpr auto kDownFor = 3s;
constexpr auto kCatchUpMax = 120s;

struct Options {
    std::string weft = "weft";
    std::string data = PACKAGES_BUNDLED_INDEX;
    int seconds = 10;
    bool kill = true;
};

// What happened to the node that was killed.
struct Outage {
    std::string name;
    bool killed = false, restarted = false, caught_up = false;
    std::chrono::nanoseconds until_replicated{};  // from its start to having all that was there
};

double seconds(std::chrono::nanoseconds span) {
    return std::chrono::duration<double>(span).count();
}

// What the demo works on.
struct Setting {
    weft::Mesh mesh;
    std::vector<Node> nodes;
    std::string weft_program;
    std::chrono::seconds length{};
    bool kill = false;
};

// Kills the busiest node, starts it again and waits until it has everything once more. Runs beside
// the load.
Outage break_and_mend(const Setting& setting) {
    Outage outage;
    const auto node = busiest(setting.mesh, setting.nodes);
    if (!node) return outage;
    outage.name = node->name;
    outage.killed = kill_node(setting.weft_program, node->name);
    if (!outage.killed) return outage;
    std::this_thread::sleep_for(kDownFor);
    const auto started = Clock::now();
    outage.restarted = start_node(setting.weft_program, node->name);
    if (!outage.restarted) return outage;
    // Writing goes on: replicated again means having all that was committed when it came back.
    const Commits wanted = commits_of(setting.mesh, setting.nodes);
    while (!outage.caught_up && Clock::now() - started < kCatchUpMax) {
        outage.caught_up = has_applied(setting.mesh, *node, wanted);
        if (!outage.caught_up) std::this_thread::sleep_for(50ms);
    }
    outage.until_replicated = Clock::now() - started;
    return outage;
}

// What happened when all nodes were killed at the same moment.
struct Blackout {
    bool killed = false, restarted = false;
    std::uint64_t missing = 0, doubled = 0;
    std::chrono::nanoseconds until_read{};  // from the first start to the last value read
};

struct Run {
    std::uint64_t passes = 0;
    std::chrono::nanoseconds writing{};
    Outage outage;
    Blackout blackout;
};

// Passes repeat until the time is up and the killed node has caught up.
Run write_passes(Load& load, Progress& progress, const Setting& setting) {
    Run run;
    std::future<Outage> outage;
    bool reported = false;
    const auto begin = Clock::now();
    const auto mending = [&outage] {
        return outage.valid() && outage.wait_for(0s) != std::future_status::ready;
    };
    do {
        ++run.passes;
        const std::string what = "pass " + std::to_string(run.passes);
        load.write_pass(run.passes, [&](double done) {
            if (setting.kill && !outage.valid() && done >= kKillAt)
                outage = std::async(std::launch::async, break_and_mend, std::cref(setting));
            if (outage.valid() && !mending() && !reported) {
                reported = true;
                progress.say("  the killed node has caught up");
            }
            progress.show(what + (mending() ? ", one node was killed" : ""), done);
        });
    } while (Clock::now() - begin < setting.length || mending());
    run.writing = Clock::now() - begin;
    if (outage.valid()) run.outage = outage.get();
    return run;
}

// The second act: no node is left that could remember anything but what is on its disk.
Blackout kill_all_and_read(Load& load, Progress& progress, const Setting& setting) {
    Blackout blackout;
    std::vector<std::future<bool>> kills;
    for (const Node& node : setting.nodes)
        kills.push_back(
            std::async(std::launch::async, kill_node, std::cref(setting.weft_program), node.name));
    blackout.killed = true;
    for (auto& kill : kills) blackout.killed = kill.get() && blackout.killed;
    if (!blackout.killed) return blackout;
    progress.say("all nodes were killed with kill -9 at once");
    const auto started = Clock::now();
    blackout.restarted = true;
    for (const Node& node : setting.nodes)
        blackout.restarted = start_node(setting.weft_program, node.name) && blackout.restarted;
    if (!blackout.restarted) return blackout;
    const Counts before = load.counts();
    load.verify([&progress](double done) { progress.show("reading everything back again", done); });
    blackout.until_read = Clock::now() - started;
    blackout.missing = load.counts().missing - before.missing;
    blackout.doubled = load.counts().doubled - before.doubled;
    progress.say("read everything back again");
    return blackout;
}

void row(const char* name, const std::string& value) {
    std::printf("  %-34s %s\n", name, value.c_str());
}

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string fixed(double value, const char* unit) {
    char text[64];
    std::snprintf(text, sizeof text, "%.1f %s", value, unit);
    return text;
}

// True when the second act lost nothing.
bool report_blackout(const Blackout& blackout, const std::vector<Node>& nodes) {
    std::string names;
    for (const Node& node : nodes) names += (names.empty() ? "" : ", ") + node.name;
    row("killed at once with kill -9", blackout.killed ? "nodes " + names : "failed");
    row("missing after that (must be 0)",
        blackout.restarted ? number(blackout.missing) : "not started again");
    row("doubled after that (must be 0)",
        blackout.restarted ? number(blackout.doubled) : "not started again");
    row("everything read back after",
        blackout.restarted ? fixed(seconds(blackout.until_read), "s from their start") : "never");
    return blackout.restarted && blackout.missing == 0 && blackout.doubled == 0;
}

// `counts`: of the first act.
bool report(const Load& load, const Counts& counts, const Run& run, const Setting& setting) {
    const std::uint64_t unsettled = counts.unknown - counts.settled;
    std::printf("\n");
    row("records", number(load.records()));
    row("passes", number(run.passes));
    row("acknowledged", number(counts.acknowledged));
    row("missing (must be 0)", number(counts.missing));
    row("doubled (must be 0)", number(counts.doubled));
    row("unknown outcomes, settled", number(counts.unknown) + ", " + number(counts.settled));
    row("longest gap without an answer", fixed(1000 * seconds(counts.longest_gap), "ms"));
    row("records per second",
        fixed(static_cast<double>(counts.acknowledged) / seconds(run.writing), ""));
    bool mended = true;
    if (setting.kill) {
        const Outage& outage = run.outage;
        mended = outage.killed && outage.restarted && outage.caught_up;
        row("killed with kill -9", outage.killed ? "node " + outage.name : "failed");
        row("fully replicated again after",
            mended ? fixed(seconds(outage.until_replicated), "s from its start") : "never");
        mended = report_blackout(run.blackout, setting.nodes) && mended;
    }
    for (const std::string& problem : load.problems()) std::printf("  ! %s\n", problem.c_str());
    const bool held = counts.missing == 0 && counts.doubled == 0 && unsettled == 0 && mended &&
                      counts.acknowledged >= load.records() && load.problems().empty();
    std::printf("%s\n", held ? "all checks held" : "CHECKS FAILED");
    return held;
}

int demo(const Options& options) {
    Progress progress;
    const std::vector<Node> nodes = dev_nodes(options.weft);
    if (nodes.empty()) {
        std::fprintf(stderr, "packages_demo: no dev mesh; start one with 'weft dev --detach'\n");
        return 3;
    }
    const Index index = load_index(options.data);
    if (index.packages.empty()) {
        std::fprintf(stderr, "packages_demo: no package index, and %s cannot be read\n",
                     options.data.c_str());
        return 78;
    }
    progress.say(std::to_string(index.packages.size()) + " records from " + index.source);
    weft::ConnectOptions connect;
    for (const Node& node : nodes) connect.addresses.push_back(node.client_address);
    connect.program = "packages_demo";
    const auto mesh = weft::connect(connect);
    if (!mesh) {
        std::fprintf(stderr, "packages_demo: %s\n", mesh.error().message.c_str());
        return 3;
    }
    const Setting setting{*mesh, nodes, options.weft, std::chrono::seconds(options.seconds),
                          options.kill && nodes.size() >= 3};
    if (options.kill && !setting.kill) progress.say("fewer than three nodes: none is killed");

    Load load(*mesh, index);
    const auto bar = [&progress](const char* what) {
        return [&progress, what](double done) { progress.show(what, done); };
    };
    if (load.read_versions_before(bar("looking at what an earlier run left")))
        progress.say("an earlier run left values: their versions are the starting point");
    Run run = write_passes(load, progress, setting);
    load.settle_unknown();
    load.verify(bar("reading everything back"));
    progress.say("read everything back");
    const Counts counts = load.counts();
    if (setting.kill) run.blackout = kill_all_and_read(load, progress, setting);
    return report(load, counts, run, setting) ? 0 : 1;
}

// Nothing when the command line is wrong.
std::optional<Options> parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        const bool has_value = i + 1 < argc;
        if (name == "--no-kill")
            options.kill = false;
        else if (name == "--weft" && has_value)
            options.weft = argv[++i];
        else if (name == "--data" && has_value)
            options.data = argv[++i];
        else if (name == "--seconds" && has_value)
            options.seconds = std::clamp(std::atoi(argv[++i]), 0, 3600);
        else
            return std::nullopt;
    }
    return options;
}

}  // namespace
}  // namespace packages

int main(int argc, char** argv) {
    const auto options = packages::parse(argc, argv);
    if (!options) {
        std::fprintf(stderr,
                     "usage: packages_demo [--weft PROGRAM] [--data FILE] [--seconds N] "
                     "[--no-kill]\n");
        return 2;
    }
    return packages::demo(*options);
}
