#include "storage/log_catalog.h"

#include "core/invariant.h"

#include <algorithm>

namespace weft::storage {

std::optional<LogCatalog::Slot> LogCatalog::Group::staged(LogIndex index) const {
    if (index <= new_base.index || index > staged_last()) return std::nullopt;
    if (index > kept_last()) return appended[index.value - kept_last().value - 1];
    for (auto at = replaced.rbegin(); at != replaced.rend(); ++at)
        if (at->first == index) return at->second;
    return slots[index.value - base.index.value - 1];
}

LogCatalog::Group& LogCatalog::touch(GroupId id) {
    auto found = groups_.find(id);
    if (found == groups_.end()) {
        const std::lock_guard hold(mutex_);  // readers walk the map
        found = groups_.try_emplace(id).first;
    }
    Group& group = found->second;
    if (!group.touched) {
        group.touched = true;
        group.removed = false;
        group.new_base = group.base;
        group.keep_to = group.last();
        group.appended.clear();
        group.replaced.clear();
        touched_.push_back(id);
    }
    return group;
}

LogIndex LogCatalog::staged_last(GroupId group) { return touch(group).staged_last(); }

LogCatalog::Base LogCatalog::staged_base(GroupId group) { return touch(group).new_base; }

std::optional<LogCatalog::Slot> LogCatalog::staged(GroupId id, LogIndex index) {
    const auto found = groups_.find(id);
    if (found == groups_.end()) return std::nullopt;
    const Group& group = found->second;
    if (group.touched) return group.staged(index);
    if (index <= group.base.index || index > group.last()) return std::nullopt;
    return group.slots[index.value - group.base.index.value - 1];
}

bool LogCatalog::staged_present(GroupId id) { return groups_.contains(id); }

void LogCatalog::append(GroupId id, LogIndex index, const Slot& slot) {
    Group& group = touch(id);
    if (index == next(group.staged_last())) {
        group.appended.push_back(slot);
        return;
    }
    WEFT_INVARIANT(index > group.new_base.index && index <= group.staged_last(),
                   "append of {} behind {} in group {}", index.value, group.staged_last().value,
                   id.value);
    if (index > group.kept_last())
        group.appended[index.value - group.kept_last().value - 1] = slot;
    else
        group.replaced.emplace_back(index, slot);
}

void LogCatalog::truncate(GroupId id, LogIndex from) {
    Group& group = touch(id);
    if (from > group.staged_last()) return;
    const LogIndex kept = group.kept_last();
    if (from > kept) {
        group.appended.resize(from.value - kept.value - 1);
        return;
    }
    group.appended.clear();
    group.keep_to = from.value == 0 ? LogIndex{0} : previous(from);
}

void LogCatalog::rebase(GroupId id, const Base& base) {
    Group& group = touch(id);
    const LogIndex kept = group.kept_last();
    if (base.index > kept) {
        const std::uint64_t gone =
            std::min<std::uint64_t>(base.index.value - kept.value, group.appended.size());
        group.appended.erase(group.appended.begin(),
                             group.appended.begin() + static_cast<std::ptrdiff_t>(gone));
    }
    group.new_base = base;
}

void LogCatalog::drop(GroupId id, const Base& base) {
    Group& group = touch(id);
    group.appended.clear();
    group.keep_to = LogIndex{0};
    group.new_base = base;
}

void LogCatalog::remove(GroupId id) {
    drop(id, {});
    touch(id).removed = true;
}

void LogCatalog::commit() {
    const std::lock_guard hold(mutex_);
    for (const GroupId id : touched_) {
        Group& group = groups_.find(id)->second;
        commit(group);
        const bool empty = group.slots.empty() && group.base.index.value == 0;
        if (empty && group.removed) groups_.erase(id);
    }
    touched_.clear();
}

void LogCatalog::commit(Group& group) {
    const LogIndex keep_to = group.keep_to;
    const LogIndex keep_from = group.new_base.index;  // exclusive
    while (!group.slots.empty() && group.last() > keep_to) {
        live_bytes_ -= group.slots.back().bytes;
        group.slots.pop_back();
    }
    while (!group.slots.empty() && group.base.index < keep_from) {
        live_bytes_ -= group.slots.front().bytes;
        group.slots.pop_front();
        group.base.index = next(group.base.index);
    }
    for (const auto& [index, slot] : group.replaced) {
        if (group.slots.empty() || index <= keep_from || index > group.last()) continue;
        Slot& old = group.slots[index.value - keep_from.value - 1];
        live_bytes_ = live_bytes_ - old.bytes + slot.bytes;
        old = slot;
    }
    for (const Slot& slot : group.appended) {
        live_bytes_ += slot.bytes;
        group.slots.push_back(slot);
    }
    group.base = group.new_base;
    group.touched = false;
}

void LogCatalog::rollback() {
    for (const GroupId id : touched_) groups_.find(id)->second.touched = false;
    touched_.clear();
}

std::optional<LogCatalog::Owner> LogCatalog::staged_owner(Lsn lsn) {
    for (const auto& [id, group] : groups_) {
        const LogIndex last = group.touched ? group.staged_last() : group.last();
        const LogIndex base = group.touched ? group.new_base.index : group.base.index;
        for (LogIndex at = next(base); at <= last; at = next(at))
            if (const auto slot = staged(id, at); slot && slot->lsn == lsn)
                return Owner{{id, at}, *slot};
    }
    return std::nullopt;
}

const LogCatalog::Group* LogCatalog::find(GroupId id) const {
    const auto found = groups_.find(id);
    return found == groups_.end() ? nullptr : &found->second;
}

void LogCatalog::read(const LogRange& range, std::vector<Slot>& out) const {
    out.clear();
    const Group* group = find(range.group);
    if (group == nullptr || range.from <= group->base.index) return;
    std::size_t bytes = 0;
    for (LogIndex at = range.from; at <= range.to && at <= group->last(); at = next(at)) {
        out.push_back(group->slots[at.value - group->base.index.value - 1]);
        bytes += out.back().payload_bytes();
        if (bytes >= range.bytes_max) return;
    }
}

std::vector<GroupId> LogCatalog::groups() const {
    std::vector<GroupId> all;
    all.reserve(groups_.size());
    for (const auto& [id, group] : groups_) all.push_back(id);
    return all;
}

LogCatalog::Base LogCatalog::base(GroupId id) const {
    const Group* group = find(id);
    return group == nullptr ? Base{} : group->base;
}

LogIndex LogCatalog::last(GroupId id) const {
    const Group* group = find(id);
    return group == nullptr ? LogIndex{} : group->last();
}

void LogCatalog::load(GroupId id, const Base& base, std::deque<Slot> slots) {
    const std::lock_guard hold(mutex_);
    Group& group = groups_[id];
    group.base = base;
    group.slots = std::move(slots);
    for (const Slot& slot : group.slots) live_bytes_ += slot.bytes;
}

}  // namespace weft::storage
