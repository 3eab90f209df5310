// What a run is told about its histories.

#include "sim/judge.h"

#include <gtest/gtest.h>

namespace weft::sim {
namespace {

Operation put(std::string value, std::int64_t start, std::int64_t end) {
    Operation op;
    op.kind = OperationKind::Put;
    op.outcome = OperationOutcome::Done;
    op.argument = std::move(value);
    op.start_ns = start;
    op.end_ns = end;
    return op;
}

Operation get(std::string value, std::int64_t start, std::int64_t end) {
    Operation op;
    op.kind = OperationKind::Get;
    op.outcome = OperationOutcome::Done;
    op.result = std::move(value);
    op.start_ns = start;
    op.end_ns = end;
    return op;
}

// Two writes at one time and reads that only one order explains.
const Histories kRight = {
    {"kv/a", {put("x", 1, 9), put("y", 1, 9), get("y", 2, 3), get("x", 4, 8)}}};

TEST(Judge, ARightHistoryIsNotWrong) { EXPECT_FALSE(wrong_history(kRight)); }

// Nobody knows whether such a run kept its promises: "not found wrong" is not "right".
TEST(Judge, AHistoryThatNoSearchDecidesFailsTheRun) {
    const auto wrong = wrong_history(kRight, 1);
    ASSERT_TRUE(wrong);
    EXPECT_EQ(wrong->entity, "kv/a");
    EXPECT_TRUE(wrong->rule.starts_with("I5: undecided")) << wrong->rule;
}

TEST(Judge, NamesTheEntityThatNoOrderExplains) {
    Histories histories = kRight;
    // Each is a read of what was written; together they go back in time, which only the search
    // sees.
    histories["kv/b"] = {put("x", 1, 9), put("y", 1, 9), get("x", 2, 3), get("y", 4, 5),
                         get("x", 6, 7)};
    const auto wrong = wrong_history(histories);
    ASSERT_TRUE(wrong);
    EXPECT_EQ(wrong->entity, "kv/b");
    EXPECT_TRUE(wrong->rule.starts_with("I5: not linearizable")) << wrong->rule;
}

}  // namespace
}  // namespace weft::sim
