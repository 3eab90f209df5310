#pragma once
// The inside of LmdbStore, shared by its source files: apply (lmdb_store.cpp), opening
// (lmdb_store_open.cpp) and reading (lmdb_store_read.cpp).

#include "storage/lmdb_env.h"
#include "storage/lmdb_log.h"
#include "storage/lmdb_rows.h"
#include "storage/lmdb_store.h"
#include "storage/store_state.h"
#include "storage/write_ops.h"

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace weft::storage {

// Keys of table `hard`: group (u32, big-endian), then what.
struct HardKey {
    static constexpr char kHardState = 'h', kBase = 'b';
    HardKey(PartitionId group, char what);
    RowName name() const { return {Db::Hard, {bytes, sizeof bytes}}; }
    char bytes[5]{};
};
bool parse_hard_key(std::string_view key, PartitionId& group, char& what);

struct LmdbStore::Parts {
    Parts(std::unique_ptr<LmdbEnv> environment, const LmdbStoreOptions& given)
        : env(std::move(environment)),
          options(given),
          log({given.bounds.trim_chunks_min, given.bounds.log_slack_bytes,
               given.bounds.log_gaps_max}) {}

    // Opening.
    Result<void> load();
    Result<void> load_state(Txn& txn);
    Result<void> verify_rows(Txn& txn);
    Result<std::map<PartitionId, LmdbLog::StoredBase>> load_bases(Txn& txn) const;
    Result<void> load_pending(Txn& txn);
    int first_commit();

    // Writing.
    int run(Txn& txn, const WriteBatch& batch);
    int run_op(Txn& txn, const WriteOp& op);
    void check_not_erased(const WriteOp& op) const;
    int run_rebase(Txn& txn, const WriteOp& op);
    int erase_slice(Txn& txn);
    int put_state(Txn& txn);
    StoreStats committed(std::uint64_t used_bytes);
    Error refuse(int rc);
    bool is_scarce(std::uint64_t used_bytes, bool before) const;

    // Reading.
    int read_range(const LogRange& range, bool settled, FetchedLog& fetched) const;
    int stored_groups(Txn& txn, std::set<PartitionId>& groups) const;
    RecoveredGroup recover_group(Txn& txn, PartitionId group) const;

    std::unique_ptr<LmdbEnv> env;
    LmdbStoreOptions options;
    LmdbLog log;

    // Held from before a transaction becomes visible until the catalog is: a reader that met a
    // record missing in between looks again under it.
    mutable std::mutex settling;

    // The applying thread's.
    StoreState state, staged_state;
    std::vector<PendingErase> pending, staged_pending;
    bool failed = false;

    mutable std::mutex stats_mutex;
    StoreStats stats;
    bool empty = false;
};

}  // namespace weft::storage
