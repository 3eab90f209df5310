#include "storage/memory_store.h"

#include "core/error.h"
#include "core/hash.h"
#include "core/invariant.h"
#include "storage/chain_check.h"
#include "storage/map_room.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace weft::storage {
namespace {

std::string with_flipped_bit(std::string_view bytes, std::uint64_t bit) {
    std::string changed(bytes);
    const std::size_t at = static_cast<std::size_t>(bit % (changed.size() * 8));
    changed[at / 8] = static_cast<char>(changed[at / 8] ^ (1 << (at % 8)));
    return changed;
}

}  // namespace

bool MemoryStore::StoredEntry::intact() const {
    return !vanished && xxh3_64(bytes.view()) == checksum;
}

bool MemoryStore::StoredRow::intact() const { return xxh3_64(value.view()) == checksum; }

Result<StoreStats> MemoryStore::apply(const WriteBatch& batch) {
    if (log_bytes_ + row_bytes_ + batch.bytes() > options_.map_bytes)
        return fail(ErrorNumber::DiskFull, "the store's limit of {} bytes is reached",
                    options_.map_bytes);
    for_each_op(batch, [this](const WriteOp& op) {
        apply_op(op);
        return true;
    });
    erase_slice();
    scarce_ = is_map_scarce(log_bytes_ + row_bytes_, options_.map_bytes, scarce_);
    return stats();
}

void MemoryStore::set_map_bytes(std::uint64_t bytes) {
    options_.map_bytes = bytes;
    scarce_ = is_map_scarce(log_bytes_ + row_bytes_, bytes, false);
}

void MemoryStore::apply_op(const WriteOp& op) {
    switch (op.kind) {
        case WriteOp::Kind::Append:
            return append(op);
        case WriteOp::Kind::Truncate:
            if (const auto found = groups_.find(op.group); found != groups_.end())
                truncate(found->second, op.index);
            return;
        case WriteOp::Kind::MoveBase:
            return move_base(op);
        case WriteOp::Kind::HardState: {
            StoredGroup& group = groups_[op.group];
            group.hard_damaged = !get_hard_state(op.value, group.hard);
            group.has_hard = true;
            return;
        }
        case WriteOp::Kind::RemoveGroup:
            return remove_group(op.group);
        case WriteOp::Kind::PutRow:
            return put_row(op);
        case WriteOp::Kind::EraseRow:
            if (const auto row = rows_.find({op.table, std::string(op.key)}); row != rows_.end())
                erase_row(row);
            return;
        case WriteOp::Kind::ErasePrefix:
            return erase_prefix(op);
    }
}

void MemoryStore::append(const WriteOp& op) {
    StoredGroup& group = groups_[op.group];
    if (op.index <= group.base.index) return;  // compacted meanwhile: nothing to keep
    WEFT_INVARIANT(op.index <= next(group.last()), "append of {} behind {} in group {}",
                   op.index.value, group.last().value, op.group.value);
    const auto header = read_entry_header(op.value);
    WEFT_INVARIANT(header.has_value(), "append of an entry that does not decode");
    StoredEntry entry{Bytes::copy_of(op.value), xxh3_64(op.value), header->term,
                      Lsn{++last_lsn_.value}, false};
    log_bytes_ += op.value.size();
    if (StoredEntry* old = find(op.group, op.index)) {
        log_bytes_ -= old->bytes.size();
        *old = std::move(entry);
    } else {
        group.log.push_back(std::move(entry));
    }
}

void MemoryStore::truncate(StoredGroup& group, LogIndex from) {
    while (!group.log.empty() && group.last() >= from) {
        log_bytes_ -= group.log.back().bytes.size();
        group.log.pop_back();
    }
    ++last_lsn_.value;
}

void MemoryStore::move_base(const WriteOp& op) {
    StoredGroup& group = groups_[op.group];
    LogBase base;
    WEFT_INVARIANT(get_log_base(op.value, base), "a base of this process does not decode");
    const StoredEntry* at = find(op.group, base.index);
    const bool same = base.index == group.base.index && base.term == group.base.term;
    // A vanished entry cannot contradict the new base; dropping what follows it would turn damage
    // of one record into the loss of others.
    const bool held = same || (at != nullptr && (at->vanished || at->term == base.term));
    if (!held) truncate(group, LogIndex{0});
    while (!group.log.empty() && group.base.index < base.index) {
        log_bytes_ -= group.log.front().bytes.size();
        group.log.pop_front();
        group.base.index = next(group.base.index);
    }
    group.base = std::move(base);
    group.base_damaged = false;
    group.has_base = true;
}

void MemoryStore::remove_group(PartitionId id) {
    const auto group = groups_.find(id);
    if (group == groups_.end()) return;
    truncate(group->second, LogIndex{0});
    groups_.erase(group);
}

void MemoryStore::put_row(const WriteOp& op) {
    WEFT_INVARIANT(!is_erased(op), "a row of table {} is written below an erased prefix",
                   static_cast<int>(op.table));
    auto [at, added] = rows_.try_emplace({op.table, std::string(op.key)});
    StoredRow& row = at->second;
    row_bytes_ -= added ? 0 : op.key.size() + row.value.size();
    if (!added && options_.keep_old_values) row.old = {row.value};
    row.value = Bytes::copy_of(op.value);
    row.checksum = xxh3_64(op.value);
    row_bytes_ += op.key.size() + op.value.size();
}

void MemoryStore::erase_row(std::map<RowKey, StoredRow>::iterator row) {
    row_bytes_ -= row->first.second.size() + row->second.value.size();
    rows_.erase(row);
}

// Of erased prefixes none begins with another: the one that is a prefix of the key, if any, is the
// last that does not sort behind it.
bool MemoryStore::is_erased(const WriteOp& op) const {
    const auto behind = erased_.upper_bound({op.table, std::string(op.key)});
    if (behind == erased_.begin()) return false;
    const auto& [table, prefix] = *std::prev(behind);
    return table == op.table && op.key.starts_with(prefix);
}

void MemoryStore::erase_prefix(const WriteOp& op) {
    if (!is_erased(op)) {
        auto at = erased_.emplace(op.table, op.key).first;
        for (++at; at != erased_.end() && at->first == op.table && at->second.starts_with(op.key);)
            at = erased_.erase(at);
    }
    pending_.emplace_back(op.table, op.key);
}

void MemoryStore::erase_slice() {
    std::size_t left = options_.erase_rows;
    while (!pending_.empty()) {
        const auto& [table, prefix] = pending_.front();
        auto row = rows_.lower_bound(pending_.front());
        while (row != rows_.end() && row->first.first == table &&
               row->first.second.starts_with(prefix)) {
            if (left-- == 0) return;
            erase_row(row++);
        }
        pending_.pop_front();
    }
}

StoreStats MemoryStore::stats() const {
    StoreStats stats;
    stats.durable = last_lsn_;
    stats.log_bytes = log_bytes_;
    stats.file_bytes = log_bytes_ + row_bytes_;
    stats.map_bytes = options_.map_bytes;
    stats.scarce = scarce_;
    Lsn oldest;
    for (const auto& [id, group] : groups_) {
        if (group.log.empty()) continue;
        const Lsn front = group.log.front().lsn;
        if (stats.oldest && oldest <= front) continue;
        stats.oldest = id;
        oldest = front;
    }
    return stats;
}

Result<FetchedLog> MemoryStore::read_log(const LogRange& range) const {
    check_bounds(range);
    FetchedLog fetched;
    const auto found = groups_.find(range.group);
    std::size_t bytes = 0;
    for (LogIndex at = range.from; at <= range.to; at = next(at)) {
        if (!fetched.entries.empty() && bytes >= range.bytes_max) break;
        if (found == groups_.end() || at <= found->second.base.index || at > found->second.last()) {
            fetched.missing = at;
            break;
        }
        const StoredGroup& group = found->second;
        const StoredEntry& entry = group.log[at.value - group.base.index.value - 1];
        if (!entry.intact()) {
            fetched.damaged = at;
            break;
        }
        bytes += entry.bytes.size();
        fetched.entries.push_back(entry.bytes);
    }
    return fetched;
}

std::vector<RecoveredGroup> MemoryStore::recover() const {
    std::vector<RecoveredGroup> all;
    for (const auto& [id, group] : groups_) {
        if (!group.present()) continue;
        RecoveredGroup recovered;
        recovered.group = id;
        recovered.hard_damaged = group.hard_damaged;
        if (!group.hard_damaged) recovered.hard = group.hard;
        recovered.base_damaged = group.base_damaged;
        // Without a base only the first index of the log is known.
        if (!group.base_damaged) recovered.base = group.base;
        recovered.base.index = group.base.index;
        ChainCheck check(id, recovered.base, group.base_damaged);
        LogIndex index = group.base.index;
        for (const StoredEntry& entry : group.log) {
            index = next(index);
            const FoundRecord found{entry.vanished ? std::string_view{} : entry.bytes.view(),
                                    entry.intact()};
            recovered.log.push_back(check.next(index, found));
        }
        all.push_back(std::move(recovered));
    }
    return all;
}

Result<FetchedRow> MemoryStore::read_row(const RowRead& read) const {
    const auto found = rows_.find({read.table, read.key});
    if (found == rows_.end()) return FetchedRow{};
    if (!found->second.intact()) return FetchedRow{FetchedRow::State::Corrupt, {}};
    return FetchedRow{FetchedRow::State::Found, found->second.value};
}

Result<FetchedRows> MemoryStore::scan(const RowScan& scan) const {
    check_bounds(scan);
    FetchedRows fetched;
    std::size_t bytes = 0;
    auto row = rows_.lower_bound({scan.table, std::max(scan.prefix, scan.after)});
    for (; row != rows_.end(); ++row) {
        const auto& [table, key] = row->first;
        if (table != scan.table || !key.starts_with(scan.prefix)) break;
        if (!scan.after.empty() && key <= scan.after) continue;
        if (!fetched.rows.empty() &&
            (bytes >= scan.bytes_max || fetched.rows.size() >= scan.rows_max))
            return fetched;
        ScannedRow scanned{key, FetchedRow::State::Found, row->second.value};
        if (!row->second.intact()) scanned = {key, FetchedRow::State::Corrupt, {}};
        bytes += key.size() + scanned.value.size();
        fetched.rows.push_back(std::move(scanned));
    }
    fetched.last = true;
    return fetched;
}

std::vector<MemoryStore::LogExtent> MemoryStore::extents() const {
    std::vector<LogExtent> all;
    for (const auto& [id, group] : groups_)
        if (group.present()) all.push_back({id, next(group.base.index), group.last()});
    return all;
}

std::vector<std::string> MemoryStore::row_keys(Table table) const {
    std::vector<std::string> keys;
    for (auto row = rows_.lower_bound({table, {}}); row != rows_.end(); ++row) {
        if (row->first.first != table) break;
        keys.push_back(row->first.second);
    }
    return keys;
}

MemoryStore::StoredEntry* MemoryStore::find(PartitionId group, LogIndex index) {
    const auto found = groups_.find(group);
    if (found == groups_.end()) return nullptr;
    StoredGroup& g = found->second;
    if (index <= g.base.index || index > g.last()) return nullptr;
    return &g.log[index.value - g.base.index.value - 1];
}

bool MemoryStore::flip_bit_in_log(PartitionId group, LogIndex index, std::uint64_t bit) {
    StoredEntry* entry = find(group, index);
    if (entry == nullptr || entry->vanished) return false;
    entry->bytes = Bytes::adopt(with_flipped_bit(entry->bytes.view(), bit));
    return true;
}

bool MemoryStore::flip_bit_in_row(Table table, std::string_view key, std::uint64_t bit) {
    const auto row = rows_.find({table, std::string(key)});
    if (row == rows_.end()) return false;
    if (row->second.value.empty())
        row->second.checksum ^= std::uint64_t{1} << (bit % 64);
    else
        row->second.value = Bytes::adopt(with_flipped_bit(row->second.value.view(), bit));
    return true;
}

bool MemoryStore::vanish_log(PartitionId group, LogIndex index) {
    StoredEntry* entry = find(group, index);
    if (entry == nullptr) return false;
    entry->vanished = true;
    return true;
}

bool MemoryStore::swap_log(PartitionId group, LogIndex one, LogIndex other) {
    StoredEntry* first = find(group, one);
    StoredEntry* second = find(group, other);
    if (first == nullptr || second == nullptr || first == second) return false;
    std::swap(first->bytes, second->bytes);
    std::swap(first->checksum, second->checksum);
    return true;
}

bool MemoryStore::vanish_row(Table table, std::string_view key) {
    const auto row = rows_.find({table, std::string(key)});
    if (row == rows_.end()) return false;
    erase_row(row);
    return true;
}

bool MemoryStore::serve_old_row(Table table, std::string_view key) {
    const auto row = rows_.find({table, std::string(key)});
    if (row == rows_.end() || row->second.old.empty()) return false;
    row_bytes_ = row_bytes_ - row->second.value.size() + row->second.old.front().size();
    row->second.value = row->second.old.front();
    row->second.checksum = xxh3_64(row->second.value.view());
    return true;
}

bool MemoryStore::corrupt_hard(PartitionId group) {
    const auto found = groups_.find(group);
    if (found == groups_.end()) return false;
    found->second.hard_damaged = true;
    return true;
}

bool MemoryStore::corrupt_base(PartitionId group) {
    const auto found = groups_.find(group);
    if (found == groups_.end()) return false;
    found->second.base_damaged = true;
    return true;
}

}  // namespace weft::storage
