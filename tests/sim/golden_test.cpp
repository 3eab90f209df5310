// I20 over compilers: every build of this test must give the traces that are written down.

#include "sim/run.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace weft::sim {
namespace {

constexpr const char* kPath = WEFT_SOURCE_DIR "/tests/sim/golden_traces.txt";
constexpr std::uint64_t kSeeds = 12;

// The reference store only: what a trace of the real one says of sizes is LMDB's.
std::string traces() {
    std::string text;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed)
        text += fmt::format("{} {:016x}\n", seed, run_seed(seed).trace_hash);
    return text;
}

// A change of what nodes, clients, faults or draws do changes traces. Then
//   WEFT_WRITE_GOLDEN=1 build/release/bin/sim_test --gtest_filter='GoldenTraces.*'
// writes them anew; the other builds must agree.
TEST(GoldenTraces, AreTheSameOnEveryCompilerAndMachine) {
    const std::string now = traces();
    if (std::getenv("WEFT_WRITE_GOLDEN") != nullptr) std::ofstream(kPath) << now;
    std::ifstream file(kPath);
    const std::string golden(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(now, golden) << "this build and the one that wrote the file run differently";
}

}  // namespace
}  // namespace weft::sim
