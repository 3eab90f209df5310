#include "sim/checkers/linearizability.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <unordered_set>
#include <vector>

namespace weft::sim {
namespace {

constexpr std::int64_t kAbsent = 0;
constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

// Operations with values replaced by small numbers, so that a state is one integer.
struct Step {
    OperationKind kind{};
    bool known = false;     // the answer was seen
    bool positive = false;  // done, as opposed to rejected
    bool has_result = false;
    std::int64_t argument = 0;
    std::int64_t expected = 0;
    std::int64_t result = 0;
};

class Interner {
public:
    std::int64_t id(const std::optional<std::string>& value) {
        if (!value) return kAbsent;
        return ids_.try_emplace(*value, static_cast<std::int64_t>(ids_.size()) + 1).first->second;
    }

private:
    std::map<std::string, std::int64_t> ids_;
};

Step to_step(const Operation& op, Model model, Interner& values) {
    Step step;
    step.kind = op.kind;
    step.known = op.outcome != OperationOutcome::Unknown;
    step.positive = op.outcome == OperationOutcome::Done;
    if (model == Model::Counter) {
        step.argument = decimal(op.argument).value_or(0);
        step.has_result = op.result.has_value();
        step.result = op.result ? decimal(*op.result).value_or(0) : 0;
        return step;
    }
    step.argument = values.id(op.argument);
    step.expected = values.id(op.expected);
    step.result = values.id(op.result);
    step.has_result = true;
    return step;
}

// The state after `step`, or false when the answer contradicts `state`.
bool apply(Model model, const Step& step, std::int64_t& state) {
    if (model == Model::Counter) {
        if (step.kind == OperationKind::Get)
            return !step.known || !step.has_result || step.result == state;
        if (step.known && !step.positive) return true;
        state += step.argument;
        return !step.known || !step.has_result || step.result == state;
    }
    switch (step.kind) {
        case OperationKind::Put:
            if (!step.known || step.positive) state = step.argument;
            return true;
        case OperationKind::Delete:
            if (!step.known || step.positive) state = kAbsent;
            return true;
        case OperationKind::Get:
            return !step.known || step.result == state;
        case OperationKind::Cas:
            if (step.known && step.positive != (state == step.expected)) return false;
            if (state == step.expected) state = step.argument;
            return true;
        case OperationKind::Add:
            return false;
    }
    return false;
}

// Calls and returns in time order as a doubly linked list; index 0 is the head.
struct Event {
    std::size_t operation = 0;
    bool call = false;
    std::size_t match = kNone;  // a call's return
    std::size_t before = 0, after = 0;
};

class Search {
public:
    Search(const History& history, Model model) : model_(model) {
        Interner values;
        for (const Operation& op : history) {
            if (op.outcome == OperationOutcome::NotDone) continue;
            // A read nobody saw the answer of says nothing.
            if (op.kind == OperationKind::Get && op.outcome != OperationOutcome::Done) continue;
            operations_.push_back(&op);
            steps_.push_back(to_step(op, model, values));
        }
        link();
    }

    Verdict run(std::size_t steps_max) {
        Verdict verdict;
        std::vector<std::uint64_t> done((steps_.size() + 63) / 64);
        std::int64_t state = kAbsent;
        std::size_t at = events_[0].after;
        std::size_t deepest = 0;
        while (events_[0].after != 0) {
            if (++verdict.steps > steps_max) {
                verdict.undecided = true;
                return verdict;
            }
            const Event& event = events_[at];
            if (event.call) {
                std::int64_t next_state = state;
                if (apply(model_, steps_[event.operation], next_state) &&
                    remember(done, event.operation, next_state)) {
                    stack_.push_back({at, state});
                    state = next_state;
                    done[event.operation / 64] |= std::uint64_t{1} << (event.operation % 64);
                    lift(at);
                    at = events_[0].after;
                } else {
                    at = event.after;
                }
                continue;
            }
            // A return is met while its operation is not placed: undo the last choice.
            if (stack_.size() >= deepest) {
                deepest = stack_.size();
                verdict.reason = describe(*operations_[event.operation], state);
            }
            if (stack_.empty()) {
                verdict.linearizable = false;
                return verdict;
            }
            const Choice last = stack_.back();
            stack_.pop_back();
            const std::size_t undone = events_[last.event].operation;
            done[undone / 64] &= ~(std::uint64_t{1} << (undone % 64));
            state = last.state;
            unlift(last.event);
            at = events_[last.event].after;
        }
        verdict.reason.clear();
        return verdict;
    }

private:
    struct Choice {
        std::size_t event = 0;
        std::int64_t state = 0;
    };

    void link() {
        struct Moment {
            std::int64_t time;
            bool call;
            std::size_t operation;
        };
        std::vector<Moment> moments;
        for (std::size_t i = 0; i < operations_.size(); ++i) {
            const bool open = operations_[i]->outcome == OperationOutcome::Unknown;
            moments.push_back({operations_[i]->start_ns, true, i});
            moments.push_back(
                {open ? std::numeric_limits<std::int64_t>::max() : operations_[i]->end_ns, false,
                 i});
        }
        // At one moment calls come before returns: touching operations count as concurrent.
        std::sort(moments.begin(), moments.end(), [](const Moment& a, const Moment& b) {
            if (a.time != b.time) return a.time < b.time;
            return a.call != b.call ? a.call : a.operation < b.operation;
        });
        events_.resize(moments.size() + 1);
        std::vector<std::size_t> call_of(operations_.size());
        for (std::size_t i = 0; i < moments.size(); ++i) {
            Event& event = events_[i + 1];
            event.operation = moments[i].operation;
            event.call = moments[i].call;
            event.before = i;
            event.after = i + 2 <= moments.size() ? i + 2 : 0;
            if (event.call)
                call_of[event.operation] = i + 1;
            else
                events_[call_of[event.operation]].match = i + 1;
        }
        events_[0].after = moments.empty() ? 0 : 1;
        events_[0].before = moments.size();
    }
    void unlink(std::size_t i) {
        events_[events_[i].before].after = events_[i].after;
        events_[events_[i].after].before = events_[i].before;
    }
    void relink(std::size_t i) {
        events_[events_[i].before].after = i;
        events_[events_[i].after].before = i;
    }
    void lift(std::size_t call) {
        unlink(call);
        unlink(events_[call].match);
    }
    void unlift(std::size_t call) {
        relink(events_[call].match);
        relink(call);
    }
    // False when this set of operations has led to this state before.
    bool remember(const std::vector<std::uint64_t>& done, std::size_t adding, std::int64_t state) {
        std::string key(reinterpret_cast<const char*>(done.data()), done.size() * 8);
        key[adding / 8] = static_cast<char>(key[adding / 8] | (1 << (adding % 8)));
        key.append(reinterpret_cast<const char*>(&state), sizeof state);
        return seen_.insert(std::move(key)).second;
    }
    static std::string describe(const Operation& op, std::int64_t state) {
        static constexpr const char* kNames[] = {"put", "get", "delete", "cas", "add"};
        return fmt::format("client {} {}({}) -> {} [{}..{}] fits no order (state #{})", op.client,
                           kNames[static_cast<std::size_t>(op.kind)], op.argument,
                           op.result.value_or("nothing"), op.start_ns, op.end_ns, state);
    }

    Model model_;
    std::vector<const Operation*> operations_;
    std::vector<Step> steps_;
    std::vector<Event> events_;
    std::vector<Choice> stack_;
    std::unordered_set<std::string> seen_;
};

}  // namespace

std::optional<Model> parse_model(std::string_view name) {
    if (name == "kv") return Model::Kv;
    if (name == "counter") return Model::Counter;
    if (name == "register") return Model::Register;
    if (name == "cas") return Model::Cas;
    return std::nullopt;
}

std::optional<std::int64_t> decimal(std::string_view text) {
    std::int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || at != end) return std::nullopt;
    return value;
}

std::string why_unknown_to(Model model, const Operation& op) {
    using enum OperationKind;
    if (model == Model::Counter) {
        if (op.kind != Get && op.kind != Add) return "a counter knows only add and get";
        if (op.kind == Add && !decimal(op.argument)) return "a counter adds whole numbers only";
        if (op.result && !decimal(*op.result)) return "a counter answers with whole numbers only";
        return {};
    }
    if (op.kind == Add) return "only a counter knows add";
    if (op.kind == Delete && model != Model::Kv) return "only kv knows delete";
    if (op.kind == Cas && model == Model::Register) return "a register knows only put and get";
    return {};
}

Verdict check_linearizable(const History& history, Model model, std::size_t steps_max) {
    return Search(history, model).run(steps_max);
}

}  // namespace weft::sim
