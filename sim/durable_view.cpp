#include "sim/durable_view.h"

#include "core/entry.h"
#include "core/invariant.h"

#include <algorithm>
#include <utility>

namespace weft::sim {
namespace {

using storage::WriteOp;

void truncate(DurableGroup& group, LogIndex from) {
    while (!group.log.empty() && group.last() >= from) {
        group.broken.erase(group.last());
        group.log.pop_back();
    }
}

DurableGroup recovered(const storage::RecoveredGroup& found) {
    DurableGroup group;
    group.hard = found.hard;
    group.base_index = found.base.index;
    group.base = {found.base.term, found.base.chain};
    if (found.base_damaged) group.broken.insert(group.base_index);
    Term newest = found.base.term;
    for (const storage::RecoveredEntry& entry : found.log) {
        group.log.push_back({entry.header.term, entry.header.chain});
        if (!entry.readable || !entry.intact) group.broken.insert(group.last());
        if (entry.readable) newest = std::max(newest, entry.header.term);
    }
    group.hard_damaged = found.hard_damaged || found.hard.term < newest;
    return group;
}

}  // namespace

std::optional<DurableEntry> DurableGroup::at(LogIndex index) const {
    return broken.contains(index) ? std::nullopt : found(index);
}

std::optional<DurableEntry> DurableGroup::found(LogIndex index) const {
    if (index < base_index || index > last()) return std::nullopt;
    return index == base_index ? base : log[index.value - base_index.value - 1];
}

bool DurableGroup::holds(LogIndex index, const Chain& chain) const {
    if (index < base_index) return true;
    const auto entry = at(index);
    return entry && entry->chain == chain;
}

LogIndex DurableGroup::whole_to() const {
    if (broken.empty()) return last();
    return broken.begin()->value == 0 ? LogIndex{} : previous(*broken.begin());
}

void DurableView::apply(const WriteOp& op) {
    switch (op.kind) {
        case WriteOp::Kind::Append:
            return append(op);
        case WriteOp::Kind::Truncate:
            return truncate(groups_[op.group], op.index);
        case WriteOp::Kind::MoveBase:
            return move_base(op);
        case WriteOp::Kind::HardState: {
            storage::HardState& hard = groups_[op.group].hard;
            const bool decoded = get_hard_state(op.value, hard);
            WEFT_INVARIANT(decoded, "a hard state of group {} does not decode", op.group.value);
            return;
        }
        case WriteOp::Kind::RemoveGroup:
            groups_.erase(op.group);
            return;
        case WriteOp::Kind::PutRow:
        case WriteOp::Kind::EraseRow:
        case WriteOp::Kind::ErasePrefix:
            return;
    }
}

void DurableView::append(const WriteOp& op) {
    DurableGroup& group = groups_[op.group];
    if (op.index <= group.base_index) return;
    const auto header = read_entry_header(op.value);
    WEFT_INVARIANT(header && header->index == op.index, "entry {} of group {} does not decode",
                   op.index.value, op.group.value);
    // A store that has found damage under a new base keeps what this view has dropped.
    while (group.last() < previous(op.index)) {
        group.log.emplace_back();
        group.broken.insert(group.last());
    }
    if (group.last() < op.index) group.log.emplace_back();
    group.log[op.index.value - group.base_index.value - 1] = {header->term, header->chain};
    group.broken.erase(op.index);
}

void DurableView::move_base(const WriteOp& op) {
    DurableGroup& group = groups_[op.group];
    storage::LogBase base;
    const bool decoded = get_log_base(op.value, base);
    WEFT_INVARIANT(decoded, "a base of group {} does not decode", op.group.value);
    // As the store does it: a record whose term cannot be read contradicts nothing, one that is
    // damaged elsewhere tells its term.
    const auto before = group.found(base.index);
    const bool unread = before && before->term.value == 0;
    if (!unread && (!before || before->term != base.term)) truncate(group, LogIndex{});
    while (!group.log.empty() && group.base_index < base.index) {
        group.base_index = next(group.base_index);
        group.log.pop_front();
    }
    group.base_index = base.index;
    group.base = {base.term, base.chain};
    group.broken.erase(group.broken.begin(), group.broken.upper_bound(base.index));
}

void DurableView::read_back(const std::vector<storage::RecoveredGroup>& found) {
    groups_.clear();
    for (const storage::RecoveredGroup& group : found)
        groups_.emplace(group.group, recovered(group));
}

const DurableGroup& DurableView::group(PartitionId id) const {
    static const DurableGroup kEmpty;
    const auto found = groups_.find(id);
    return found == groups_.end() ? kEmpty : found->second;
}

}  // namespace weft::sim
