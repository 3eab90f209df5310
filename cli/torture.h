#pragma once
// `weft torture`: a mesh of real processes under load and faults, and a judge for every answer.

#include "cli/dev_start.h"
#include "cli/torture_judge.h"
#include "cli/torture_load.h"
#include "cli/torture_nemesis.h"

#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace weft::cli {

struct TortureOptions {
    std::chrono::milliseconds length{300'000};  // of the faults
    std::size_t nodes = 3;
    std::uint64_t seed = 1;
    bool full = false, keep = false;
    std::filesystem::path program;  // of the nodes; empty: this one
    std::filesystem::path folder;   // of the mesh and the history
};

struct TortureReport {
    TortureCounts counts;
    NemesisReport nemesis;
    std::uint64_t unknown_left = 0;
    std::uint64_t deaths = 0, false_alarms = 0;  // of members, as others saw them
    std::chrono::milliseconds healed_after{};
    std::vector<TortureViolation> violations;
    bool interrupted = false;
    bool broken() const { return !violations.empty(); }
};

struct TortureHooks {
    std::function<void(const std::string&)> tell;  // progress, one line at a time
    Interrupted interrupted;
};

// Errors are those that keep it from being done at all; what the mesh does wrong is in the report.
Result<TortureReport> run_torture(const TortureOptions& options, const TortureHooks& hooks);

}  // namespace weft::cli
