#include "storage/log_catalog.h"

#include "core/invariant.h"

#include <algorithm>

namespace weft::storage {

LogCatalog::Places::Packed LogCatalog::Places::pack(const RecordPlace& place) {
    return {static_cast<std::uint32_t>(place.lsn.value),
            static_cast<std::uint32_t>(place.lsn.value >> 32), place.bytes};
}

RecordPlace LogCatalog::Places::at(LogIndex index) const {
    const Packed& packed = packed_[index.value - base_.value - 1];
    return {Lsn{std::uint64_t{packed.lsn_high} << 32 | packed.lsn_low}, terms_.at(index),
            packed.bytes};
}

void LogCatalog::Places::push_back(const RecordPlace& place) {
    packed_.push_back(pack(place));
    terms_.append(last(), place.term);
}

void LogCatalog::Places::replace(LogIndex index, const RecordPlace& place) {
    packed_[index.value - base_.value - 1] = pack(place);
    terms_.replace(index, last(), place.term);
}

void LogCatalog::Places::pop_back() {
    packed_.pop_back();
    trim_terms();
}

void LogCatalog::Places::pop_front() {
    packed_.pop_front();
    base_ = next(base_);
    trim_terms();
}

void LogCatalog::Places::trim_terms() {
    if (packed_.empty()) return terms_.clear();
    terms_.truncate(last());
    terms_.drop_before(next(base_));
}

std::optional<RecordPlace> LogCatalog::Group::staged(LogIndex index) const {
    if (index <= new_base.index || index > staged_last()) return std::nullopt;
    if (index > kept_last()) return appended[index.value - kept_last().value - 1];
    // One transaction may repair an entry and move it: where it was put last is where it lies.
    for (auto at = replaced.rbegin(); at != replaced.rend(); ++at)
        if (at->first == index) return at->second;
    return places.at(index);
}

// ---- staging: what a transaction will have done, beside what readers see ------------------------
// A group's log is at most two runs: what stays of the committed one, and what is appended. Copying
// it per transaction would cost the whole log for one entry; changing it in place would show
// readers entries whose transaction may yet fail, and leave nothing to go back to.

LogCatalog::Group& LogCatalog::touch(PartitionId id) {
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

LogIndex LogCatalog::staged_last(PartitionId group) { return touch(group).staged_last(); }

LogCatalog::Base LogCatalog::staged_base(PartitionId group) { return touch(group).new_base; }

std::optional<RecordPlace> LogCatalog::staged(PartitionId id, LogIndex index) {
    const auto found = groups_.find(id);
    if (found == groups_.end()) return std::nullopt;
    const Group& group = found->second;
    if (group.touched) return group.staged(index);
    if (!group.places.holds(index)) return std::nullopt;
    return group.places.at(index);
}

bool LogCatalog::staged_present(PartitionId id) { return groups_.contains(id); }

void LogCatalog::append(PartitionId id, LogIndex index, const RecordPlace& place) {
    Group& group = touch(id);
    if (index == next(group.staged_last())) {
        group.appended.push_back(place);
        return;
    }
    // An entry that exists: its record was damaged and is written again, or it lives at the old end
    // and moves to the new one, so that dead records behind it can go.
    WEFT_INVARIANT(index > group.new_base.index && index <= group.staged_last(),
                   "append of {} behind {} in group {}", index.value, group.staged_last().value,
                   id.value);
    if (index > group.kept_last())
        group.appended[index.value - group.kept_last().value - 1] = place;
    else
        group.replaced.emplace_back(index, place);
}

void LogCatalog::truncate(PartitionId id, LogIndex from) {
    Group& group = touch(id);
    if (from > group.staged_last()) return;
    const LogIndex kept = group.kept_last();
    if (from > kept) {
        group.appended.resize(from.value - kept.value - 1);
        return;
    }
    // `replaced` may name entries that go here: they stand in no run any more, and commit() passes
    // them over. One that is appended in their place again is among `appended`.
    group.appended.clear();
    group.keep_to = from.value == 0 ? LogIndex{0} : previous(from);
}

void LogCatalog::move_base(PartitionId id, const Base& base) {
    Group& group = touch(id);
    const LogIndex kept = group.kept_last();
    // Beyond what stays of the committed run the base eats what was appended in this transaction: a
    // follower that takes entries and a snapshot's base in one round does both.
    if (base.index > kept) {
        const std::uint64_t gone =
            std::min<std::uint64_t>(base.index.value - kept.value, group.appended.size());
        group.appended.erase(group.appended.begin(),
                             group.appended.begin() + static_cast<std::ptrdiff_t>(gone));
    }
    group.new_base = base;
}

void LogCatalog::drop(PartitionId id, const Base& base) {
    Group& group = touch(id);
    // Nothing stays: kept_last() is the base from here on (an index of 0 keeps nothing).
    group.appended.clear();
    group.keep_to = LogIndex{0};
    group.new_base = base;
}

// The group leaves the map at commit(), unless the same transaction writes to it again.
void LogCatalog::remove(PartitionId id) {
    drop(id, {});
    touch(id).removed = true;
}

// After the transaction is on disk and never before: a reader that finds a place here finds a
// record there. Whoever began to read before may miss what trim() has moved, and looks again
// (lmdb_store_read.cpp).
void LogCatalog::commit() {
    const std::lock_guard hold(mutex_);
    for (const PartitionId id : touched_) {
        Group& group = groups_.find(id)->second;
        commit(group);
        const bool empty = group.places.empty() && group.places.base().value == 0;
        if (empty && group.removed) groups_.erase(id);
    }
    touched_.clear();
}

void LogCatalog::commit(Group& group) {
    const LogIndex keep_to = group.keep_to;
    const LogIndex keep_from = group.new_base.index;  // exclusive
    while (!group.places.empty() && group.last() > keep_to) {
        live_bytes_ -= group.places.at(group.last()).bytes;
        group.places.pop_back();
    }
    while (!group.places.empty() && group.places.base() < keep_from) {
        live_bytes_ -= group.places.at(next(group.places.base())).bytes;
        group.places.pop_front();
    }
    for (const auto& [index, place] : group.replaced) {
        if (group.places.empty() || index <= keep_from || index > group.last()) continue;
        live_bytes_ = live_bytes_ - group.places.at(index).bytes + place.bytes;
        group.places.replace(index, place);
    }
    if (group.places.empty()) group.places.set_base(keep_from);
    group.base_term = group.new_base.term;
    for (const RecordPlace& place : group.appended) {
        live_bytes_ += place.bytes;
        group.places.push_back(place);
    }
    group.touched = false;
}

void LogCatalog::rollback() {
    for (const PartitionId id : touched_) groups_.find(id)->second.touched = false;
    touched_.clear();
}

std::optional<LogCatalog::Owner> LogCatalog::staged_owner(Lsn lsn) {
    for (const auto& [id, group] : groups_) {
        const LogIndex last = group.touched ? group.staged_last() : group.last();
        const LogIndex base = group.touched ? group.new_base.index : group.places.base();
        for (LogIndex at = next(base); at <= last; at = next(at))
            if (const auto place = staged(id, at); place && place->lsn == lsn)
                return Owner{{id, at}, *place};
    }
    return std::nullopt;
}

const LogCatalog::Group* LogCatalog::find(PartitionId id) const {
    const auto found = groups_.find(id);
    return found == groups_.end() ? nullptr : &found->second;
}

void LogCatalog::read(const LogRange& range, std::vector<RecordPlace>& out) const {
    out.clear();
    const Group* group = find(range.group);
    if (group == nullptr || range.from <= group->places.base()) return;
    std::size_t bytes = 0;
    for (LogIndex at = range.from; at <= range.to && at <= group->last(); at = next(at)) {
        out.push_back(group->places.at(at));
        bytes += out.back().payload_bytes();
        if (bytes >= range.bytes_max) return;  // after the first, or who asks would never get on
    }
}

// Without a bound, and not by read(): a start that went by one took the first MiB of a log for all
// of it, and acknowledged entries were written over (finding 8).
void LogCatalog::read_all(PartitionId id, std::vector<RecordPlace>& out) const {
    out.clear();
    const Group* group = find(id);
    if (group == nullptr) return;
    out.reserve(group->last().value - group->places.base().value);
    for (LogIndex at = next(group->places.base()); at <= group->last(); at = next(at))
        out.push_back(group->places.at(at));
}

std::vector<PartitionId> LogCatalog::groups() const {
    std::vector<PartitionId> all;
    all.reserve(groups_.size());
    for (const auto& [id, group] : groups_) all.push_back(id);
    return all;
}

LogCatalog::Base LogCatalog::base(PartitionId id) const {
    const Group* group = find(id);
    return group == nullptr ? Base{} : group->base();
}

LogIndex LogCatalog::last(PartitionId id) const {
    const Group* group = find(id);
    return group == nullptr ? LogIndex{} : group->last();
}

void LogCatalog::check() const {
    std::uint64_t bytes = 0;
    for (const auto& [id, group] : groups_) {
        const bool keeps = group.touched && group.keep_to > group.new_base.index;
        WEFT_INVARIANT(
            !keeps ||
                (group.new_base.index >= group.places.base() && group.keep_to <= group.last()),
            "behind {} up to {} stays of group {}, which has {} to {}", group.new_base.index.value,
            group.keep_to.value, id.value, next(group.places.base()).value, group.last().value);
        for (LogIndex at = next(group.places.base()); at <= group.last(); at = next(at))
            bytes += group.places.at(at).bytes;
    }
    WEFT_INVARIANT(bytes == live_bytes_, "{} bytes live, {} in the catalog", live_bytes_, bytes);
}

void LogCatalog::load(PartitionId id, const Base& base, const std::deque<RecordPlace>& places) {
    const std::lock_guard hold(mutex_);
    Group& group = groups_[id];
    group.places = Places(base.index);
    group.base_term = base.term;
    for (const RecordPlace& place : places) {
        live_bytes_ += place.bytes;
        group.places.push_back(place);
    }
}

}  // namespace weft::storage
