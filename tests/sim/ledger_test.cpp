// Durability and exactly-once: histories that are wrong on purpose, and right ones beside them.

#include "sim/ledger.h"

#include <gtest/gtest.h>

namespace weft::sim {
namespace {

using Kind = OperationKind;
using End = OperationOutcome;

Operation op(Kind kind, std::string text, std::int64_t start, std::int64_t end,
             End outcome = End::Done) {
    Operation made;
    made.kind = kind;
    made.outcome = outcome;
    made.start_ns = start;
    made.end_ns = end;
    if (kind == Kind::Get)
        made.result = std::move(text);
    else
        made.argument = std::move(text);
    return made;
}

std::string rule(std::string_view entity, const History& history) {
    return ledger_error(entity, history).value_or("").substr(0, 3);
}

TEST(Ledger, AValueIsWrittenBeforeItIsRead) {
    EXPECT_EQ(rule("kv/a", {op(Kind::Put, "x", 1, 2), op(Kind::Get, "x", 3, 4)}), "");
    EXPECT_EQ(rule("kv/a", {op(Kind::Put, "x", 1, 2), op(Kind::Get, "y", 3, 4)}), "I11");
    EXPECT_EQ(rule("kv/a", {op(Kind::Get, "x", 3, 4), op(Kind::Put, "x", 5, 6)}), "I11");
}

TEST(Ledger, NotDoneLeavesNoTrace) {
    EXPECT_EQ(rule("kv/a", {op(Kind::Put, "x", 1, 2, End::NotDone), op(Kind::Get, "x", 3, 4)}),
              "I11");
    EXPECT_EQ(rule("kv/a", {op(Kind::Put, "x", 1, 2, End::Unknown), op(Kind::Get, "x", 3, 4)}), "");
}

TEST(Ledger, ADoneWriteIsNotLost) {
    const History lost = {op(Kind::Put, "x", 1, 2), op(Kind::Put, "y", 3, 4),
                          op(Kind::Get, "x", 5, 6)};
    EXPECT_EQ(rule("kv/a", lost), "I4:");
    const History together = {op(Kind::Put, "x", 1, 4), op(Kind::Put, "y", 1, 4),
                              op(Kind::Get, "x", 5, 6)};
    EXPECT_EQ(rule("kv/a", together), "");
}

TEST(Ledger, AnAdditionHappensOnce) {
    const auto answered = [](const char* sum, std::int64_t start, std::int64_t end) {
        Operation read = op(Kind::Get, sum, start, end);
        return read;
    };
    const Operation add = op(Kind::Add, "5", 1, 2);
    const Operation maybe = op(Kind::Add, "3", 1, 2, End::Unknown);
    EXPECT_EQ(rule("counter/n", {add, maybe, answered("5", 3, 4)}), "");
    EXPECT_EQ(rule("counter/n", {add, maybe, answered("8", 3, 4)}), "");
    EXPECT_EQ(rule("counter/n", {add, maybe, answered("10", 3, 4)}), "I8:") << "done twice";
    EXPECT_EQ(rule("counter/n", {add, maybe, answered("3", 3, 4)}), "I4:") << "lost";
    Operation refused = op(Kind::Add, "2", 1, 2, End::NotDone);
    EXPECT_EQ(rule("counter/n", {add, refused, answered("7", 3, 4)}), "I8:");
}

}  // namespace
}  // namespace weft::sim
