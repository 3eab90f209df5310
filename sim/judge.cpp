#include "sim/judge.h"

#include "sim/checkers/linearizability.h"
#include "sim/ledger.h"

#include <fmt/core.h>

namespace weft::sim {

std::optional<WrongHistory> wrong_history(const Histories& histories, std::size_t steps_max) {
    for (const auto& [entity, history] : histories)
        if (auto wrong = ledger_error(entity, history)) return WrongHistory{entity, *wrong};
    for (const auto& [entity, history] : histories) {
        const Model model = entity.starts_with("counter/") ? Model::Counter : Model::Kv;
        const Verdict verdict = check_linearizable(history, model, steps_max);
        if (verdict.undecided)
            return WrongHistory{
                entity, fmt::format("I5: undecided after {} steps of the search", verdict.steps)};
        if (!verdict.linearizable)
            return WrongHistory{entity, "I5: not linearizable: " + verdict.reason};
    }
    return std::nullopt;
}

}  // namespace weft::sim
