// Reading: short transactions that see one committed state.

#include "core/error.h"
#include "core/invariant.h"
#include "storage/lmdb_store_parts.h"

namespace weft::storage {

Result<FetchedLog> LmdbStore::read_log(const LogRange& range) const {
    check_bounds(range);
    FetchedLog fetched;
    int rc = parts_->read_range(range, false, fetched);
    // A record may be missing because a round that moved or trimmed it has become visible in the
    // file but not yet in the catalog. Only what is missing between two rounds is damaged.
    if (rc == kDone && fetched.damaged) rc = parts_->read_range(range, true, fetched);
    if (rc != kDone) return std::unexpected(lmdb_error(rc, "reading the log"));
    return fetched;
}

int LmdbStore::Parts::read_range(const LogRange& range, bool settled, FetchedLog& fetched) const {
    fetched = {};
    std::vector<RecordPlace> places;
    Txn txn;
    {
        std::unique_lock settle(settling, std::defer_lock);
        if (settled) settle.lock();
        const auto hold = log.catalog().lock();
        const int rc = env->begin_read(txn);
        if (rc != kDone) return rc;
        log.catalog().read(range, places);
    }
    std::string joined;
    std::size_t bytes = 0;
    LogIndex index = range.from;
    for (const RecordPlace& place : places) {
        FoundRecord found;
        const int rc = LmdbLog::read(txn, {range.group, index, place}, joined, found);
        if (rc != kDone) return rc;
        if (!found.intact) {
            fetched.damaged = index;
            return kDone;
        }
        bytes += found.bytes.size();
        fetched.entries.push_back(Bytes::copy_of(found.bytes));
        index = next(index);
        if (bytes >= range.bytes_max) return kDone;
    }
    if (index <= range.to) fetched.missing = index;
    return kDone;
}

// Groups with entries, hard state or base.
int LmdbStore::Parts::stored_groups(Txn& txn, std::set<PartitionId>& groups) const {
    {
        const auto hold = log.catalog().lock();
        for (const PartitionId group : log.catalog().groups())
            if (log.catalog().last(group) > log.catalog().base(group).index) groups.insert(group);
    }
    Cursor cursor(txn, Db::Hard);
    int rc = cursor.first();
    for (; rc == kDone; rc = cursor.next()) {
        std::string_view key;
        PartitionId group;
        char what = 0;
        if (first_chunk_of(Db::Hard, cursor.key(), key) && parse_hard_key(key, group, what))
            groups.insert(group);
    }
    return rc == kNotFound ? kDone : rc;
}

std::vector<RecoveredGroup> LmdbStore::recover() const {
    const Parts& p = *parts_;
    const std::lock_guard settle(p.settling);
    Txn txn;
    std::set<PartitionId> groups;
    int rc = p.env->begin_read(txn);
    if (rc == kDone) rc = p.stored_groups(txn, groups);
    // The open has read all of this. A list that is short would be taken for groups without past.
    WEFT_INVARIANT(rc == kDone, "the groups cannot be listed: {}",
                   lmdb_error(rc, "reading table hard").message);
    std::vector<RecoveredGroup> recovered;
    for (const PartitionId group : groups) recovered.push_back(p.recover_group(txn, group));
    return recovered;
}

RecoveredGroup LmdbStore::Parts::recover_group(Txn& txn, PartitionId group) const {
    RecoveredGroup recovered;
    recovered.group = group;
    const auto holds = [](const FetchedRow& row, auto&& decode) {
        return row.state == FetchedRow::State::Missing ||
               (row.state == FetchedRow::State::Found && decode(row.value.view()));
    };
    FetchedRow row;
    int rc = fetch_row(txn, HardKey(group, HardKey::kHardState).name(), row);
    recovered.hard_damaged = rc != kDone || !holds(row, [&](std::string_view bytes) {
                                 return get_hard_state(bytes, recovered.hard);
                             });
    rc = fetch_row(txn, HardKey(group, HardKey::kBase).name(), row);
    recovered.base_damaged = rc != kDone || !holds(row, [&](std::string_view bytes) {
                                 return get_log_base(bytes, recovered.base);
                             });
    if (recovered.hard_damaged) recovered.hard = {};
    if (recovered.base_damaged) recovered.base = {};
    std::vector<RecordPlace> places;
    LogIndex last;
    {
        const auto hold = log.catalog().lock();
        recovered.base.index = log.catalog().base(group).index;
        last = log.catalog().last(group);
        log.catalog().read_all(group, places);
    }
    ChainCheck check(group, recovered.base, recovered.base_damaged);
    recovered.log.reserve(places.size());
    std::string joined;
    LogIndex index = recovered.base.index;
    for (const RecordPlace& place : places) {
        index = next(index);
        FoundRecord found;
        if (LmdbLog::read(txn, {group, index, place}, joined, found) != kDone) found = {};
        recovered.log.push_back(check.next(index, found));
    }
    // Whoever is given a part takes it for the whole, leads with it and overwrites the rest.
    WEFT_INVARIANT(index == last, "group {} was recovered up to {}, its log ends at {}",
                   group.value, index.value, last.value);
    return recovered;
}

Result<FetchedRow> LmdbStore::read_row(const RowRead& read) const {
    Txn txn;
    FetchedRow row;
    int rc = parts_->env->begin_read(txn);
    if (rc == kDone) rc = fetch_row(txn, {static_cast<Db>(read.table), read.key}, row);
    if (rc != kDone) return std::unexpected(lmdb_error(rc, "reading a row"));
    return row;
}

Result<FetchedRows> LmdbStore::scan(const RowScan& scan) const {
    check_bounds(scan);
    Txn txn;
    FetchedRows rows;
    int rc = parts_->env->begin_read(txn);
    if (rc == kDone) rc = fetch_rows(txn, scan, rows);
    if (rc != kDone) return std::unexpected(lmdb_error(rc, "reading rows"));
    return rows;
}

}  // namespace weft::storage
