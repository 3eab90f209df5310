#pragma once
// The search behind check_linearizable(). Operations whose answer was seen are events in a list;
// unknown ones, open for ever, are kept by what they would do and tried only where the model says
// that somebody could tell.

#include "sim/checkers/linearizability.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace weft::sim {

// An operation with values replaced by numbers, so that a state is one integer.
struct Step {
    OperationKind kind{};
    bool positive = false;  // done, as opposed to rejected
    bool has_result = false;
    std::int64_t argument = 0, expected = 0, result = 0;
    std::int64_t start = 0, end = 0;
    std::size_t origin = 0;  // in the history
};

// Unknown operations that do the same. They are taken in the order of their starts: whichever of
// two that have begun is taken first, the other does as well later.
struct UnknownClass {
    Step step;
    std::vector<std::int64_t> starts;  // sorted
    std::size_t used = 0;
    bool callable(std::int64_t now) const { return used < starts.size() && starts[used] <= now; }
};

// One thing to try next: known operations in order, and then perhaps an unknown one.
struct Move {
    static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
    std::vector<std::size_t> known;
    std::size_t unknown = kNone;
};

// What may come next: no known operation outside of `callable` may come before one of them.
struct Window {
    std::vector<std::size_t> callable;
    std::int64_t now = 0;  // the first end of an operation that has no place yet
};

// A model: its state, and which moves are worth trying. The rules keep the steps and classes.
class Rules {
public:
    virtual ~Rules() = default;
    // The operation fits the state and leaves it as it is. It is then placed without a choice: in
    // any order that explains the rest it can as well stand here.
    virtual bool settles(const Step& step) const = 0;
    virtual void moves(const Window& window, std::vector<Move>& out) = 0;
    // Changes the state by an operation that fits; forward once, and back with the former state.
    virtual void place(const Step& step, bool known) = 0;
    virtual void displace(const Step& step, bool known) = 0;
    // False when what is left cannot be explained from here.
    virtual bool possible() const = 0;
    // Two states with one key have the same future, when the same operations are left.
    virtual std::int64_t state_key() const = 0;
    virtual std::string state_text() const = 0;
    // For reports. The operation fits in `at` only; nothing will fit it from here.
    virtual bool demands(const Step& step, std::int64_t at) const = 0;
    virtual bool hopeless(const Step& step) const = 0;

    std::int64_t state = 0;
    std::vector<Step> steps;  // known, by start
    std::vector<UnknownClass> unknown;
};

std::unique_ptr<Rules> value_rules(const History& history);
std::unique_ptr<Rules> counter_rules(const History& history);

// Sorts what both kinds of rules have gathered: `steps` by start, `unknown` classes with starts.
void add_unknown(Rules& rules, const Step& step);
void order_steps(Rules& rules);

Verdict search(Rules& rules, const History& history, std::size_t steps_max);

}  // namespace weft::sim
