// What a worker of the simulator says to its parent.

#include "cli/sim_worker.h"

#include <gtest/gtest.h>

#include <string>

namespace weft::cli {
namespace {

SimResult some_result() {
    SimResult result;
    result.cpu_ns = 12;
    result.report.seed = 7;
    result.report.trace_hash = 0xfedcba9876543210ULL;
    result.report.operations = 99;
    result.report.virtual_ms = 15000;
    result.report.violation_at = std::chrono::milliseconds(4);
    result.report.faults[3] = 5;
    result.report.plan = "3 nodes";
    result.report.violation = "I5: two\tlines\nof text";
    return result;
}

TEST(SimWorker, ResultsAreReadBackFromOneLine) {
    const std::string line = encode_result(some_result());
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto back = decode_result(line);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->cpu_ns, 12);
    EXPECT_EQ(back->report.seed, 7U);
    EXPECT_EQ(back->report.trace_hash, 0xfedcba9876543210ULL);
    EXPECT_EQ(back->report.operations, 99U);
    EXPECT_EQ(back->report.virtual_ms, 15000);
    EXPECT_EQ(back->report.violation_at, std::chrono::milliseconds(4));
    EXPECT_EQ(back->report.faults[3], 5U);
    EXPECT_EQ(back->report.plan, "3 nodes");
    EXPECT_EQ(back->report.violation, "I5: two lines of text");
}

TEST(SimWorker, HalfALineIsNoResult) {
    const std::string line = encode_result(some_result());
    const std::size_t numbers = line.find("3 nodes");
    for (std::size_t length = 0; length + 1 < numbers; length += 3)
        EXPECT_FALSE(decode_result(line.substr(0, length))) << length;
    EXPECT_FALSE(decode_result("end\tx" + line.substr(3)));
    EXPECT_FALSE(decode_result("begin\t7"));
    EXPECT_FALSE(decode_result(line + "\tmore"));
}

}  // namespace
}  // namespace weft::cli
