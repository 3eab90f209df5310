// I20 over compilers: every build of this test must give the traces that are written down.

#include "sim/run.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <string>

namespace weft::sim {
namespace {

constexpr const char* kPath = WEFT_SOURCE_DIR "/tests/sim/golden_traces.txt";
constexpr std::uint64_t kSeeds = 12;  // of those in the file; scripts/same-trace.sh runs them all

// A change of what nodes, clients, faults or draws do changes traces. Then
//   weft sim run --seeds 1..1000 --jobs 2 --hashes tests/sim/golden_traces.txt
// writes them anew; the other builds must agree. The reference store only: what a trace of the real
// one says of sizes is LMDB's.
TEST(GoldenTraces, AreTheSameOnEveryCompilerAndMachine) {
    std::ifstream file(kPath);
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        std::string golden;
        std::getline(file, golden);
        EXPECT_EQ(fmt::format("{} {:016x}", seed, run_seed(seed).trace_hash), golden)
            << "this build and the one that wrote the file run differently";
    }
}

}  // namespace
}  // namespace weft::sim
