#include "sim/checkers/linearizability.h"

#include "sim/checkers/search.h"

#include <charconv>
#include <memory>

namespace weft::sim {

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
    for (const Operation& operation : history) {
        const std::string why = why_unknown_to(model, operation);
        if (!why.empty()) return {false, false, why, 0};
    }
    const auto rules = model == Model::Counter ? counter_rules(history) : value_rules(history);
    return search(*rules, history, steps_max);
}

}  // namespace weft::sim
