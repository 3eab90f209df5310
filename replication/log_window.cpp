#include "replication/log_window.h"

#include "core/invariant.h"

#include <utility>

namespace weft::replication {

void LogWindow::reset(const storage::LogBase& base, bool readable) {
    infos_.clear();
    cache_.clear();
    damaged_count_ = 0;
    base_ = base.index;
    front_ = EntryInfo{};
    front_.chain = base.chain;
    front_.term = base.term;
    front_.stamp_ms = base.stamp_ms;
    front_.readable = readable;
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
    if (info.damaged) ++damaged_count_;
    infos_.push_back(info);
}

void LogWindow::append(const EntryHeader& header, Bytes encoded) {
    WEFT_INVARIANT(header.index == next(last()), "entry {} after {}", header.index.value,
                   last().value);
    const std::uint64_t end = back().end + encoded.size();
    infos_.push_back({header.chain, header.term, header.stamp_ms, end, header.kind, true, false});
    cache_.push_back(std::move(encoded));
}

EntryInfo& LogWindow::mutable_at(LogIndex index) {
    WEFT_INVARIANT(holds(index), "entry {} outside ({}, {}]", index.value, base_.value,
                   last().value);
    return infos_[index.value - base_.value - 1];
}

void LogWindow::repair(const EntryHeader& header) {
    EntryInfo& info = mutable_at(header.index);
    if (info.damaged) --damaged_count_;
    info.chain = header.chain;
    info.term = header.term;
    info.stamp_ms = header.stamp_ms;
    info.kind = header.kind;
    info.readable = true;
    info.damaged = false;
}

void LogWindow::mark_damaged(LogIndex index) {
    EntryInfo& info = mutable_at(index);
    if (!info.damaged) ++damaged_count_;
    info.damaged = true;
}

void LogWindow::truncate(LogIndex from) {
    WEFT_INVARIANT(holds(from), "truncation at {} outside ({}, {}]", from.value, base_.value,
                   last().value);
    while (last() >= from) {
        if (infos_.back().damaged) --damaged_count_;
        infos_.pop_back();
        if (!cache_.empty()) cache_.pop_back();
    }
}

void LogWindow::compact(LogIndex index) {
    while (base_ < index) {
        WEFT_INVARIANT(!infos_.empty(), "compaction to {} past {}", index.value, base_.value);
        if (cache_.size() == infos_.size()) cache_.pop_front();
        front_ = infos_.front();
        if (front_.damaged) --damaged_count_;
        infos_.pop_front();
        base_ = next(base_);
    }
    front_.damaged = false;
}

const EntryInfo& LogWindow::at(LogIndex index) const {
    if (index == base_) return front_;
    WEFT_INVARIANT(holds(index), "entry {} outside ({}, {}]", index.value, base_.value,
                   last().value);
    return infos_[index.value - base_.value - 1];
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
        if (at(LogIndex{middle}).term <= term) {
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
    for (const EntryInfo& info : infos_) {
        index = next(index);
        if (info.damaged) return index;
    }
    return std::nullopt;
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

}  // namespace weft::replication
