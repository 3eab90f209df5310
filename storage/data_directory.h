#pragma once
// A node's data directory: taken by one process at a time, opened only when it is this node's own,
// whole, and not older than it has been (S18, S24). Holds the LMDB store.
//
// DIR/lock          flock, and the holder's process id
// DIR/identity[.2]  the sidecar (identity_file.h)
// DIR/data.mdb      LMDB; lock.mdb is LMDB's own
// DIR/sync-failed   written when a sync failed: the kernel's boot id

#include "storage/file_io.h"
#include "storage/identity_file.h"
#include "storage/lmdb_store.h"
#include "weft/result.h"
#include "weft/types.h"

#include <cstdint>
#include <memory>
#include <string>

namespace weft::storage {

struct DataDirectoryOptions {
    std::string path;
    ClusterId cluster;
    NodeId node;
    std::uint64_t map_bytes = std::uint64_t{64} << 30;
    std::uint64_t preallocate_bytes = std::uint64_t{8} << 20;
    std::uint64_t reserve_bytes = std::uint64_t{32} << 20;
    LmdbStoreBounds bounds;
    std::string kernel_boot_id;  // empty: asked from the kernel
};

class DataDirectory {
public:
    // Makes the directory when there is none. DirectoryInUse, NewerFormat, ForeignData (another
    // mesh's or node's), DirectoryUnusable (also: parts missing), DataDamaged (also: rolled back),
    // SyncFailed (an earlier sync error under the same kernel): nothing was changed.
    static Result<std::unique_ptr<DataDirectory>> open(const DataDirectoryOptions& options);
    DataDirectory(const DataDirectory&) = delete;
    DataDirectory& operator=(const DataDirectory&) = delete;

    Store& store() { return *store_; }
    // Of this run; zero before begin_boot().
    Boot boot() const { return boot_; }
    // True when this open made the directory's identity: the node has no history here.
    bool fresh() const { return fresh_; }

    // Raises the boot counter and returns it once it is durable. Must be called before the node
    // sends anything; SyncFailed and DiskFull: it must not send.
    Result<Boot> begin_boot();
    // Remembers how far the log is written; at a clean stop. A later open with less is refused.
    Result<void> record_durable(Lsn durable);
    // DataFileGone: the file was deleted, moved or replaced since it was opened.
    Result<void> check_file() const { return store_->check_file(); }
    void check() const { store_->check(); }
    // Before the process ends because of a failed sync: the next start under the same kernel is
    // refused. The disk may refuse this file too: then say so and end all the same.
    Result<void> mark_sync_failed();

private:
    DataDirectory(DataDirectoryOptions options, DirectoryLock lock)
        : options_(std::move(options)), lock_(std::move(lock)) {}
    Result<void> check_last_sync();
    Result<void> check_owner(const Identity& identity) const;
    Result<void> open_store(bool has_identity);
    Result<void> write_first_identity();
    Result<void> save(const Identity& identity);
    void mark_if_sync_failed(const Error& error);

    DataDirectoryOptions options_;
    DirectoryLock lock_;
    Identity identity_;
    Boot boot_;
    bool fresh_ = false;
    std::unique_ptr<LmdbStore> store_;
};

}  // namespace weft::storage
