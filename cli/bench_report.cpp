#include "cli/bench_report.h"

#include "cli/version.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <thread>

namespace weft::cli {

namespace {

using Json = nlohmann::ordered_json;

double per_second(const BenchResult& result) {
    const double seconds = std::chrono::duration<double>(result.took).count();
    return seconds > 0 ? static_cast<double>(result.outcomes.answered()) / seconds : 0;
}

double us(std::uint64_t ns) { return static_cast<double>(ns) / 1000.0; }

double ms(std::chrono::nanoseconds span) { return static_cast<double>(span.count()) / 1e6; }

std::string error_name(std::uint16_t number) { return fmt::format("WEFT-{:04}", number); }

Json latency_json(const Histogram& latency) {
    return {{"count", latency.count()},
            {"p50_us", us(latency.quantile(50, 100))},
            {"p90_us", us(latency.quantile(90, 100))},
            {"p99_us", us(latency.quantile(99, 100))},
            {"p999_us", us(latency.quantile(999, 1000))},
            {"max_us", us(latency.max())}};
}

Json settings_json(const BenchOptions& options) {
    const WorkloadOptions& load = options.workload;
    Json mix = Json::object();
    for (std::size_t op = 0; op < kBenchOps; ++op)
        if (load.percent[op] > 0)
            mix[std::string(bench_op_name(static_cast<BenchOp>(op)))] = load.percent[op];
    return {{"op", bench_op_name(load.base)},
            {"mix", mix},
            {"type", load.type},
            {"command", load.command},
            {"clients", options.clients},
            {"pipeline", options.pipeline},
            {"rate", options.rate},
            {"entities", load.entities},
            {"value_bytes", load.value_bytes},
            {"seconds", std::chrono::duration<double>(options.length).count()},
            {"warm_up_seconds", std::chrono::duration<double>(options.warm_up).count()},
            {"timeout_ms", options.timeout.count()},
            {"seed", load.seed},
            {"version", kVersion},
            {"compiler", kCompiler},
            {"build", kBuild}};
}

Json bench_json(const BenchOptions& options, const BenchResult& result) {
    const Machine machine = this_machine();
    Json by_op = Json::object();
    for (std::size_t op = 0; op < kBenchOps; ++op)
        if (result.by_op[op].count() > 0)
            by_op[std::string(bench_op_name(static_cast<BenchOp>(op)))] =
                latency_json(result.by_op[op]);
    Json errors = Json::object();
    for (const auto& [number, times] : result.errors) errors[error_name(number)] = times;
    Json json = {{"ops_per_second", per_second(result)}};
    json.update(latency_json(result.latency_ns));
    json["outcomes"] = {{"done", result.outcomes.done},
                        {"rejected", result.outcomes.rejected},
                        {"not_done", result.outcomes.not_done},
                        {"unknown", result.outcomes.unknown}};
    json["errors"] = errors;
    json["longest_gap_ms"] = ms(result.longest_gap);
    if (options.rate > 0)
        json["planned"] = {{"started", result.start_delay_ns.count()},
                           {"not_started", result.not_started},
                           {"waited_for_in_flight", result.waited_for_lane},
                           {"start_delay_p50_us", us(result.start_delay_ns.quantile(50, 100))},
                           {"start_delay_p99_us", us(result.start_delay_ns.quantile(99, 100))},
                           {"bench_is_bottleneck", result.is_bottleneck()}};
    json["measured_seconds"] = std::chrono::duration<double>(result.took).count();
    json["interrupted"] = result.signal != 0;
    json["by_op"] = by_op;
    json["settings"] = settings_json(options);
    json["machine"] = {{"cpu", machine.cpu},
                       {"cores", machine.cores},
                       {"memory_mib", machine.memory_mib},
                       {"kernel", machine.kernel}};
    return json;
}

std::string planned_text(const BenchOptions& options, const BenchResult& result) {
    const Histogram& delay = result.start_delay_ns;
    std::string text = fmt::format(
        "  planned     {}, of which {} never started; starts late by us  p50 {:.0f}  p99 {:.0f}\n",
        delay.count() + result.not_started, result.not_started, us(delay.quantile(50, 100)),
        us(delay.quantile(99, 100)));
    if (!result.is_bottleneck()) return text;
    if (10 * result.waited_for_lane < delay.count())
        return text +
               "  the bench is the bottleneck: this machine did not start operations in time\n";
    return text + fmt::format(
                      "  the bench is the bottleneck: operations waited because {} were in "
                      "flight; give more --clients or --pipeline\n",
                      options.clients * options.pipeline);
}

std::string bench_text(const BenchOptions& options, const BenchResult& result) {
    const Histogram& latency = result.latency_ns;
    const BenchCounts& counts = result.outcomes;
    std::string text = fmt::format(
        "{} {}: {} x {} in flight, {}, {} B values, {:.1f} s{}\n",
        bench_op_name(options.workload.base), options.workload.type,
        counted(options.clients, "client"), options.pipeline,
        counted(options.workload.entities, "entity", "entities"), options.workload.value_bytes,
        std::chrono::duration<double>(options.length).count(),
        options.rate > 0 ? fmt::format(", {:.0f}/s planned", options.rate) : "");
    text += fmt::format("  {:.0f} ops/s\n", per_second(result));
    text += fmt::format(
        "  latency us  p50 {:.0f}  p90 {:.0f}  p99 {:.0f}  p99.9 {:.0f}  max {:.0f}\n",
        us(latency.quantile(50, 100)), us(latency.quantile(90, 100)), us(latency.quantile(99, 100)),
        us(latency.quantile(999, 1000)), us(latency.max()));
    text += fmt::format("  outcomes    done {}  rejected {}  not done {}  unknown {}\n",
                        counts.done, counts.rejected, counts.not_done, counts.unknown);
    for (const auto& [number, times] : result.errors)
        text += fmt::format("  {} {}\n", error_name(number), counted(times, "time"));
    if (options.rate > 0) text += planned_text(options, result);
    text += fmt::format("  longest gap without an answer {:.0f} ms\n", ms(result.longest_gap));
    const Machine machine = this_machine();
    text += fmt::format("  {} x {}, {} MiB, {}; weft {} {}\n", machine.cores, machine.cpu,
                        machine.memory_mib, machine.kernel, kVersion, kBuild);
    return text;
}

}  // namespace

Machine this_machine() {
    Machine machine;
    std::ifstream cpus("/proc/cpuinfo");
    for (std::string line; std::getline(cpus, line);) {
        const std::size_t colon = line.find(": ");
        if (!line.starts_with("model name") || colon == std::string::npos) continue;
        machine.cpu = line.substr(colon + 2);
        break;
    }
    if (machine.cpu.empty()) machine.cpu = "unknown processor";
    machine.cores = std::thread::hardware_concurrency();
    const long pages = ::sysconf(_SC_PHYS_PAGES);
    const long page_bytes = ::sysconf(_SC_PAGESIZE);
    if (pages > 0 && page_bytes > 0)
        machine.memory_mib = static_cast<std::uint64_t>(pages) *
                             static_cast<std::uint64_t>(page_bytes) / (1024 * 1024);
    utsname name{};
    if (::uname(&name) == 0) machine.kernel = fmt::format("{} {}", name.sysname, name.release);
    return machine;
}

std::string render_bench(Format format, const BenchOptions& options, const BenchResult& result) {
    if (format == Format::Table) return bench_text(options, result);
    if (format == Format::Json) return bench_json(options, result).dump(2) + "\n";
    if (format == Format::Ndjson) return bench_json(options, result).dump() + "\n";
    const Histogram& latency = result.latency_ns;
    return render(Format::Csv, Record{{"ops_per_second", per_second(result)},
                                      {"p50_us", us(latency.quantile(50, 100))},
                                      {"p99_us", us(latency.quantile(99, 100))},
                                      {"max_us", us(latency.max())},
                                      {"done", result.outcomes.done},
                                      {"rejected", result.outcomes.rejected},
                                      {"not_done", result.outcomes.not_done},
                                      {"unknown", result.outcomes.unknown}});
}

}  // namespace weft::cli
