#include "storage/log_catalog.h"

#include "core/invariant.h"

#include <algorithm>

namespace weft::storage {

LogCatalog::Slots::Packed LogCatalog::Slots::pack(const Slot& slot) {
    return {static_cast<std::uint32_t>(slot.lsn.value),
            static_cast<std::uint32_t>(slot.lsn.value >> 32), slot.bytes};
}

LogCatalog::Slot LogCatalog::Slots::at(LogIndex index) const {
    const Packed& packed = packed_[index.value - base_.value - 1];
    return {Lsn{std::uint64_t{packed.lsn_high} << 32 | packed.lsn_low}, terms_.at(index),
            packed.bytes};
}

void LogCatalog::Slots::push_back(const Slot& slot) {
    packed_.push_back(pack(slot));
    terms_.append(last(), slot.term);
}

void LogCatalog::Slots::replace(LogIndex index, const Slot& slot) {
    packed_[index.value - base_.value - 1] = pack(slot);
    terms_.replace(index, last(), slot.term);
}

void LogCatalog::Slots::pop_back() {
    packed_.pop_back();
    trim_terms();
}

void LogCatalog::Slots::pop_front() {
    packed_.pop_front();
    base_ = next(base_);
    trim_terms();
}

void LogCatalog::Slots::trim_terms() {
    if (packed_.empty()) return terms_.clear();
    terms_.truncate(last());
    terms_.compact(next(base_));
}

std::optional<LogCatalog::Slot> LogCatalog::Group::staged(LogIndex index) const {
    if (index <= new_base.index || index > staged_last()) return std::nullopt;
    if (index > kept_last()) return appended[index.value - kept_last().value - 1];
    for (auto at = replaced.rbegin(); at != replaced.rend(); ++at)
        if (at->first == index) return at->second;
    return slots.at(index);
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
        group.new_base = group.base();
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
    if (!group.slots.holds(index)) return std::nullopt;
    return group.slots.at(index);
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
        const bool empty = group.slots.empty() && group.slots.base().value == 0;
        if (empty && group.removed) groups_.erase(id);
    }
    touched_.clear();
}

void LogCatalog::commit(Group& group) {
    const LogIndex keep_to = group.keep_to;
    const LogIndex keep_from = group.new_base.index;  // exclusive
    while (!group.slots.empty() && group.last() > keep_to) {
        live_bytes_ -= group.slots.at(group.last()).bytes;
        group.slots.pop_back();
    }
    while (!group.slots.empty() && group.slots.base() < keep_from) {
        live_bytes_ -= group.slots.at(next(group.slots.base())).bytes;
        group.slots.pop_front();
    }
    for (const auto& [index, slot] : group.replaced) {
        if (group.slots.empty() || index <= keep_from || index > group.last()) continue;
        live_bytes_ = live_bytes_ - group.slots.at(index).bytes + slot.bytes;
        group.slots.replace(index, slot);
    }
    if (group.slots.empty()) group.slots.set_base(keep_from);
    group.base_term = group.new_base.term;
    for (const Slot& slot : group.appended) {
        live_bytes_ += slot.bytes;
        group.slots.push_back(slot);
    }
    group.touched = false;
}

void LogCatalog::rollback() {
    for (const GroupId id : touched_) groups_.find(id)->second.touched = false;
    touched_.clear();
}

std::optional<LogCatalog::Owner> LogCatalog::staged_owner(Lsn lsn) {
    for (const auto& [id, group] : groups_) {
        const LogIndex last = group.touched ? group.staged_last() : group.last();
        const LogIndex base = group.touched ? group.new_base.index : group.slots.base();
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
    if (group == nullptr || range.from <= group->slots.base()) return;
    std::size_t bytes = 0;
    for (LogIndex at = range.from; at <= range.to && at <= group->last(); at = next(at)) {
        out.push_back(group->slots.at(at));
        bytes += out.back().payload_bytes();
        if (bytes >= range.bytes_max) return;
    }
}

void LogCatalog::read_all(GroupId id, std::vector<Slot>& out) const {
    out.clear();
    const Group* group = find(id);
    if (group == nullptr) return;
    out.reserve(group->last().value - group->slots.base().value);
    for (LogIndex at = next(group->slots.base()); at <= group->last(); at = next(at))
        out.push_back(group->slots.at(at));
}

std::vector<GroupId> LogCatalog::groups() const {
    std::vector<GroupId> all;
    all.reserve(groups_.size());
    for (const auto& [id, group] : groups_) all.push_back(id);
    return all;
}

LogCatalog::Base LogCatalog::base(GroupId id) const {
    const Group* group = find(id);
    return group == nullptr ? Base{} : group->base();
}

LogIndex LogCatalog::last(GroupId id) const {
    const Group* group = find(id);
    return group == nullptr ? LogIndex{} : group->last();
}

void LogCatalog::load(GroupId id, const Base& base, const std::deque<Slot>& slots) {
    const std::lock_guard hold(mutex_);
    Group& group = groups_[id];
    group.slots = Slots(base.index);
    group.base_term = base.term;
    for (const Slot& slot : slots) {
        live_bytes_ += slot.bytes;
        group.slots.push_back(slot);
    }
}

}  // namespace weft::storage
