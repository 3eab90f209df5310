#pragma once
// Judges what torture's clients saw.

#include "cli/torture_history.h"
#include "sim/checkers/linearizability.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::cli {

// What broke a promise.
struct TortureViolation {
    std::string entity;  // empty: the mesh as a whole
    std::string rule;
    sim::History part;  // the smallest that is impossible; empty when the rule says it all
};

struct EntityHistory {
    const sim::History& operations;
    const std::vector<TortureRecord>& records;  // of the same operations
    std::size_t steps_max = 20'000'000;         // of the search
};

// Linearizable; nothing acknowledged missing, nothing twice (sim/ledger.h); no reply contradicts
// another: revisions. A search that comes to no end is a violation as well.
std::optional<TortureViolation> judge_entity(std::string_view entity, const EntityHistory& history);

struct TortureJudging {
    std::filesystem::path folder;
    std::uint64_t seed = 0;
    std::uint32_t entities = 0;
    bool keep = false;
};
// Judges every entity. When one is wrong, or with `keep`, the folder gets history.jsonl with all of
// them, and violation-N.jsonl with each part that is impossible.
std::vector<TortureViolation> judge_torture(const TortureJudging& judging,
                                            std::vector<TortureRecord> records);

}  // namespace weft::cli
