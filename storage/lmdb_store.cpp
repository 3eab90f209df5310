#include "storage/lmdb_store.h"

#include "core/error.h"
#include "core/invariant.h"
#include "storage/file_io.h"
#include "storage/lmdb_store_parts.h"
#include "storage/map_room.h"

namespace weft::storage {
namespace {

// Room a round may need at most, in pages written anew: its own bytes, and for every operation a
// path of pages from leaf to root.
std::uint64_t room_for(const WriteBatch& batch) {
    return 4 * batch.bytes() + (std::uint64_t{1} << 20);
}

}  // namespace

HardKey::HardKey(PartitionId group, char what) {
    for (std::size_t i = 0; i < 4; ++i)
        bytes[i] = static_cast<char>(group.value >> (24 - 8 * i) & 0xff);
    bytes[4] = what;
}

bool parse_hard_key(std::string_view key, PartitionId& group, char& what) {
    ByteReader in(key);
    group.value = in.get_sorted<std::uint32_t>();
    what = in.get<char>();
    return in.done() && (what == HardKey::kHardState || what == HardKey::kBase);
}

LmdbStore::LmdbStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
LmdbStore::~LmdbStore() = default;

Result<StoreStats> LmdbStore::apply(const WriteBatch& batch) {
    Parts& p = *parts_;
    if (p.failed)
        return fail(ErrorNumber::SyncFailed, "an earlier sync failed; this process must end");
    int rc = p.env->preallocate(room_for(batch));
    Txn txn;
    if (rc == kDone) rc = p.env->begin_write(txn);
    if (rc == kDone) rc = p.run(txn, batch);
    std::uint64_t used = 0;
    if (rc == kDone) {
        used = txn.used_bytes();
        const std::lock_guard settle(p.settling);
        rc = txn.commit();
        if (rc == kDone) p.log.commit();
    }
    if (rc == kDone) return p.committed(used);
    txn.abort();
    p.log.rollback();
    return std::unexpected(p.refuse(rc));
}

StoreStats LmdbStore::Parts::committed(std::uint64_t used_bytes) {
    state = staged_state;
    pending.swap(staged_pending);
    const std::lock_guard hold(stats_mutex);
    empty = false;
    stats.durable = Lsn{state.next.value - 1};
    stats.log_bytes = log.catalog().live_bytes();
    stats.file_bytes = used_bytes;
    stats.scarce = is_scarce(used_bytes, stats.scarce);
    stats.oldest = log.oldest();
    return stats;
}

bool LmdbStore::Parts::is_scarce(std::uint64_t used_bytes, bool before) const {
    if (is_map_scarce(used_bytes, options.map_bytes, before)) return true;
    if (options.reserve_bytes == 0) return false;
    const auto free = free_bytes(options.directory);
    const std::uint64_t wanted = options.reserve_bytes + (before ? options.reserve_bytes / 4 : 0);
    return free && *free < wanted;
}

// Only a full disk leaves the store usable: LMDB writes no page that an older state needs, so an
// aborted transaction has changed nothing. Any other failure may have left pages in the kernel's
// cache that never reach the disk although a second sync would report success.
Error LmdbStore::Parts::refuse(int rc) {
    Error error = lmdb_error(rc, "writing a round");
    Txn probe;  // refused when LMDB could not write its own meta page, whatever the reason
    if (is_disk_full(rc) && env->begin_write(probe) == kDone) return error;
    failed = true;
    if (error.code == ErrorCode::Corrupt) return error;
    return make_error(ErrorNumber::SyncFailed, std::move(error.message));
}

int LmdbStore::Parts::run(Txn& txn, const WriteBatch& batch) {
    staged_state = state;
    staged_pending = pending;
    int rc = kDone;
    for_each_op(batch, [&](const WriteOp& op) {
        rc = run_op(txn, op);
        return rc == kDone;
    });
    if (rc == kDone) rc = log.trim(txn);
    if (rc == kDone) rc = erase_slice(txn);
    if (rc == kDone) rc = put_state(txn);
    return rc;
}

int LmdbStore::Parts::run_op(Txn& txn, const WriteOp& op) {
    RowWriter rows(txn, staged_state.totals);
    switch (op.kind) {
        case WriteOp::Kind::Append:
            return log.append(txn, op.group, op.index, op.value);
        case WriteOp::Kind::Truncate:
            return log.truncate(txn, op.group, op.index);
        case WriteOp::Kind::MoveBase:
            return run_rebase(txn, op);
        case WriteOp::Kind::HardState:
            return rows.put(HardKey(op.group, HardKey::kHardState).name(), op.value);
        case WriteOp::Kind::RemoveGroup: {
            int rc = log.remove(txn, op.group);
            if (rc == kDone) rc = rows.erase(HardKey(op.group, HardKey::kHardState).name());
            if (rc == kDone) rc = rows.erase(HardKey(op.group, HardKey::kBase).name());
            return rc;
        }
        case WriteOp::Kind::PutRow:
            check_not_erased(op);
            return rows.put({static_cast<Db>(op.table), op.key}, op.value);
        case WriteOp::Kind::EraseRow:
            return rows.erase({static_cast<Db>(op.table), op.key});
        case WriteOp::Kind::ErasePrefix:
            staged_pending.push_back(
                {++staged_state.erase_sequence, op.table, std::string(op.key), false});
            return kDone;
    }
    return kDone;
}

// A later slice would take the row with it. Once a removal has ended nothing tells any more.
void LmdbStore::Parts::check_not_erased(const WriteOp& op) const {
    for (const PendingErase& erase : staged_pending)
        WEFT_INVARIANT(erase.table != op.table || !op.key.starts_with(erase.prefix),
                       "a row of table {} is written below an erased prefix of {} bytes",
                       static_cast<int>(op.table), erase.prefix.size());
}

int LmdbStore::Parts::run_rebase(Txn& txn, const WriteOp& op) {
    LogBase base;
    WEFT_INVARIANT(get_log_base(op.value, base), "a base of this process does not decode");
    const int rc = log.move_base(txn, op.group, {base.index, base.term});
    if (rc != kDone) return rc;
    RowWriter rows(txn, staged_state.totals);
    return rows.put(HardKey(op.group, HardKey::kBase).name(), op.value);
}

// At most erase_slice_chunks chunks a round; what is left is remembered in `meta`.
int LmdbStore::Parts::erase_slice(Txn& txn) {
    RowWriter rows(txn, staged_state.totals);
    std::size_t budget = options.bounds.erase_slice_chunks;
    const auto name_of = [](const PendingErase& erase, std::string& key) {
        key.clear();
        ByteWriter(key).put_sorted(erase.sequence);
        return RowName{Db::Meta, key, RowName::kErasing};
    };
    std::string key;
    while (!staged_pending.empty() && budget > 0) {
        const PendingErase& erase = staged_pending.front();
        bool finished = false;
        int rc = rows.erase_below({static_cast<Db>(erase.table), erase.prefix}, budget, finished);
        if (rc != kDone) return rc;
        if (!finished) break;
        if (erase.stored) rc = rows.erase(name_of(erase, key));
        if (rc != kDone) return rc;
        staged_pending.erase(staged_pending.begin());
    }
    for (PendingErase& erase : staged_pending) {
        if (erase.stored) continue;
        const int rc = rows.put(name_of(erase, key), encode_pending_erase(erase));
        if (rc != kDone) return rc;
        erase.stored = true;
    }
    return kDone;
}

int LmdbStore::Parts::put_state(Txn& txn) {
    ++staged_state.commits;
    staged_state.first = log.staged().first;
    staged_state.next = log.staged().next;
    Totals apart{};  // the state is no part of its own sums
    RowWriter rows(txn, apart);
    return rows.put({Db::Meta, {}, RowName::kState}, encode_store_state(staged_state));
}

StoreStats LmdbStore::stats() const {
    const std::lock_guard hold(parts_->stats_mutex);
    return parts_->stats;
}

Result<void> LmdbStore::check_file() const { return parts_->env->check_file(); }

void LmdbStore::check() const { parts_->log.check(); }

bool LmdbStore::empty() const {
    const std::lock_guard hold(parts_->stats_mutex);
    return parts_->empty;
}

}  // namespace weft::storage
