#include "sim/checkers/linearizability.h"

#include "tests/support/made_history.h"

#include <gtest/gtest.h>

namespace weft::sim {
namespace {

struct Span {
    std::int64_t start, end;
};
Operation operation(std::uint32_t client, OperationKind kind, std::string argument, Span span) {
    Operation op;
    op.client = client;
    op.kind = kind;
    op.outcome = OperationOutcome::Done;
    op.argument = std::move(argument);
    op.start_ns = span.start;
    op.end_ns = span.end;
    return op;
}
Operation put(std::uint32_t client, std::string value, std::int64_t start, std::int64_t end) {
    return operation(client, OperationKind::Put, std::move(value), {start, end});
}
Operation get(std::uint32_t client, std::optional<std::string> seen, std::int64_t start,
              std::int64_t end) {
    Operation op = operation(client, OperationKind::Get, "", {start, end});
    op.result = std::move(seen);
    return op;
}
Operation unknown_put(std::uint32_t client, std::string value, std::int64_t start) {
    Operation op = put(client, std::move(value), start, start + 1);
    op.outcome = OperationOutcome::Unknown;
    return op;
}
struct Exchange {
    std::optional<std::string> expected;
    std::string value;
};
Operation cas(std::uint32_t client, Exchange exchange, bool done, Span span) {
    Operation op = operation(client, OperationKind::Cas, std::move(exchange.value), span);
    op.expected = std::move(exchange.expected);
    if (!done) op.outcome = OperationOutcome::Rejected;
    return op;
}
Operation add(std::uint32_t client, std::string delta, std::optional<std::string> total,
              Span span) {
    Operation op = operation(client, OperationKind::Add, std::move(delta), span);
    op.result = std::move(total);
    return op;
}

TEST(Linearizability, JudgesSmallHistoriesOfAKeyValueEntity) {
    struct Case {
        const char* why;
        History history;
        bool linearizable;
    };
    const Case cases[] = {
        {"empty", {}, true},
        {"read after write", {put(1, "a", 0, 10), get(2, "a", 20, 30)}, true},
        {"stale read", {put(1, "a", 0, 10), put(1, "b", 20, 30), get(2, "a", 40, 50)}, false},
        {"concurrent write may be seen", {put(1, "a", 0, 100), get(2, "a", 10, 20)}, true},
        {"concurrent write may be unseen", {put(1, "a", 0, 100), get(2, {}, 10, 20)}, true},
        {"seen and then unseen",
         {put(1, "a", 0, 100), get(2, "a", 10, 20), get(2, {}, 30, 40)},
         false},
        {"value out of nowhere", {get(1, "x", 0, 10)}, false},
        {"unknown write may have happened", {unknown_put(1, "a", 0), get(2, "a", 50, 60)}, true},
        {"unknown write may never happen", {unknown_put(1, "a", 0), get(2, {}, 50, 60)}, true},
        {"unknown write happens once",
         {unknown_put(1, "a", 0), get(2, "a", 50, 60), put(2, "b", 70, 80), get(2, "a", 90, 99)},
         false},
        {"two compare-and-sets cannot both win",
         {cas(1, {{}, "a"}, true, {0, 50}), cas(2, {{}, "b"}, true, {10, 60})},
         false},
        {"one wins, one loses",
         {cas(1, {{}, "a"}, true, {0, 50}), cas(2, {{}, "b"}, false, {10, 60}),
          get(3, "a", 70, 80)},
         true},
        {"a lost race needs a winner", {cas(1, {{}, "a"}, false, {0, 50})}, false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.why);
        const Verdict verdict = check_linearizable(c.history, Model::Kv);
        EXPECT_EQ(verdict.linearizable, c.linearizable);
        EXPECT_EQ(verdict.reason.empty(), c.linearizable);
    }
}

TEST(Linearizability, RefusedCommandsMustLeaveNoTrace) {
    Operation refused = put(1, "a", 0, 10);
    refused.outcome = OperationOutcome::NotDone;
    EXPECT_TRUE(check_linearizable({refused, get(2, {}, 20, 30)}, Model::Kv).linearizable);
    EXPECT_FALSE(check_linearizable({refused, get(2, "a", 20, 30)}, Model::Kv).linearizable);
}

TEST(Linearizability, CountsEveryAdditionOnce) {
    Operation maybe = add(3, "10", {}, {0, 1});
    maybe.outcome = OperationOutcome::Unknown;
    const Operation once = add(1, "1", "1", {0, 10});
    EXPECT_TRUE(
        check_linearizable({once, add(2, "2", "3", {20, 30})}, Model::Counter).linearizable);
    EXPECT_FALSE(
        check_linearizable({once, add(2, "2", "4", {20, 30})}, Model::Counter).linearizable);
    EXPECT_TRUE(
        check_linearizable({once, maybe, get(2, "11", 20, 30)}, Model::Counter).linearizable);
    EXPECT_FALSE(
        check_linearizable({once, maybe, get(2, "21", 20, 30)}, Model::Counter).linearizable);
}

TEST(Linearizability, DecidesLongConcurrentHistories) {
    History history;
    std::int64_t time = 0;
    for (int i = 0; i < 200; ++i) {
        history.push_back(
            put(static_cast<std::uint32_t>(i % 8), std::to_string(i), time, time + 80));
        time += 10;
    }
    history.push_back(get(9, "199", time + 200, time + 210));
    EXPECT_TRUE(check_linearizable(history, Model::Kv).linearizable);
    history.push_back(get(9, "3", time + 300, time + 310));
    const Verdict verdict = check_linearizable(history, Model::Kv);
    EXPECT_FALSE(verdict.undecided);
    EXPECT_FALSE(verdict.linearizable);
}

TEST(Linearizability, NamesTheOperationAtFault) {
    const auto reason = [](const History& history) {
        return check_linearizable(history, Model::Kv).reason;
    };
    EXPECT_EQ(reason({put(1, "a", 0, 10), put(1, "b", 20, 30), get(2, "a", 40, 50)}),
              "client 2 get() -> a [40..50] fits no order with client 1 put(b) -> done [20..30], "
              "which must come before it");
    EXPECT_EQ(reason({put(1, "a", 0, 10), get(2, "x", 40, 50)}),
              "client 2 get() -> x [40..50] fits no order: nothing leads to what it saw");
    EXPECT_EQ(reason({put(1, "a", 0, 10), cas(2, {"a", "b"}, false, {40, 50})}),
              "client 2 cas(a to b) -> rejected [40..50] fits no order; the last state that "
              "others explain is a");
}

TEST(Linearizability, JudgesWhatTheModelsOfTheSimulatorDoNot) {
    EXPECT_EQ(parse_model("register"), Model::Register);
    EXPECT_EQ(parse_model("cas"), Model::Cas);
    EXPECT_FALSE(parse_model("queue"));
    EXPECT_FALSE(
        check_linearizable({cas(1, {{}, "a"}, true, {0, 1})}, Model::Register).linearizable)
        << "a register knows no cas";
    EXPECT_TRUE(check_linearizable({cas(1, {{}, "a"}, true, {0, 1})}, Model::Cas).linearizable);
    EXPECT_FALSE(check_linearizable({cas(1, {"b", "a"}, true, {0, 1})}, Model::Cas).linearizable);
    EXPECT_FALSE(check_linearizable({add(1, "x", {}, {0, 1})}, Model::Counter).linearizable)
        << "a counter adds numbers";
}

// Fixed sizes, far beyond what a search without the rules comes through.
TEST(Linearizability, DecidesManyClientsAndUnknownOutcomes) {
    for (const Model model : {Model::Kv, Model::Counter, Model::Register, Model::Cas}) {
        SCOPED_TRACE(static_cast<int>(model));
        History history = test::make_history({.model = model, .operations = 3000});
        Verdict verdict = check_linearizable(history, model, 2'000'000);
        EXPECT_TRUE(verdict.linearizable) << verdict.reason;
        EXPECT_FALSE(verdict.undecided);
        test::make_stale(history);
        verdict = check_linearizable(history, model, 2'000'000);
        EXPECT_FALSE(verdict.linearizable);
        EXPECT_TRUE(check_linearizable(history, model, 1).undecided);
    }
}

// All of them at once: what the order of a write and of all who saw it leaves open has no choice.
TEST(Linearizability, DecidesHundredsOfOperationsThatAllOverlap) {
    for (const Model model : {Model::Kv, Model::Counter, Model::Register, Model::Cas}) {
        for (std::uint32_t seed = 1; seed <= 20; ++seed) {
            SCOPED_TRACE(fmt::format("model {} seed {}", static_cast<int>(model), seed));
            History history = test::make_history(
                {.model = model, .operations = 400, .clients = 400, .seed = seed});
            const Verdict verdict = check_linearizable(history, model, 200'000);
            EXPECT_TRUE(verdict.linearizable) << verdict.reason;
            EXPECT_FALSE(verdict.undecided);
        }
    }
}

// `x` may come at the very moment at which `w` must have.
TEST(Linearizability, TouchingOperationsMayTakeEffectInEitherOrder) {
    EXPECT_TRUE(check_linearizable({put(1, "a", 0, 20), put(2, "w", 0, 30), put(3, "x", 30, 100),
                                    get(4, "x", 30, 35), cas(5, {"x", "q"}, false, {40, 50})},
                                   Model::Kv)
                    .linearizable);
}

// `w` hides `x` from the cas that was refused: placed before it, as if nobody could tell, it would
// leave `x` there.
TEST(Linearizability, AnUnknownWriteMayComeBeforeAWriteThatNobodySees) {
    EXPECT_TRUE(check_linearizable({unknown_put(1, "x", 0), put(2, "w", 0, 30), get(3, "x", 0, 35),
                                    cas(4, {"x", "y"}, false, {40, 50})},
                                   Model::Kv)
                    .linearizable);
}

}  // namespace
}  // namespace weft::sim
