#pragma once
// Drives a workload through the public client and measures it. Closed loop: each lane starts its
// next operation when the last has ended. Open loop (rate > 0): operations have a planned start and
// their latency counts from it, so that a stall is not hidden by the wait for it (coordinated
// omission).

#include "cli/bench_workload.h"
#include "cli/exit_code.h"
#include "cli/histogram.h"
#include "cli/history.h"
#include "weft/client.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace weft::cli {

struct BenchOptions {
    WorkloadOptions workload;
    ConnectOptions mesh;
    std::uint64_t clients = 1;   // connections
    std::uint64_t pipeline = 1;  // operations in flight per connection
    double rate = 0;             // operations per second in all; 0: closed loop
    std::chrono::nanoseconds length{};
    std::chrono::nanoseconds warm_up{};  // run before, not counted
    std::chrono::milliseconds timeout{5000};
};

struct BenchCounts {
    std::uint64_t done = 0, rejected = 0, not_done = 0, unknown = 0;
    std::uint64_t total() const { return done + rejected + not_done + unknown; }
    // By the entity: a rejected cas is work, too.
    std::uint64_t answered() const { return done + rejected; }
};

struct BenchResult {
    BenchCounts outcomes;
    Histogram latency_ns;  // of answered operations
    std::array<Histogram, kBenchOps> by_op;
    // WEFT-NNNN -> how often; of rejections, too.
    std::map<std::uint16_t, std::uint64_t> errors;
    std::chrono::nanoseconds took{};         // as long as was asked for, unless interrupted
    int signal = 0;                          // that ended it early; 0: none
    std::chrono::nanoseconds longest_gap{};  // between two answers, all lanes together
    // Of a planned rate: operations planned within the measured time whose start never came, and
    // how late the others started; of those, how many waited because all that may be in flight was.
    std::uint64_t not_started = 0, waited_for_lane = 0;
    Histogram start_delay_ns;

    // What the figures show is this program rather than the mesh.
    bool is_bottleneck() const;
};

// Nothing done is a failure: that of what went wrong most often.
Exit exit_of(const BenchResult& result);

// `history` may be null. Errors are those before the first operation; later ones are counted.
Result<BenchResult> run_bench(const BenchOptions& options, History* history);

}  // namespace weft::cli
