#include "cli/bench_report.h"
#include "cli/bench_run.h"
#include "cli/input.h"
#include "cli/interrupt_watch.h"
#include "cli/verbs.h"
#include "core/error.h"

#include <fmt/core.h>

#include <optional>

namespace weft::cli {

namespace {

struct BenchLine {
    BenchOp op = BenchOp::Put;
    std::uint64_t clients = 1, pipeline = 1, entities = 10'000, value_bytes = 128, seed = 1;
    double seconds = 5, warm_up = 0, rate = 0;
    std::vector<std::string> mix;
    std::string history, type, command = "add", payload = "1", prefix = "bench-";
};

std::chrono::nanoseconds to_duration(double seconds) {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

// Empty when all is within its limits.
std::string wrong_with(const BenchLine& line) {
    if (line.clients < 1 || line.clients > 1024) return "--clients is 1 to 1024";
    if (line.pipeline < 1 || line.pipeline > 4096) return "--pipeline is 1 to 4096";
    if (line.entities < 1 || line.entities > 100'000'000) return "--entities is 1 to 100000000";
    if (line.value_bytes < 1 || line.value_bytes > kPayloadBytesMax)
        return fmt::format("--value-bytes is 1 to {}", kPayloadBytesMax);
    if (!(line.seconds > 0 && line.seconds <= 86'400)) return "--seconds is above 0, to 86400";
    if (!(line.warm_up >= 0 && line.warm_up <= 3600)) return "--warm-up is 0 to 3600 seconds";
    if (!(line.rate >= 0 && line.rate <= 1e7)) return "--rate is 0 to 10000000";
    return {};
}

Result<BenchOptions> bench_options(const Shell& shell, const BenchLine& line) {
    BenchOptions options;
    auto mesh = shell.target();
    if (!mesh) return std::unexpected(std::move(mesh).error());
    options.mesh = *std::move(mesh);
    options.clients = line.clients;
    options.pipeline = line.pipeline;
    options.rate = line.rate;
    options.length = to_duration(line.seconds);
    options.warm_up = to_duration(line.warm_up);
    options.timeout = shell.timeout();
    WorkloadOptions& load = options.workload;
    load.base = line.op;
    load.type = !line.type.empty() ? line.type : line.op == BenchOp::Call ? "counter" : "kv";
    load.prefix = line.prefix;
    load.command = line.command;
    load.payload = line.payload;
    load.entities = line.entities;
    load.value_bytes = line.value_bytes;
    load.seed = line.seed;
    if (auto good = parse_mix(line.mix, load); !good)
        return std::unexpected(as_usage(std::move(good).error()));
    return options;
}

int bench(Shell& shell, const BenchLine& line) {
    if (const std::string wrong = wrong_with(line); !wrong.empty()) return shell.usage(wrong);
    const auto options = bench_options(shell, line);
    if (!options) return shell.fail(options.error());
    std::optional<History> history;
    if (!line.history.empty()) {
        auto file = History::create(line.history);
        if (!file) return shell.fail(as_usage(file.error()));
        history = *std::move(file);
    }
    const auto result = run_bench(*options, history ? &*history : nullptr);
    if (!result) return shell.fail(result.error());
    shell.print(render_bench(shell.format(), *options, *result));
    if (history)
        if (const auto written = history->finish(); !written) return shell.fail(written.error());
    if (result->signal != 0) {
        shell.note(fmt::format("interrupted after {:.1f} of {:g} s\n",
                               std::chrono::duration<double>(result->took).count(), line.seconds));
        end_by(result->signal);
    }
    return exit_code(exit_of(*result));
}

void add_one(Command& noun, BenchOp op, const std::string& help) {
    Command& verb = noun.verb(std::string(bench_op_name(op)), help);
    auto& line = verb.state<BenchLine>();
    line.op = op;
    verb.option("--clients", line.clients, "connections");
    verb.option("--pipeline", line.pipeline, "operations in flight per connection");
    verb.option("--entities", line.entities, "how many entities are drawn from");
    verb.option("--seconds", line.seconds, "how long to measure");
    verb.option("--warm-up", line.warm_up, "seconds to run before counting");
    verb.option("--value-bytes", line.value_bytes, "size of a value");
    verb.option("--mix", line.mix, "other operations in percent: get=40,cas=20");
    verb.option("--rate", line.rate, "operations per second, planned; 0: as fast as answers come");
    verb.option("--history", line.history, "write one JSON line per operation to this file")
        .is_file();
    verb.option("--prefix", line.prefix, "ids are PREFIX and a number");
    verb.option("--seed", line.seed, "seed of the drawn entities and operations");
    verb.example(
        fmt::format("weft bench {} --seconds 10 --clients 4 --pipeline 16", bench_op_name(op)));
    verb.run([&line](Shell& shell) { return bench(shell, line); });
    if (op != BenchOp::Call) return;
    verb.option("--type", line.type, "entity type; default: counter");
    verb.option("--command", line.command, "the command");
    verb.option("--payload", line.payload, "the command's payload");
}

}  // namespace

void add_bench(Command& root) {
    Command& noun = root.verb("bench", "measure the mesh with a load");
    add_one(noun, BenchOp::Put, "store values in kv");
    add_one(noun, BenchOp::Get, "read values of kv");
    add_one(noun, BenchOp::Call, "run a command, by default counter add 1");
}

}  // namespace weft::cli
