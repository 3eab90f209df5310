// A sum: additions commute, so an unknown one is tried only right before an answer that needs it.

#include "sim/checkers/search.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

namespace weft::sim {
namespace {

using enum OperationKind;

// Sums wrap around.
std::int64_t sum(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::int64_t difference(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

class CounterRules : public Rules {
public:
    explicit CounterRules(const History& history) {
        std::int64_t most = 0;
        for (std::size_t i = 0; i < history.size(); ++i) {
            const Operation& op = history[i];
            const bool done = op.outcome == OperationOutcome::Done;
            const bool open = op.outcome == OperationOutcome::Unknown;
            // Without an effect or an answer it says nothing.
            if (!done && !(open && op.kind == Add)) continue;
            if (op.kind == Get && !op.result) continue;
            Step step;
            step.kind = op.kind;
            step.positive = true;
            step.has_result = done && op.result.has_value();
            if (op.kind == Add) step.argument = decimal(op.argument).value_or(0);
            if (step.has_result) step.result = decimal(*op.result).value_or(0);
            step.start = op.start_ns;
            step.end = std::max(op.start_ns, op.end_ns);
            step.origin = i;
            if (step.argument < 0 || __builtin_add_overflow(most, step.argument, &most))
                rising_ = false;
            if (done)
                steps.push_back(step);
            else if (step.argument != 0)
                add_unknown(*this, step);
        }
        order_steps(*this);
        for (const Step& step : steps)
            if (step.has_result) ++wanted_[needs(step)];
    }

    bool settles(const Step& step) const override {
        return step.argument == 0 && (!step.has_result || step.result == state);
    }
    // When nothing is ever taken away, an answer below the sum comes too late.
    bool possible() const override {
        return !rising_ || wanted_.empty() || wanted_.begin()->first >= state;
    }
    void place(const Step& step, bool known) override {
        state = sum(state, step.argument);
        if (!known || !step.has_result) return;
        const auto at = wanted_.find(needs(step));
        if (--at->second == 0) wanted_.erase(at);
    }
    void displace(const Step& step, bool known) override {
        if (known && step.has_result) ++wanted_[needs(step)];
    }
    std::int64_t state_key() const override { return state; }
    std::string state_text() const override { return std::to_string(state); }

    bool demands(const Step& step, std::int64_t at) const override {
        return step.has_result && needs(step) == at;
    }
    bool hopeless(const Step& step) const override {
        return rising_ && step.has_result && needs(step) < state;
    }

    void moves(const Window& window, std::vector<Move>& out) override {
        bool above = false, below = false;
        for (const std::size_t i : window.callable) {
            const Step& step = steps[i];
            if (step.has_result) above = above || needs(step) > state;
            if (step.has_result) below = below || needs(step) < state;
            if (step.kind != Add || (step.has_result && needs(step) != state)) continue;
            if (first_of_its_kind(window, i)) out.push_back({{i}});
        }
        if (!above && (rising_ || !below)) return;
        for (std::size_t k = 0; k < unknown.size(); ++k)
            if (unknown[k].callable(window.now)) out.push_back({{}, k});
    }

private:
    // The sum before it.
    static std::int64_t needs(const Step& step) { return difference(step.result, step.argument); }

    // Of operations that do the same, the one that must end first: the others may take its place.
    bool first_of_its_kind(const Window& window, std::size_t index) const {
        const Step& step = steps[index];
        return std::ranges::none_of(window.callable, [&](std::size_t i) {
            const Step& other = steps[i];
            const bool same = other.kind == step.kind && other.argument == step.argument &&
                              other.has_result == step.has_result && other.result == step.result;
            return same && (other.end < step.end || (other.end == step.end && i < index));
        });
    }

    std::map<std::int64_t, int> wanted_;  // by the sums that answers left need
    bool rising_ = true;
};

}  // namespace

std::unique_ptr<Rules> counter_rules(const History& history) {
    return std::make_unique<CounterRules>(history);
}

}  // namespace weft::sim
