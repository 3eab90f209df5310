#include "sim/checkers/shrink.h"

#include "core/sort_stably.h"

#include <algorithm>
#include <limits>
#include <map>

namespace weft::sim {
namespace {

using enum OperationKind;

std::int64_t end_of(const Operation& op) {
    return op.outcome == OperationOutcome::Unknown ? std::numeric_limits<std::int64_t>::max()
                                                   : std::max(op.start_ns, op.end_ns);
}
bool before(const Operation& first, const Operation& second) {
    return end_of(first) < second.start_ns;
}
bool may_have_effect(const Operation& op) {
    return op.kind != Get &&
           (op.outcome == OperationOutcome::Done || op.outcome == OperationOutcome::Unknown);
}
// The value that `op` leaves behind; nothing = absent.
std::optional<std::string> left_by(const Operation& op) {
    if (op.kind == Delete) return std::nullopt;
    return op.argument;
}
bool always_overwrites(const Operation& op) {
    return op.outcome == OperationOutcome::Done && (op.kind == Put || op.kind == Delete);
}

class Shrinking {
public:
    Shrinking(const History& history, Model model, ShrinkLimits limits)
        : kept_(history), model_(model), limits_(limits) {}

    History run() {
        sort_stably(kept_, &Operation::start_ns);
        if (!still_wrong(kept_)) return std::move(kept_);
        bool changed = true;
        while (changed && spent_ < limits_.steps_max) {
            changed = false;
            for (std::size_t part = kept_.size(); part > 0; part = part / 2)
                changed = drop_parts(part) || changed;
        }
        return std::move(kept_);
    }

private:
    bool still_wrong(const History& history) {
        const Verdict verdict = check_linearizable(history, model_, limits_.search_steps_max);
        // Making ready for a search costs about as much as a few steps for each operation.
        spent_ += verdict.steps + 4 * history.size();
        return !verdict.linearizable && !verdict.undecided;
    }

    // Goes through the history in parts of `part` operations, the last first, and leaves out of
    // each what may be left out, if the rest is still wrong.
    bool drop_parts(std::size_t part) {
        bool changed = false;
        for (std::size_t end = kept_.size(); end > 0 && spent_ < limits_.steps_max;) {
            const std::size_t begin = end > part ? end - part : 0;
            History rest = without(begin, end);
            if (rest.size() < kept_.size() && still_wrong(rest)) {
                kept_ = std::move(rest);
                changed = true;
            }
            end = begin;
        }
        return changed;
    }

    // What only looks goes first: then more writes are read by nobody.
    History without(std::size_t begin, std::size_t end) {
        spent_ += kept_.size();
        std::vector<bool> gone(kept_.size());
        for (std::size_t i = begin; i < end; ++i) gone[i] = !may_have_effect(kept_[i]);
        // Who may look at a write: those that name its value, and those that refuse a value.
        std::map<std::optional<std::string>, std::vector<std::size_t>> lookers;
        std::vector<std::size_t> refused;
        for (std::size_t i = 0; i < kept_.size(); ++i) {
            if (gone[i]) continue;
            if (kept_[i].outcome == OperationOutcome::Rejected)
                refused.push_back(i);
            else if (model_ == Model::Counter)
                lookers[std::nullopt].push_back(i);
            else if (kept_[i].kind == Get || kept_[i].kind == Cas)
                lookers[kept_[i].kind == Get ? kept_[i].result : kept_[i].expected].push_back(i);
        }
        for (std::size_t i = end; i-- > begin;) {
            if (gone[i]) continue;
            const auto at =
                lookers.find(model_ == Model::Counter ? std::nullopt : left_by(kept_[i]));
            gone[i] =
                (at == lookers.end() || unseen(i, at->second, gone)) && unseen(i, refused, gone);
        }
        History rest;
        for (std::size_t i = 0; i < kept_.size(); ++i)
            if (!gone[i]) rest.push_back(kept_[i]);
        return rest;
    }

    // A right history without this write is right as well: in any order that explains the whole,
    // nobody who is left can tell that the write is missing.
    bool unseen(std::size_t write, const std::vector<std::size_t>& by,
                const std::vector<bool>& gone) {
        for (const std::size_t i : by) {
            if (gone[i] || i == write) continue;
            if (spent_ >= limits_.steps_max) return false;
            ++spent_;
            if (looks_at(kept_[i], kept_[write]) && !cannot_see(i, write, gone)) return false;
        }
        return true;
    }

    bool looks_at(const Operation& op, const Operation& write) const {
        const bool done = op.outcome == OperationOutcome::Done;
        if (model_ == Model::Counter) return done && op.result.has_value();
        if (op.kind == Get) return done && op.result == left_by(write);
        if (op.kind != Cas || op.outcome == OperationOutcome::NotDone) return false;
        // A cas that lost says only what the value was not: any write may be why.
        return op.outcome == OperationOutcome::Rejected || op.expected == left_by(write);
    }

    // True when the operation is over before the write begins, or another write always comes
    // between. A value that was read keeps its writers nevertheless: without them it would only
    // be a value from nowhere, which says less.
    bool cannot_see(std::size_t index, std::size_t by, const std::vector<bool>& gone) {
        const Operation& write = kept_[by];
        const Operation& op = kept_[index];
        if (model_ == Model::Counter) return before(op, write);
        const bool looks_for_value = op.outcome != OperationOutcome::Rejected;
        if (looks_for_value && left_by(write).has_value()) return false;
        if (before(op, write)) return true;
        // In the order of their starts: what overwrites begins between the two.
        for (std::size_t i = by; i < kept_.size() && kept_[i].start_ns < op.start_ns; ++i) {
            if (i % 16 == 0) ++spent_;
            if (!gone[i] && always_overwrites(kept_[i]) && before(write, kept_[i]) &&
                before(kept_[i], op))
                return true;
        }
        return false;
    }

    History kept_;
    Model model_;
    ShrinkLimits limits_;
    std::size_t spent_ = 0;
};

}  // namespace

History smallest_impossible(const History& history, Model model, ShrinkLimits limits) {
    return Shrinking(history, model, limits).run();
}

}  // namespace weft::sim
