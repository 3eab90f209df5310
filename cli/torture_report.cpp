#include "cli/torture_report.h"

#include "cli/call_verbs.h"
#include "cli/history_file.h"

#include <fmt/core.h>

namespace weft::cli {

namespace {

constexpr std::size_t kShown = 10;  // violations, and operations of each

double in_ms(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e6; }

}  // namespace

Record torture_record(const TortureOptions& options, const TortureReport& report, double seconds) {
    const TortureCounts& counts = report.counts;
    Record record{{"seed", options.seed},
                  {"nodes", std::uint64_t{options.nodes}},
                  {"seconds", seconds},
                  {"operations", counts.operations()},
                  {"done", counts.done},
                  {"rejected", counts.rejected},
                  {"not_done", counts.not_done},
                  {"unknown", counts.unknown},
                  {"unknown_settled", counts.settled},
                  {"unknown_left", report.unknown_left},
                  {"entities", counts.entities},
                  {"mib_written", static_cast<double>(counts.bytes_written) / (1 << 20)}};
    std::uint64_t all = 0;
    for (const std::uint64_t times : report.nemesis.faults) all += times;
    record.push_back({"faults", all});
    for (std::size_t i = 0; i < kTortureFaults; ++i) {
        std::string name = "fault_";
        name += torture_fault_name(static_cast<TortureFault>(i));
        record.push_back({std::move(name), report.nemesis.faults[i]});
    }
    record.push_back({"node_starts", report.nemesis.starts});
    record.push_back({"deaths", report.deaths});
    record.push_back({"false_alarms", report.false_alarms});
    record.push_back(
        {"longest_gap_ms", in_ms(static_cast<std::uint64_t>(counts.longest_gap.count()))});
    const TortureWait& wait = counts.longest_wait;
    record.push_back({"longest_wait_ms", in_ms(static_cast<std::uint64_t>(wait.took.count()))});
    record.push_back(
        {"longest_wait_at_s", in_ms(static_cast<std::uint64_t>(wait.from.count())) / 1e3});
    record.push_back({"longest_wait_entity", TortureEntities::name(wait.entity)});
    record.push_back({"longest_wait_outcome", std::string(outcome_name(wait.outcome))});
    record.push_back({"p99_ms", in_ms(counts.latency_ns.quantile(99, 100))});
    record.push_back({"p99_faults_ms", in_ms(counts.faulty_latency_ns.quantile(99, 100))});
    record.push_back({"healed_after_ms", static_cast<double>(report.healed_after.count())});
    record.push_back({"interrupted", report.interrupted});
    record.push_back({"violations", std::uint64_t{report.violations.size()}});
    return record;
}

std::string violations_text(const TortureReport& report) {
    std::string text;
    const std::size_t shown = std::min(kShown, report.violations.size());
    for (std::size_t i = 0; i < shown; ++i) {
        const TortureViolation& violation = report.violations[i];
        text += "VIOLATION ";
        if (!violation.entity.empty()) text += violation.entity + ": ";
        text += violation.rule + "\n";
        // Of many, the last: what came before only leads to the state that they contradict.
        const std::size_t all = violation.part.size();
        const std::size_t first = all - std::min(kShown, all);
        if (first > 0) text += fmt::format("  ... after {} others\n", first);
        for (std::size_t at = first; at < all; ++at) {
            text += "  ";
            text += operation_line(violation.entity, violation.part[at]);
        }
    }
    if (shown < report.violations.size())
        text += fmt::format("... and {} more violations\n", report.violations.size() - shown);
    return text;
}

Exit torture_exit(const TortureReport& report) {
    if (report.broken()) return Exit::Unhealthy;
    return report.interrupted ? Exit::Partial : Exit::Ok;
}

}  // namespace weft::cli
