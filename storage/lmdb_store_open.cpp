// Opening an environment: what is there must be what the last commit promised.

#include "core/error.h"
#include "storage/lmdb_store_parts.h"

namespace weft::storage {

Result<std::unique_ptr<LmdbStore>> LmdbStore::open(const LmdbStoreOptions& options) {
    auto env =
        LmdbEnv::open({options.directory, options.map_bytes, false, options.preallocate_bytes});
    if (!env) return std::unexpected(std::move(env).error());
    auto parts = std::make_unique<Parts>(std::move(*env), options);
    if (auto loaded = parts->load(); !loaded) return std::unexpected(std::move(loaded).error());
    return std::unique_ptr<LmdbStore>(new LmdbStore(std::move(parts)));
}

Result<void> LmdbStore::Parts::load() {
    stats.map_bytes = options.map_bytes;
    {
        Txn txn;
        if (const int rc = env->begin_read(txn); rc != kDone)
            return std::unexpected(lmdb_error(rc, "opening the store"));
        if (auto done = load_state(txn); !done) return done;
        if (auto done = verify_rows(txn); !done) return done;
        auto bases = load_bases(txn);
        if (!bases) return std::unexpected(std::move(bases).error());
        const LogExtent extent{state.first, state.next, 0};
        if (auto done = log.load(txn, extent, *bases); !done) return done;
        if (auto done = load_pending(txn); !done) return done;
        stats.file_bytes = txn.used_bytes();
    }
    stats.durable = Lsn{state.next.value - 1};
    stats.log_bytes = log.catalog().live_bytes();
    stats.scarce = is_scarce(stats.file_bytes, false);
    if (state.commits > 0) return {};
    if (const int rc = first_commit(); rc != kDone)
        return std::unexpected(lmdb_error(rc, "writing the first record"));
    return {};
}

Result<void> LmdbStore::Parts::load_state(Txn& txn) {
    FetchedRow row;
    const int rc = fetch_row(txn, {Db::Meta, {}, RowName::kState}, row);
    if (rc != kDone) return std::unexpected(lmdb_error(rc, "reading the store's state"));
    if (row.state == FetchedRow::State::Missing) {
        // Tables without a state are those of a first open that did not reach its first commit.
        for (std::size_t db = 0; db < kDbs; ++db)
            if (Cursor cursor(txn, static_cast<Db>(db)); cursor.first() != kNotFound)
                return fail(ErrorNumber::DataDamaged, "records without the store's state");
        return {};
    }
    const auto decoded = decode_store_state(row.value.view());
    if (row.state != FetchedRow::State::Found || !decoded)
        return fail(ErrorNumber::DataDamaged, "the store's state does not hold");
    if (decoded->format > kStoreFormat)
        return fail(ErrorNumber::NewerFormat, "store format {}, this build reads up to {}",
                    decoded->format, kStoreFormat);
    state = *decoded;
    bool rows = false;
    for (const TableTotals& totals : state.totals) rows = rows || totals.chunks > 0;
    empty = !rows && state.next == Lsn{1};
    return {};
}

Result<void> LmdbStore::Parts::verify_rows(Txn& txn) {
    for (std::size_t i = 0; i < kRowDbs; ++i) {
        const Db db = static_cast<Db>(i);
        const bool always = db == Db::Hard || db == Db::Meta;
        if (!always && txn.used_bytes(db) > options.bounds.verify_bytes_max) continue;
        TableFindings findings;
        const int rc = verify_table(txn, db, state.totals[i], findings);
        if (rc != kDone) return std::unexpected(lmdb_error(rc, "reading a table"));
        if (!findings.broken.empty())
            return fail(ErrorNumber::DataDamaged, "table {}: {}", db_name(db), findings.broken);
        if (state.totals[i].unknown && findings.damaged.empty()) state.totals[i] = findings.found;
    }
    return {};
}

Result<std::map<PartitionId, LmdbLog::StoredBase>> LmdbStore::Parts::load_bases(Txn& txn) const {
    std::map<PartitionId, LmdbLog::StoredBase> bases;
    Cursor cursor(txn, Db::Hard);
    int rc = cursor.first();
    for (; rc == kDone; rc = cursor.next()) {
        std::string_view key;
        if (!first_chunk_of(Db::Hard, cursor.key(), key)) continue;
        PartitionId group;
        char what = 0;
        if (!parse_hard_key(key, group, what))
            return fail(ErrorNumber::DataDamaged, "an unknown row in table hard");
        if (what != HardKey::kBase) continue;
        FetchedRow row;
        rc = fetch_row(txn, {Db::Hard, key}, row);
        if (rc != kDone) break;
        LogBase base;
        LmdbLog::StoredBase& stored = bases[group];
        stored.damaged =
            row.state != FetchedRow::State::Found || !get_log_base(row.value.view(), base);
        if (!stored.damaged) stored.base = {base.index, base.term};
    }
    if (rc != kNotFound) return std::unexpected(lmdb_error(rc, "reading table hard"));
    return bases;
}

Result<void> LmdbStore::Parts::load_pending(Txn& txn) {
    Cursor cursor(txn, Db::Meta);
    int rc = cursor.seek(std::string_view(&RowName::kErasing, 1));
    for (; rc == kDone && cursor.key().front() == RowName::kErasing; rc = cursor.next()) {
        std::string_view key;
        if (!first_chunk_of(Db::Meta, cursor.key(), key)) continue;
        FetchedRow row;
        rc = fetch_row(txn, {Db::Meta, key, RowName::kErasing}, row);
        if (rc != kDone) break;
        PendingErase erase;
        erase.sequence = ByteReader(key).get_sorted<std::uint64_t>();
        if (row.state != FetchedRow::State::Found || !decode_pending_erase(row.value.view(), erase))
            return fail(ErrorNumber::DataDamaged, "a remembered removal does not hold");
        pending.push_back(std::move(erase));
    }
    if (rc != kDone && rc != kNotFound)
        return std::unexpected(lmdb_error(rc, "reading table meta"));
    return {};
}

// The state row, so that an empty store can be told from one that lost its rows.
int LmdbStore::Parts::first_commit() {
    empty = true;
    staged_state = state;
    Txn txn;
    int rc = env->begin_write(txn);
    if (rc == kDone) rc = put_state(txn);
    if (rc == kDone) rc = txn.commit();
    if (rc == kDone) state = staged_state;
    return rc;
}

}  // namespace weft::storage
