// One value that is put, got, deleted, and compared and set: the rules that spare the search
// orders which no later operation could tell from those it tries. Each is an exchange argument:
// a right order that the search leaves out can be changed into one that it tries.

#include "sim/checkers/search.h"

#include <algorithm>
#include <map>

namespace weft::sim {
namespace {

using enum OperationKind;

constexpr std::int64_t kAbsent = 0;
constexpr std::int64_t kNobodyAsks = -1;

class ValueRules : public Rules {
public:
    explicit ValueRules(const History& history) {
        (void)id(std::nullopt);
        state = kAbsent;
        for (std::size_t i = 0; i < history.size(); ++i) add(history[i], i);
        order_steps(*this);
        for (std::size_t k = 0; k < unknown.size(); ++k) {
            of(effect(unknown[k].step)).unknown_writers.push_back(k);
            of(effect(unknown[k].step)).writers += static_cast<int>(unknown[k].starts.size());
            if (unknown[k].step.kind == Cas) ++of(unknown[k].step.expected).chained;
        }
        for (const Step& step : steps) count(step, 1);
        for (const Value& value : values_) unexplained_ += value.lost() ? 1 : 0;
    }

    bool settles(const Step& step) const override {
        if (step.kind == Get) return step.result == state;
        if (step.kind != Cas) return false;
        if (!step.positive) return step.expected != state;
        return step.expected == step.argument && step.expected == state;
    }

    // Whoever still asks for a value that is gone and that nobody will write again asks in vain.
    bool possible() const override { return unexplained_ == (of(state).lost() ? 1 : 0); }

    void place(const Step& step, bool known) override {
        if (known)
            change(step, -1);
        else
            change_writers(effect(step), -1);
        if (step.kind == Put || step.kind == Delete || (step.kind == Cas && step.positive))
            state = effect(step);
    }
    void displace(const Step& step, bool known) override {
        if (known)
            change(step, 1);
        else
            change_writers(effect(step), 1);
    }

    // All values that no operation left asks for are one.
    std::int64_t state_key() const override { return asked(state) ? state : kNobodyAsks; }
    std::string state_text() const override { return texts_[static_cast<std::size_t>(state)]; }

    bool demands(const Step& step, std::int64_t at) const override {
        if (step.kind == Get) return step.result == at;
        return step.kind == Cas && step.positive && step.expected == at;
    }
    bool hopeless(const Step& step) const override {
        const std::int64_t needed = step.kind == Get ? step.result : step.expected;
        return demands(step, needed) && of(needed).lost();
    }

    void moves(const Window& window, std::vector<Move>& out) override {
        std::vector<std::size_t> closed;
        std::vector<std::size_t> writes;
        for (const std::size_t i : window.callable) {
            const Step& step = steps[i];
            if (step.kind == Cas && step.positive && step.expected == state) {
                if (first_of_its_kind(window, i)) out.push_back({{i}});
            } else if (step.kind == Put || step.kind == Delete) {
                if (closes(window, i, closed))
                    continue;
                else if (first_of_its_kind(window, i))
                    writes.push_back(i);
            }
        }
        std::ranges::sort(writes, {}, [&](std::size_t i) { return steps[i].end; });
        for (const std::size_t i : writes) {
            out.push_back({closed});
            out.back().known.push_back(i);
        }
        unknown_moves(window, closed, out);
        if (!closed.empty()) out.push_back({std::move(closed)});
    }

private:
    struct Value {
        int observers = 0;  // known operations left that need the value
        int refusals = 0;   // known cas left that need another
        int writers = 0;    // operations left that may write it
        int chained = 0;    // unknown cas that expect it
        std::vector<std::size_t> unknown_writers;
        bool lost() const { return observers > 0 && writers == 0; }
    };

    Value& of(std::int64_t value) { return values_[static_cast<std::size_t>(value)]; }
    const Value& of(std::int64_t value) const { return values_[static_cast<std::size_t>(value)]; }
    bool asked(std::int64_t value) const {
        return of(value).observers + of(value).refusals + of(value).chained > 0;
    }
    static std::int64_t effect(const Step& step) {
        return step.kind == Delete ? kAbsent : step.argument;
    }
    static bool keeps(const Step& step) { return step.expected == step.argument; }

    std::int64_t id(const std::optional<std::string>& text) {
        const auto next = static_cast<std::int64_t>(ids_.size());
        const auto [at, added] = ids_.try_emplace(text, next);
        if (added) {
            values_.emplace_back();
            texts_.push_back(text.value_or("nothing"));
        }
        return at->second;
    }

    void add(const Operation& op, std::size_t origin) {
        if (op.outcome == OperationOutcome::NotDone) return;
        const bool done = op.outcome == OperationOutcome::Done;
        const bool open = op.outcome == OperationOutcome::Unknown;
        // A read nobody saw the answer of, and a write that was refused, say nothing.
        if (!done && op.kind == Get) return;
        if (!done && !open && op.kind != Cas) return;
        Step step;
        step.kind = op.kind;
        step.positive = done || open;
        if (op.kind == Put || op.kind == Cas) step.argument = id(op.argument);
        if (op.kind == Cas) step.expected = id(op.expected);
        if (op.kind == Get) step.result = id(op.result);
        step.start = op.start_ns;
        step.end = std::max(op.start_ns, op.end_ns);
        step.origin = origin;
        if (!open)
            steps.push_back(step);
        else if (op.kind != Cas || !keeps(step))
            add_unknown(*this, step);
    }

    // What is left, without unexplained_.
    void count(const Step& step, int by) {
        if (step.kind == Get) of(step.result).observers += by;
        if (step.kind == Cas && step.positive) of(step.expected).observers += by;
        if (step.kind == Cas && !step.positive) {
            of(step.expected).refusals += by;
            refusals_ += by;
        }
        const bool writes =
            step.kind == Put || step.kind == Delete || (step.kind == Cas && step.positive);
        if (writes && !(step.kind == Cas && keeps(step))) of(effect(step)).writers += by;
    }
    void change(const Step& step, int by) {
        const std::int64_t touched[] = {step.kind == Get ? step.result : step.expected,
                                        step.kind == Get ? step.result : effect(step)};
        const bool one = touched[0] == touched[1];
        int before = lost(touched[0]) + (one ? 0 : lost(touched[1]));
        count(step, by);
        unexplained_ += lost(touched[0]) + (one ? 0 : lost(touched[1])) - before;
    }
    void change_writers(std::int64_t value, int by) {
        unexplained_ -= lost(value);
        of(value).writers += by;
        unexplained_ += lost(value);
    }
    int lost(std::int64_t value) const { return of(value).lost() ? 1 : 0; }

    // Of operations that do the same, the one that must end first: the others may take its place.
    bool first_of_its_kind(const Window& window, std::size_t index) const {
        const Step& step = steps[index];
        return std::ranges::none_of(window.callable, [&](std::size_t i) {
            const Step& other = steps[i];
            const bool same = (step.kind == Cas) == (other.kind == Cas) && other.kind != Get &&
                              other.positive && effect(other) == effect(step) &&
                              (step.kind != Cas || other.expected == step.expected);
            return same && (other.end < step.end || (other.end == step.end && i < index));
        });
    }

    // A write whose value only operations that may come now ask for, or nobody, can stand with them
    // just before the next write that needs no other value: nobody can tell. The same goes for what
    // a cas among them writes. Then there is no choice about it. A cas that was refused could tell,
    // when the value before this one is the one it must not meet: so no writer of such a value may
    // be around before the first of them must be over. (After the state at hand nothing changes:
    // they then stand where they would have stood.)
    bool closes(const Window& window, std::size_t put, std::vector<std::size_t>& closed) {
        std::vector<std::size_t> block = {put};
        std::int64_t until = steps[put].end;
        for (std::size_t last = put; last != Move::kNone;) {
            const std::int64_t value = effect(steps[last]);
            const Value& asked_for = of(value);
            if (asked_for.writers != 1 || asked_for.chained + asked_for.refusals > 0) return false;
            int observers = 0;
            last = Move::kNone;
            for (const std::size_t i : window.callable) {
                if (!demands(steps[i], value)) continue;
                ++observers;
                until = std::min(until, steps[i].end);
                if (steps[i].kind == Get || keeps(steps[i]))
                    block.push_back(i);
                else
                    last = i;
            }
            if (observers != asked_for.observers) return false;
            if (last != Move::kNone) block.push_back(last);
        }
        if (refused_value_before(window, put, until)) return false;
        closed.insert(closed.end(), block.begin(), block.end());
        return true;
    }

    // Could a value be written before `until` that a cas which is left must not meet?
    bool refused_value_before(const Window& window, std::size_t put, std::int64_t until) const {
        if (refusals_ == 0) return false;
        const auto refused = [&](const Step& step) {
            const bool writes = step.kind != Get && step.positive;
            return writes && of(effect(step)).refusals > 0;
        };
        for (const std::size_t i : window.callable)
            if (i != put && refused(steps[i])) return true;
        auto later = std::ranges::upper_bound(steps, window.now, {}, &Step::start);
        for (; later != steps.end() && later->start <= until; ++later)
            if (refused(*later)) return true;
        return std::ranges::any_of(unknown, [&](const UnknownClass& kind) {
            return kind.callable(until) && refused(kind.step);
        });
    }

    // An unknown write that nobody sees need not have happened; seen, it can stand just before the
    // first who sees it. That is a known operation that may come now, or an unknown cas that is
    // seen in its turn.
    void unknown_moves(const Window& window, const std::vector<std::size_t>& closed,
                       std::vector<Move>& out) {
        std::vector<std::int64_t> needed;
        bool another = false;
        const auto need = [&](std::int64_t value) {
            if (value != state && std::ranges::find(needed, value) == needed.end())
                needed.push_back(value);
        };
        for (const std::size_t i : window.callable) {
            const Step& step = steps[i];
            if (step.kind == Get) need(step.result);
            if (step.kind == Cas && step.positive) need(step.expected);
            if (step.kind == Cas && !step.positive) another = true;
        }
        const auto try_it = [&](std::size_t k) {
            const UnknownClass& kind = unknown[k];
            if (!kind.callable(window.now) || effect(kind.step) == state) return;
            if (kind.step.kind != Cas)
                out.push_back({closed, k});
            else if (kind.step.expected == state)
                out.push_back({{}, k});
        };
        if (another) {
            // Which of the values that nobody asks for makes no difference.
            bool idle = false;
            for (std::size_t k = 0; k < unknown.size(); ++k) {
                const bool free = unknown[k].step.kind != Cas && !asked(effect(unknown[k].step));
                if (free && (idle || !unknown[k].callable(window.now))) continue;
                idle = idle || free;
                try_it(k);
            }
            return;
        }
        for (std::size_t n = 0; n < needed.size(); ++n)
            for (const std::size_t k : of(needed[n]).unknown_writers) {
                try_it(k);
                if (unknown[k].step.kind == Cas && unknown[k].callable(window.now))
                    need(unknown[k].step.expected);
            }
    }

    std::map<std::optional<std::string>, std::int64_t> ids_;
    std::vector<Value> values_;
    std::vector<std::string> texts_;
    int unexplained_ = 0;  // values that are lost
    int refusals_ = 0;
};

}  // namespace

std::unique_ptr<Rules> value_rules(const History& history) {
    return std::make_unique<ValueRules>(history);
}

}  // namespace weft::sim
