#include "replication/raft/log_window.h"

#include "core/invariant.h"

#include <utility>

namespace weft::replication {

namespace {

constexpr unsigned kEndShift = 8;
constexpr unsigned kKindShift = 2;
constexpr std::uint64_t kReadable = 2;
constexpr std::uint64_t kDamaged = 1;
static_assert(static_cast<unsigned>(EntryKind::Audit) < 1U << (kEndShift - kKindShift));

}  // namespace

LogWindow::Packed LogWindow::pack(const EntryInfo& info) {
    WEFT_INVARIANT(info.end >> (64 - kEndShift) == 0, "a log of {} bytes", info.end);
    return {info.chain, info.stamp_ms,
            info.end << kEndShift | static_cast<std::uint64_t>(info.kind) << kKindShift |
                (info.readable ? kReadable : 0) | (info.damaged ? kDamaged : 0)};
}

EntryInfo LogWindow::at(LogIndex index) const {
    if (index == base_) return front_;
    WEFT_INVARIANT(holds(index), "entry {} outside ({}, {}]", index.value, base_.value,
                   last().value);
    const Packed& packed = infos_[index.value - base_.value - 1];
    EntryInfo info;
    info.chain = packed.chain;
    info.term = terms_.at(index);
    info.stamp_ms = packed.stamp_ms;
    info.end = packed.word >> kEndShift;
    info.kind = static_cast<EntryKind>((packed.word & 0xff) >> kKindShift);
    info.readable = (packed.word & kReadable) != 0;
    info.damaged = (packed.word & kDamaged) != 0;
    return info;
}

std::optional<EntryInfo> LogWindow::find(LogIndex index) const {
    if (index != base_ && !holds(index)) return std::nullopt;
    EntryInfo info = at(index);
    if (!info.readable) return std::nullopt;
    return info;
}

void LogWindow::push(const EntryInfo& info) {
    infos_.push_back(pack(info));
    terms_.append(last(), info.term);
    if (info.damaged) ++damaged_count_;
}

void LogWindow::replace(LogIndex index, const EntryInfo& info) {
    Packed& packed = infos_[index.value - base_.value - 1];
    if ((packed.word & kDamaged) != 0) --damaged_count_;
    if (info.damaged) ++damaged_count_;
    packed = pack(info);
    terms_.replace(index, last(), info.term);
}

void LogWindow::trim_terms() {
    if (infos_.empty()) return terms_.clear();
    terms_.truncate(last());
    terms_.drop_before(next(base_));
}

void LogWindow::reset(const storage::LogBase& base, bool readable) {
    infos_.clear();
    terms_.clear();
    cache_.clear();
    damaged_count_ = 0;
    base_ = base.index;
    front_ = EntryInfo{};
    set_base(base);
    front_.readable = readable;
}

void LogWindow::set_base(const storage::LogBase& base) {
    WEFT_INVARIANT(base.index == base_, "base {} instead of {}", base.index.value, base_.value);
    front_.chain = base.chain;
    front_.term = base.term;
    front_.stamp_ms = base.stamp_ms;
    front_.readable = true;
}

void LogWindow::recover(const storage::RecoveredEntry& entry) {
    EntryInfo info = back();
    info.readable = entry.readable;
    info.damaged = !entry.readable || !entry.intact;
    if (entry.readable) {
        info.chain = entry.header.chain;
        info.term = entry.header.term;
        info.stamp_ms = entry.header.stamp_ms;
        info.kind = entry.header.kind;
        info.end += kEntryHeaderBytes + entry.header.body_bytes;
    }
    push(info);
}

void LogWindow::append(const EntryHeader& header, Bytes encoded) {
    WEFT_INVARIANT(header.index == next(last()), "entry {} after {}", header.index.value,
                   last().value);
    const std::uint64_t end = back().end + encoded.size();
    push({header.chain, header.term, header.stamp_ms, end, header.kind, true, false});
    cache_.push_back(std::move(encoded));
}

void LogWindow::repair(const EntryHeader& header) {
    WEFT_INVARIANT(holds(header.index), "repair of {} outside ({}, {}]", header.index.value,
                   base_.value, last().value);
    EntryInfo info = at(header.index);
    info.chain = header.chain;
    info.term = header.term;
    info.stamp_ms = header.stamp_ms;
    info.kind = header.kind;
    info.readable = true;
    info.damaged = false;
    replace(header.index, info);
}

void LogWindow::mark_damaged(LogIndex index) {
    WEFT_INVARIANT(holds(index), "damage at {} outside ({}, {}]", index.value, base_.value,
                   last().value);
    EntryInfo info = at(index);
    info.damaged = true;
    replace(index, info);
}

void LogWindow::truncate(LogIndex from) {
    WEFT_INVARIANT(holds(from), "truncation at {} outside ({}, {}]", from.value, base_.value,
                   last().value);
    while (last() >= from) {
        if ((infos_.back().word & kDamaged) != 0) --damaged_count_;
        infos_.pop_back();
        if (!cache_.empty()) cache_.pop_back();
    }
    trim_terms();
}

void LogWindow::move_base(LogIndex index) {
    while (base_ < index) {
        WEFT_INVARIANT(!infos_.empty(), "compaction to {} past {}", index.value, base_.value);
        if (cache_.size() == infos_.size()) cache_.pop_front();
        front_ = at(next(base_));
        if (front_.damaged) --damaged_count_;
        infos_.pop_front();
        base_ = next(base_);
    }
    trim_terms();
    front_.damaged = false;
}

std::uint64_t LogWindow::bytes_between(LogIndex after, LogIndex to) const {
    if (to <= after) return 0;
    return at(to).end - at(after).end;
}

LogIndex LogWindow::newest_up_to(LogIndex from, Term term) const {
    std::uint64_t low = base_.value;  // terms never fall along a log, so halving finds the border
    std::uint64_t high = from.value;
    while (low < high) {
        const std::uint64_t middle = low + (high - low + 1) / 2;
        const Term found = middle == base_.value ? front_.term : terms_.at(LogIndex{middle});
        if (found <= term) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return LogIndex{low};
}

std::optional<LogIndex> LogWindow::first_damaged() const {
    if (damaged_count_ == 0) return std::nullopt;
    LogIndex index = base_;
    for (const Packed& packed : infos_) {
        index = next(index);
        if ((packed.word & kDamaged) != 0) return index;
    }
    return std::nullopt;
}

LogIndex LogWindow::last_intact() const {
    const auto damaged = first_damaged();
    return damaged ? previous(*damaged) : last();
}

const Bytes& LogWindow::cached(LogIndex index) const {
    WEFT_INVARIANT(index >= cache_first() && index <= last(), "entry {} is not cached",
                   index.value);
    return cache_[index.value - cache_first().value];
}

std::uint64_t LogWindow::cached_bytes() const {
    return cache_.empty() ? 0 : back().end - at(previous(cache_first())).end;
}

void LogWindow::drop_first_cached() {
    WEFT_INVARIANT(!cache_.empty(), "dropping from an empty cache of {} entries", infos_.size());
    cache_.pop_front();
}

// Right behind a snapshot nothing is durable yet, and what is on disk ends before the base.
void LogWindow::check(LogIndex durable) const {
    Term term = front_.term;
    // Entry by entry only where an unreadable header, which tells no term, breaks the runs.
    const bool rising = terms_.rise_from(term);
    for (LogIndex i = next(base_); !rising && i <= last(); i = next(i)) {
        const EntryInfo info = at(i);
        if (!info.readable) continue;
        WEFT_INVARIANT(info.term >= term, "term {} after {} at {}", info.term.value, term.value,
                       i.value);
        term = info.term;
    }
    WEFT_INVARIANT(cache_first() <= next(durable) || durable < base_,
                   "entry {} is neither durable nor cached", next(durable).value);
    std::uint64_t bytes = 0;
    for (const Bytes& entry : cache_) bytes += entry.size();
    WEFT_INVARIANT(bytes == cached_bytes(), "{} bytes in memory, {} counted", bytes,
                   cached_bytes());
}

}  // namespace weft::replication
