#include "sim/ledger.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <vector>

namespace weft::sim {
namespace {

bool may_have_happened(const Operation& op) {
    return op.outcome == OperationOutcome::Done || op.outcome == OperationOutcome::Unknown;
}

std::int64_t number(std::string_view text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// A sum that grows with time: what is in effect by a moment.
class Sums {
public:
    void add(std::int64_t at, std::int64_t value) { steps_.emplace_back(at, value); }
    void finish() {
        std::ranges::sort(steps_);
        std::int64_t sum = 0;
        for (auto& [at, value] : steps_) value = sum += value;
    }
    // Of everything strictly before `moment`.
    std::int64_t before(std::int64_t moment) const {
        const auto end = std::ranges::lower_bound(steps_, moment, {},
                                                  [](const auto& step) { return step.first; });
        return end == steps_.begin() ? 0 : std::prev(end)->second;
    }

private:
    std::vector<std::pair<std::int64_t, std::int64_t>> steps_;
};

std::optional<std::string> counter_error(const History& history) {
    Sums certain, possible;
    for (const Operation& op : history) {
        if (op.kind != OperationKind::Add) continue;
        const std::int64_t delta = number(op.argument);
        if (delta < 0) return std::nullopt;  // the bounds below hold for growing counters only
        if (op.outcome == OperationOutcome::Done) certain.add(op.end_ns, delta);
        if (may_have_happened(op)) possible.add(op.start_ns, delta);
    }
    certain.finish();
    possible.finish();
    for (const Operation& op : history) {
        if (op.outcome != OperationOutcome::Done || !op.result) continue;
        const bool add = op.kind == OperationKind::Add;
        const std::int64_t seen = number(*op.result);
        const std::int64_t least = certain.before(op.start_ns) + (add ? number(op.argument) : 0);
        const std::int64_t most = possible.before(op.end_ns);
        if (seen < least)
            return fmt::format("I4: client {} was answered {}, additions of {} were done before",
                               op.client, seen, least);
        if (seen > most)
            return fmt::format("I8: client {} was answered {}, all additions together are {}",
                               op.client, seen, most);
    }
    return std::nullopt;
}

bool is_write(const Operation& op) { return op.kind != OperationKind::Get; }

// When values are written more than once the rules below say nothing.
bool values_are_unique(const History& history) {
    std::vector<std::string_view> values;
    for (const Operation& op : history)
        if (is_write(op) && op.kind != OperationKind::Delete) values.push_back(op.argument);
    std::ranges::sort(values);
    return std::ranges::adjacent_find(values) == values.end();
}

// Whole spans of done writes, to ask: does one lie between two moments?
class Spans {
public:
    explicit Spans(const History& history) {
        for (const Operation& op : history)
            if (is_write(op) && op.outcome == OperationOutcome::Done)
                spans_.emplace_back(op.start_ns, op.end_ns);
        std::ranges::sort(spans_);
        least_end_.resize(spans_.size());
        std::int64_t least = std::numeric_limits<std::int64_t>::max();
        for (std::size_t i = spans_.size(); i-- > 0;)
            least_end_[i] = least = std::min(least, spans_[i].second);
    }
    bool one_between(std::int64_t after, std::int64_t before) const {
        const auto first = std::ranges::upper_bound(spans_, after, {},
                                                    [](const auto& span) { return span.first; });
        const auto at = static_cast<std::size_t>(first - spans_.begin());
        return at < spans_.size() && least_end_[at] < before;
    }

private:
    std::vector<std::pair<std::int64_t, std::int64_t>> spans_;  // by start
    std::vector<std::int64_t> least_end_;                       // of this and all later ones
};

std::optional<std::string> value_error(const History& history) {
    if (!values_are_unique(history)) return std::nullopt;
    std::map<std::string_view, const Operation*> writers;
    for (const Operation& op : history)
        if (is_write(op) && op.kind != OperationKind::Delete) writers[op.argument] = &op;
    const Spans done(history);
    for (const Operation& op : history) {
        if (op.kind != OperationKind::Get || op.outcome != OperationOutcome::Done || !op.result)
            continue;
        const auto found = writers.find(*op.result);
        if (found == writers.end())
            return fmt::format("I11: client {} read '{}', which nobody wrote", op.client,
                               *op.result);
        const Operation& writer = *found->second;
        if (!may_have_happened(writer))
            return fmt::format("I11: client {} read '{}', whose write was answered not done",
                               op.client, *op.result);
        if (writer.start_ns > op.end_ns)
            return fmt::format("I11: client {} read '{}' before its write began", op.client,
                               *op.result);
        if (writer.outcome == OperationOutcome::Done &&
            done.one_between(writer.end_ns, op.start_ns))
            return fmt::format("I4: client {} read '{}', a later write was done before", op.client,
                               *op.result);
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> ledger_error(std::string_view entity, const History& history) {
    return entity.starts_with("counter/") ? counter_error(history) : value_error(history);
}

}  // namespace weft::sim
