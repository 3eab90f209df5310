#include "cli/term_repair.h"

#include "core/error.h"

#include <fmt/format.h>

namespace weft::cli {

namespace {

using replication::TermRepair;
using replication::TermUse;

std::string use_text(const StoppedMesh& mesh, const TermRepair& repair) {
    switch (repair.use) {
        case TermUse::Vote:
            return fmt::format("node {} voted in term {}", mesh.name_of(repair.user),
                               repair.used.value);
        case TermUse::Log:
            return fmt::format("the log of {} has an entry of term {}", mesh.name_of(repair.user),
                               repair.used.value);
        case TermUse::Base:
            return fmt::format("the log of {} begins behind an entry of term {}",
                               mesh.name_of(repair.user), repair.used.value);
        case TermUse::Damage:
            return fmt::format("records of {} are damaged: what it has promised is not known",
                               mesh.name_of(repair.user));
        case TermUse::None:
            break;
    }
    return "no node has voted or written";
}

Result<void> lower_terms_of(StoppedMesh::Node& node, const TermPlan& plan) {
    storage::WriteBatch batch;
    for (const TermRepair& repair : plan)
        for (const TermRepair::Lowered& lowered : repair.lowered)
            if (lowered.node == node.record.node)
                batch.hard_state(repair.group, {repair.after, NodeId{}});
    if (batch.empty()) return {};
    auto applied = node.data->store().apply(batch);
    if (applied) return {};
    Error error = std::move(applied).error();
    if (error.number == static_cast<std::uint16_t>(ErrorNumber::SyncFailed))
        // The disk may refuse this file, too; the error is told all the same.
        [[maybe_unused]]
        const auto marked = node.data->mark_sync_failed();
    error.message = fmt::format("node {}: {}", node.record.name, error.message);
    return std::unexpected(std::move(error));
}

}  // namespace

TermPlan plan_of(const StoppedMesh& mesh) {
    std::vector<replication::TermsOnDisk> disks;
    for (const StoppedMesh::Node& node : mesh.nodes())
        for (const storage::RecoveredGroup& group : node.data->store().recover())
            disks.push_back(replication::terms_on_disk(node.record.node, group));
    return replication::plan_term_repair(std::move(disks));
}

std::size_t count_lowered(const TermPlan& plan) {
    std::size_t count = 0;
    for (const TermRepair& repair : plan) count += repair.lowered.size();
    return count;
}

Result<void> lower_terms(StoppedMesh& mesh, const TermPlan& plan) {
    for (StoppedMesh::Node& node : mesh.nodes())
        if (auto done = lower_terms_of(node, plan); !done) return done;
    return {};
}

std::vector<Record> term_rows(const StoppedMesh& mesh, const TermPlan& plan, bool done) {
    std::vector<Record> rows;
    const auto add = [&](const std::string& name, const TermRepair& repair, Term now, Term after,
                         const char* state, std::string reason) {
        rows.push_back({{"node", name},
                        {"partition", std::uint64_t{repair.group.value}},
                        {"term", now.value},
                        {"after", after.value},
                        {"state", std::string(state)},
                        {"reason", std::move(reason)}});
    };
    for (const TermRepair& repair : plan) {
        const std::string use = use_text(mesh, repair);
        for (const TermRepair::Lowered& lowered : repair.lowered)
            add(mesh.name_of(lowered.node), repair, lowered.now, repair.after,
                done ? "lowered" : "planned", "nothing above: " + use);
        if (repair.lowered.empty() && repair.highest > replication::kTermUnlikely)
            add(mesh.name_of(repair.user), repair, repair.highest, repair.highest, "kept", use);
    }
    return rows;
}

}  // namespace weft::cli
