#pragma once
// Runs many seeds of the simulator in worker processes: a broken invariant ends a run through a
// process-wide handler, and a crash must end one worker only.

#include "cli/output.h"
#include "cli/shell.h"
#include "sim/run.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace weft::cli {

struct HuntOptions {
    std::uint64_t first = 1, last = 1;
    sim::Profile profile = sim::Profile::Swarm;
    sim::StoreKind store = sim::StoreKind::Memory;
    std::uint64_t jobs = 1;    // worker processes, 1 to 256
    bool twice = false;        // every seed two times: the trace must be the same
    double seconds_max = 0;    // stop after this long; 0: when the seeds are through
    std::string trace;         // one seed only: log lines of all nodes go to this file
    std::string summary_file;  // rewritten every few seconds, and at the end
    std::string hashes_file;   // at the end: a line for each seed, its number and its trace's hash
};

struct HuntFailure {
    std::uint64_t seed = 0;
    std::string violation, plan;
};

struct HuntTotals {
    sim::StoreKind store = sim::StoreKind::Memory;
    std::uint64_t seeds = 0, operations = 0, unknown = 0, frames = 0, events = 0;
    std::uint64_t committed = 0, elections = 0, states_compared = 0;
    std::uint64_t entities_max = 0, log_bytes_max = 0, snapshot_pages_max = 0;  // of one run
    std::uint64_t journal_ahead = 0, sockets_ahead = 0;
    std::uint64_t trace_hash = 0;  // of all traces, whatever their order
    std::int64_t virtual_ms = 0;
    std::int64_t cpu_ns = 0;  // of the first run of each seed, in its worker
    double wall_seconds = 0;
    std::array<std::uint64_t, sim::kFaultKinds> faults{};
    sim::ProbeSet probes = 0;
    std::vector<HuntFailure> failures;
    bool interrupted = false;  // SIGINT or SIGTERM came before the end
};

// Runs the seeds; failures are noted on standard error as they come, one line each, and a progress
// bar when that is a terminal. StartFailed when workers or files cannot be made.
Result<HuntTotals> hunt(const Shell& shell, const HuntOptions& options);

// The names of the rare paths that no seed came by, with blanks between them.
std::string never_reached(sim::ProbeSet reached);

// What the report shows, in order.
Record hunt_summary(const HuntTotals& totals);

}  // namespace weft::cli
