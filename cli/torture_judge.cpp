#include "cli/torture_judge.h"

#include "cli/history_file.h"
#include "sim/checkers/shrink.h"
#include "sim/ledger.h"

#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <map>

namespace weft::cli {

namespace {

// A revision is the log index of the entity's last change: every change has its own, and what
// begins after a change was answered cannot have an earlier one.
std::optional<std::string> revision_error(const std::vector<TortureRecord>& records) {
    std::map<std::uint64_t, const TortureRecord*> changes;
    std::map<std::int64_t, std::uint64_t> answered;  // end -> highest revision answered by then
    for (const TortureRecord& record : records) {
        if (record.outcome != sim::OperationOutcome::Done || record.revision == 0) continue;
        answered[record.end_ns] = std::max(answered[record.end_ns], record.revision);
        if (record.kind == sim::OperationKind::Get || record.kind == sim::OperationKind::Delete)
            continue;
        if (const auto [at, fresh] = changes.emplace(record.revision, &record); !fresh)
            return fmt::format("clients {} and {} were both told that their change is revision {}",
                               at->second->client, record.client, record.revision);
    }
    std::uint64_t highest = 0;
    for (auto& [end, revision] : answered) revision = highest = std::max(highest, revision);
    for (const TortureRecord& record : records) {
        if (record.outcome != sim::OperationOutcome::Done || record.revision == 0) continue;
        const auto after = answered.lower_bound(record.start_ns);
        if (after != answered.begin() && std::prev(after)->second > record.revision)
            return fmt::format("client {} was told revision {} after revision {} had been answered",
                               record.client, record.revision, std::prev(after)->second);
    }
    return std::nullopt;
}

sim::Model model_of(std::string_view entity) {
    return entity.starts_with("counter/") ? sim::Model::Counter : sim::Model::Kv;
}

void write_part(const std::filesystem::path& path, std::string_view entity,
                const sim::History& part) {
    std::ofstream file(path, std::ios::app);
    for (const sim::Operation& operation : part) file << operation_line(entity, operation);
}

sim::History to_history(std::uint64_t seed, const std::vector<TortureRecord>& records) {
    sim::History history;
    history.reserve(records.size());
    for (const TortureRecord& record : records) history.push_back(to_operation(seed, record));
    return history;
}

}  // namespace

std::optional<TortureViolation> judge_entity(std::string_view entity,
                                             const EntityHistory& history) {
    TortureViolation found{std::string(entity), "", {}};
    const sim::Model model = model_of(entity);
    if (auto wrong = sim::ledger_error(entity, history.operations)) found.rule = *std::move(wrong);
    const sim::Verdict verdict =
        sim::check_linearizable(history.operations, model, history.steps_max);
    if (verdict.undecided) {
        if (!found.rule.empty()) found.rule += "; ";
        found.rule += fmt::format("undecided after {} steps of the search", verdict.steps);
    } else if (!verdict.linearizable) {
        if (!found.rule.empty()) found.rule += "; ";
        found.rule += "not linearizable: " + verdict.reason;
        found.part = sim::smallest_impossible(history.operations, model);
    }
    if (found.rule.empty())
        if (auto wrong = revision_error(history.records)) found.rule = *std::move(wrong);
    if (found.rule.empty()) return std::nullopt;
    return found;
}

std::vector<TortureViolation> judge_torture(const TortureJudging& judging,
                                            std::vector<TortureRecord> records) {
    std::vector<TortureViolation> found;
    const auto lists = by_entity(std::move(records), judging.entities);
    for (const auto& list : lists) {
        if (list.empty()) continue;
        const std::string name = TortureEntities::name(list.front().entity);
        auto wrong = judge_entity(name, {to_history(judging.seed, list), list});
        if (!wrong) continue;
        found.push_back(*std::move(wrong));
        if (!found.back().part.empty())
            write_part(judging.folder / fmt::format("violation-{}.jsonl", found.size()), name,
                       found.back().part);
    }
    if (found.empty() && !judging.keep) return found;
    for (const auto& list : lists)
        if (!list.empty())
            write_part(judging.folder / "history.jsonl", TortureEntities::name(list.front().entity),
                       to_history(judging.seed, list));
    return found;
}

}  // namespace weft::cli
