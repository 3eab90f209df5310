#include "replication/raft/term_repair.h"

#include "core/sort_stably.h"

#include <algorithm>
#include <span>

namespace weft::replication {

namespace {

void note_use(TermRepair& repair, NodeId node, TermUse use, Term term) {
    if (term <= repair.used) return;
    repair.used = term;
    repair.use = use;
    repair.user = node;
}

TermRepair repair_of(std::span<const TermsOnDisk> disks) {
    TermRepair repair{.group = disks.front().group};
    for (const TermsOnDisk& disk : disks) {
        repair.highest = std::max(repair.highest, disk.now);
        note_use(repair, disk.node, TermUse::Vote, disk.voted);
        note_use(repair, disk.node, TermUse::Log, disk.logged);
        note_use(repair, disk.node, TermUse::Base, disk.base);
    }
    if (const auto damaged = std::ranges::find(disks, true, &TermsOnDisk::damaged);
        damaged != disks.end()) {
        repair.use = TermUse::Damage;
        repair.user = damaged->node;
        return repair;
    }
    repair.after = Term{repair.used.value + 1};
    for (const TermsOnDisk& disk : disks)
        if (disk.now > repair.after) repair.lowered.push_back({disk.node, disk.now});
    return repair;
}

}  // namespace

TermsOnDisk terms_on_disk(NodeId node, const storage::RecoveredGroup& recovered) {
    TermsOnDisk terms{node, recovered.group, recovered.hard.term, {}, {}, recovered.base.term};
    if (!recovered.hard.vote.is_zero()) terms.voted = recovered.hard.term;
    terms.damaged = recovered.hard_damaged || recovered.base_damaged;
    for (const storage::RecoveredEntry& entry : recovered.log) {
        if (entry.readable)
            terms.logged = std::max(terms.logged, entry.header.term);
        else
            terms.damaged = true;
    }
    // Term and vote are on disk before anything of their term (S24): what says less is not what was
    // written last.
    if (std::max(terms.logged, terms.base) > terms.now) terms.damaged = true;
    return terms;
}

std::vector<TermRepair> plan_term_repair(std::vector<TermsOnDisk> disks) {
    sort_stably(disks, &TermsOnDisk::group);
    std::vector<TermRepair> repairs;
    for (auto from = disks.begin(); from != disks.end();) {
        const PartitionId group = from->group;
        const auto to = std::find_if(
            from, disks.end(), [group](const TermsOnDisk& disk) { return disk.group != group; });
        repairs.push_back(repair_of({from, to}));
        from = to;
    }
    return repairs;
}

}  // namespace weft::replication
