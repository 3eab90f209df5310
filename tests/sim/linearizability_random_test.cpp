// The search leaves out orders that it argues make no difference; here every order is tried.

#include "sim/checkers/linearizability.h"
#include "sim/checkers/shrink.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace weft::sim {
namespace {

using enum OperationKind;

bool open(const Operation& op) { return op.outcome == OperationOutcome::Unknown; }

// True when the operation fits the state, which becomes the one after it. No twin of the checker:
// on text, without a thought.
bool fits(Model model, const Operation& op, std::optional<std::string>& state) {
    const bool done = op.outcome == OperationOutcome::Done;
    if (op.kind == Get) return !done || op.result == state;
    if (model == Model::Counter) {
        if (done || open(op)) state = std::to_string(std::stoll(*state) + std::stoll(op.argument));
        return !done || !op.result || op.result == state;
    }
    if (op.kind == Cas) {
        const bool same = op.expected == state;
        if (!open(op) && done != same) return false;
        if (same) state = op.argument;
        return true;
    }
    if (!done && !open(op)) return true;
    state = op.kind == Put ? std::optional(op.argument) : std::nullopt;
    return true;
}

bool some_order(Model model, const History& left, const std::optional<std::string>& state) {
    if (std::ranges::all_of(left, open)) return true;
    for (std::size_t i = 0; i < left.size(); ++i) {
        const bool late = std::ranges::any_of(left, [&](const Operation& other) {
            return !open(other) && other.end_ns < left[i].start_ns;
        });
        if (late) continue;
        auto next = state;
        if (!fits(model, left[i], next)) continue;
        History rest = left;
        rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
        if (some_order(model, rest, next)) return true;
    }
    return false;
}

bool every_order_tried(Model model, History history) {
    std::erase_if(history, [](const auto& op) { return op.outcome == OperationOutcome::NotDone; });
    return some_order(model, history,
                      model == Model::Counter ? std::optional<std::string>("0") : std::nullopt);
}

class Generator {
public:
    Generator(Model model, std::uint32_t seed) : model_(model), random_(seed) {}

    // Runs operations one by one on a real entity, lets their times overlap, and then, half of
    // the time, tells a lie about one of them.
    History next(int operations) {
        values_ = below(2) == 0 ? 3 : 100;
        negative_ = below(3) == 0;
        unknown_of_ten_ = below(6);
        const int overlap = 1 + below(60);
        std::optional<std::string> state;
        if (model_ == Model::Counter) state = "0";
        History history;
        for (int i = 0; i < operations; ++i) {
            Operation op = some_operation();
            op.client = static_cast<std::uint32_t>(i);
            run(op, state);
            op.start_ns = 100 + 10 * i - below(overlap);
            op.end_ns = 100 + 10 * i + below(overlap);
            history.push_back(op);
        }
        if (below(2) == 0) lie(history[static_cast<std::size_t>(below(operations))]);
        std::ranges::shuffle(history, random_);
        return history;
    }

private:
    int below(int n) { return static_cast<int>(random_() % static_cast<std::uint32_t>(n)); }
    std::string value() {
        if (model_ == Model::Counter) return std::to_string(below(4) - (negative_ ? 2 : 0));
        return fmt::format("v{}", below(values_));
    }

    Operation some_operation() {
        Operation op;
        static constexpr OperationKind kKv[] = {Put, Get, Cas, Get, Delete, Put, Cas};
        op.kind = kKv[below(7)];
        if (model_ == Model::Counter) op.kind = below(3) == 0 ? Get : Add;
        if (model_ == Model::Register && op.kind != Get) op.kind = Put;
        if (model_ == Model::Cas && op.kind == Delete) op.kind = Cas;
        if (op.kind == Put || op.kind == Cas || op.kind == Add) op.argument = value();
        if (op.kind == Cas && below(3) > 0) op.expected = value();
        return op;
    }

    void run(Operation& op, std::optional<std::string>& state) {
        op.outcome = OperationOutcome::Done;
        // A client that guesses wins too seldom to be of interest.
        if (op.kind == Cas && below(2) == 0) op.expected = state;
        if (op.kind == Cas && op.expected != state) op.outcome = OperationOutcome::Rejected;
        if (below(10) < unknown_of_ten_) op.outcome = OperationOutcome::Unknown;
        if (below(20) == 0) op.outcome = OperationOutcome::NotDone;
        if (op.outcome == OperationOutcome::NotDone) return;
        if (open(op) && below(2) == 0) return;
        if (op.kind == Get) op.result = state;
        fits(model_, op, state);
        if (op.kind == Add && op.outcome == OperationOutcome::Done && below(4) > 0)
            op.result = state;
    }

    void lie(Operation& op) {
        if (op.outcome == OperationOutcome::Unknown) op.outcome = OperationOutcome::Done;
        if (op.kind == Cas)
            op.outcome = op.outcome == OperationOutcome::Done ? OperationOutcome::Rejected
                                                              : OperationOutcome::Done;
        if (op.kind == Get || op.kind == Add) op.result = value();
    }

    Model model_;
    std::mt19937 random_;
    int values_ = 3;
    bool negative_ = false;
    int unknown_of_ten_ = 0;
};

std::string text_of(const History& history) {
    std::string text;
    for (const Operation& op : history)
        text +=
            fmt::format("\n{} [{}..{}] kind {} outcome {} ({} -> {}) = {}", op.client, op.start_ns,
                        op.end_ns, static_cast<int>(op.kind), static_cast<int>(op.outcome),
                        op.expected.value_or("-"), op.argument, op.result.value_or("-"));
    return text;
}

class EveryOrder : public testing::TestWithParam<Model> {};

TEST_P(EveryOrder, AgreesWithTheSearch) {
    Generator generator(GetParam(), 20 + static_cast<std::uint32_t>(GetParam()));
    int right = 0, wrong = 0;
    for (int i = 0; i < 4000; ++i) {
        const History history = generator.next(3 + i % 5);
        const bool expected = every_order_tried(GetParam(), history);
        const Verdict verdict = check_linearizable(history, GetParam());
        ASSERT_FALSE(verdict.undecided);
        ASSERT_EQ(verdict.linearizable, expected) << i << text_of(history);
        ASSERT_EQ(verdict.reason.empty(), expected);
        ++(expected ? right : wrong);
    }
    EXPECT_GT(right, 1000);
    EXPECT_GT(wrong, 400);
}

// Only what cannot make a right history wrong may be taken away. So when the history would be right
// without one read, that read is in the part: without it there is nothing wrong to be found.
TEST_P(EveryOrder, FindsTheSmallestPartWrongForTheSameCause) {
    Generator generator(GetParam(), 70 + static_cast<std::uint32_t>(GetParam()));
    int smaller = 0, causes = 0;
    for (int i = 0; i < 2000; ++i) {
        const History history = generator.next(7);
        const History part = smallest_impossible(history, GetParam());
        if (every_order_tried(GetParam(), history)) {
            ASSERT_EQ(part.size(), history.size());
            continue;
        }
        ASSERT_FALSE(every_order_tried(GetParam(), part)) << text_of(history);
        smaller += part.size() < history.size() ? 1 : 0;
        for (const Operation& read : history) {
            const bool looks = read.kind == Get || read.outcome == OperationOutcome::Rejected;
            const auto is_it = [&](const Operation& op) { return op.client == read.client; };
            History rest = history;
            std::erase_if(rest, is_it);
            if (!looks || !every_order_tried(GetParam(), rest)) continue;
            ++causes;
            ASSERT_TRUE(std::ranges::any_of(part, is_it))
                << "without " << read.client << text_of(history) << "\nbut:" << text_of(part);
        }
    }
    EXPECT_GT(smaller, 100);
    EXPECT_GT(causes, 100);
}

INSTANTIATE_TEST_SUITE_P(Models, EveryOrder,
                         testing::Values(Model::Kv, Model::Counter, Model::Register, Model::Cas));

}  // namespace
}  // namespace weft::sim
