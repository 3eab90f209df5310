#include "cli/interrupt_watch.h"
#include "cli/torture_report.h"
#include "cli/verbs.h"
#include "core/error.h"

#include <fmt/core.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <random>

namespace weft::cli {

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr double kMinutesMax = 24 * 60;

struct TortureLine {
    double minutes = 5;
    std::uint64_t nodes = 3;
    std::string seed, load = "full", program;
    bool keep = false;
};

Result<fs::path> make_folder() {
    std::error_code bad;
    std::string pattern = (fs::temp_directory_path(bad) / "weft-torture-XXXXXX").string();
    if (bad || ::mkdtemp(pattern.data()) == nullptr)
        return fail(ErrorNumber::DirectoryUnusable, "cannot make a folder like {}: {}", pattern,
                    bad ? bad.message() : std::strerror(errno));
    return fs::path(pattern);
}

int torture(Shell& shell, const TortureOptions& options) {
    InterruptWatch interrupts;
    TortureHooks hooks;
    hooks.tell = [&shell](const std::string& text) { shell.note(text + "\n"); };
    hooks.interrupted = [&] { return interrupts.arrived_within(0ms); };
    shell.note(fmt::format("seed {}, {} nodes, folder {}\n", options.seed, options.nodes,
                           options.folder.string()));
    const auto begin = std::chrono::steady_clock::now();
    const auto report = run_torture(options, hooks);
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const auto clean = [&](bool remove) {
        std::error_code ignored;
        if (remove) fs::remove_all(options.folder, ignored);
    };
    if (!report) {
        shell.note(fmt::format("kept: {}\n", options.folder.string()));
        return shell.fail(report.error());
    }
    shell.note(violations_text(*report));
    Record record = torture_record(options, *report, seconds);
    const bool stays = options.keep || report->broken();
    clean(!stays);
    record.push_back({"folder", stays ? options.folder.string() : std::string()});
    record.push_back({"verdict", std::string(report->broken() ? "violated" : "kept")});
    shell.print(render(shell.format(), record));
    return exit_code(torture_exit(*report));
}

int run_line(Shell& shell, const TortureLine& line) {
    if (!(line.minutes >= 0.05 && line.minutes <= kMinutesMax))
        return shell.usage(fmt::format("--minutes is 0.05 to {}", kMinutesMax));
    if (line.nodes < 1 || line.nodes > kDevNodesMax)
        return shell.usage(fmt::format("--nodes is 1 to {}", kDevNodesMax));
    if (line.load != "light" && line.load != "full") return shell.usage("--load is light or full");
    TortureOptions options;
    options.length = std::chrono::milliseconds(static_cast<std::int64_t>(line.minutes * 60'000));
    options.nodes = line.nodes;
    options.full = line.load == "full";
    options.keep = line.keep;
    options.seed = std::random_device{}();
    if (!line.seed.empty()) {
        const char* end = line.seed.data() + line.seed.size();
        const auto [at, bad] = std::from_chars(line.seed.data(), end, options.seed);
        if (bad != std::errc{} || at != end)
            return shell.usage(fmt::format("--seed '{}' is not a number", line.seed));
    }
    if (!line.program.empty()) {
        options.program = fs::absolute(line.program);
        if (::access(options.program.c_str(), X_OK) != 0)
            return shell.usage(fmt::format("--program {} cannot be run: {}",
                                           options.program.string(), std::strerror(errno)));
    }
    auto folder = make_folder();
    if (!folder) return shell.fail(folder.error());
    options.folder = *std::move(folder);
    return torture(shell, options);
}

}  // namespace

void add_torture(Command& root) {
    Command& verb = root.verb(
        "torture", "load and faults on a mesh of its own; exit code 10 when a promise breaks");
    auto& line = verb.state<TortureLine>();
    verb.option("--minutes", line.minutes, "how long faults happen; 0.05 to 1440");
    verb.option("--nodes", line.nodes, "1 to 9");
    verb.option("--seed", line.seed, "repeats the faults of that seed; default: a new one");
    verb.option("--load", line.load, "light (some hundred operations a second) or full")
        .one_of({"light", "full"});
    verb.option("--program", line.program, "the nodes run this build of weft; default: this one")
        .is_file();
    verb.flag("--keep", line.keep, "keep the folder, with all logs and the history");
    verb.example("weft torture --minutes 2");
    verb.example("weft torture --minutes 2 --seed 7 --keep",
                 "the faults of seed 7 again, and keep the logs");
    verb.run([&line](Shell& shell) { return run_line(shell, line); });
}

}  // namespace weft::cli
