#pragma once
// What `weft bench` prints: figures, outcomes, and the machine and settings they belong to.

#include "cli/bench_run.h"
#include "cli/output.h"

#include <string>

namespace weft::cli {

struct Machine {
    std::string cpu, kernel;
    unsigned cores = 0;
    std::uint64_t memory_mib = 0;
};
Machine this_machine();

std::string render_bench(Format format, const BenchOptions& options, const BenchResult& result);

}  // namespace weft::cli
