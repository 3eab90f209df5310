#pragma once
// Histories of many clients at once, as a right entity would have answered them; seeded.

#include "core/sort_stably.h"
#include "sim/checkers/linearizability.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace weft::test {

struct MadeHistory {
    sim::Model model = sim::Model::Kv;
    int operations = 200;
    int clients = 15;         // each with one operation under way
    int unknown_percent = 5;  // half of them take effect, at any later time
    std::uint32_t seed = 1;
};

inline sim::History make_history(const MadeHistory& plan) {
    using enum sim::OperationKind;
    using sim::OperationOutcome;
    std::mt19937 random(plan.seed);
    const auto below = [&](int n) {
        return static_cast<int>(random() % static_cast<std::uint32_t>(n));
    };
    struct Effect {
        std::int64_t time;
        std::size_t operation;
    };
    sim::History history;
    std::vector<Effect> effects;
    std::vector<std::int64_t> free_at(static_cast<std::size_t>(plan.clients));
    for (int i = 0; i < plan.operations; ++i) {
        const auto client = std::ranges::min_element(free_at);
        sim::Operation op;
        op.client = static_cast<std::uint32_t>(client - free_at.begin());
        op.start_ns = *client + below(30);
        op.end_ns = op.start_ns + 10 + below(1000);
        *client = op.end_ns + 1;
        op.outcome = OperationOutcome::Done;
        std::int64_t effect = op.start_ns + below(static_cast<int>(op.end_ns - op.start_ns) + 1);
        if (below(100) < plan.unknown_percent) {
            op.outcome = OperationOutcome::Unknown;
            effect = op.start_ns + below(20'000);
        }
        const int draw = below(20);
        const bool counter = plan.model == sim::Model::Counter;
        op.kind = draw < 8 ? Get : counter ? Add : Put;
        if (plan.model == sim::Model::Kv && draw >= 18) op.kind = Delete;
        if ((plan.model == sim::Model::Kv || plan.model == sim::Model::Cas) && draw >= 13 &&
            draw < 18)
            op.kind = Cas;
        if (op.kind == Add) op.argument = "1";
        if (op.kind == Put || op.kind == Cas) op.argument = fmt::format("v{}", i);
        history.push_back(op);
        if (op.outcome == OperationOutcome::Done || below(2) == 0)
            effects.push_back({effect, history.size() - 1});
    }
    sort_stably(effects, &Effect::time);
    std::optional<std::string> value, former;
    std::int64_t total = 0;
    for (const Effect& effect : effects) {
        sim::Operation& op = history[effect.operation];
        const bool done = op.outcome == OperationOutcome::Done;
        if (op.kind == Add) total += 1;
        if (plan.model == sim::Model::Counter) value = std::to_string(total);
        if (done && (op.kind == Get || op.kind == Add)) op.result = value;
        const auto before = value;
        if (op.kind == Put) value = op.argument;
        if (op.kind == Delete) value.reset();
        if (op.kind == Cas) {
            op.expected = below(3) == 0 ? former : value;
            if (op.expected == value)
                value = op.argument;
            else if (done)
                op.outcome = OperationOutcome::Rejected;
        }
        if (value != before) former = before;
    }
    return history;
}

// Its last get sees what the entity held long before: the history is wrong.
inline void make_stale(sim::History& history) {
    std::optional<std::string> old;
    for (const sim::Operation& op : history)
        if (op.kind == sim::OperationKind::Get && op.result && !old) old = op.result;
    for (auto op = history.rbegin(); op != history.rend(); ++op)
        if (op->kind == sim::OperationKind::Get && op->outcome == sim::OperationOutcome::Done) {
            op->result = old;
            return;
        }
}

}  // namespace weft::test
