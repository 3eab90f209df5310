#pragma once
// The Store on disk: one LMDB environment, one write transaction per apply(), full sync. Formats in
// docs/storage-format.md. Opened by DataDirectory, which guards against a second process, foreign
// and rolled-back data; used directly only by tests.

#include "storage/contracts.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weft::storage {

// What is done in parts, and how large a part is. None of them changes an answer, only how many
// rounds or transactions it takes: tests draw them from the smallest on.
struct LmdbStoreBounds {
    // Chunks (of at most 2,000 bytes) of erased prefixes that one round removes at most; at least
    // 1. What is left is remembered and goes with later rounds.
    std::size_t erase_slice_chunks = 256;
    // Log chunks that one round removes or moves at the log's old end: this many, or twice what it
    // has appended when that is more. At least 1, or the end is never reached.
    std::uint64_t trim_chunks_min = 64;
    // A live record at the log's old end is moved when it keeps more dead bytes than this plus the
    // live ones from being trimmed.
    std::uint64_t log_slack_bytes = std::uint64_t{1} << 20;
    // Indexes without a record, of all groups together, from which on the log counts as damaged as
    // a whole at open.
    std::uint64_t log_gaps_max = std::uint64_t{1} << 20;
    // Row tables up to this size are read and checked whole at open; larger ones by `data check`.
    std::uint64_t verify_bytes_max = std::uint64_t{64} << 20;
    // Rows that `data check` reads in one scan.
    std::size_t check_bytes = std::size_t{4} << 20;
    std::size_t check_rows = 4096;
};

struct LmdbStoreOptions {
    std::string directory;  // exists and is writable
    std::uint64_t map_bytes = std::uint64_t{64} << 30;
    // Disk blocks are allocated this much ahead of need; 0 = not.
    std::uint64_t preallocate_bytes = std::uint64_t{8} << 20;
    // What others may need on the file system: with less than this free, room is scarce. 0 = not
    // looked at.
    std::uint64_t reserve_bytes = std::uint64_t{32} << 20;
    LmdbStoreBounds bounds;
};

// Threads: apply() on one; everything else on any.
class LmdbStore final : public Store {
public:
    // DataDamaged: pages are damaged beyond single records, nothing can be served. DiskFull,
    // NewerFormat, DirectoryUnusable: as they say.
    static Result<std::unique_ptr<LmdbStore>> open(const LmdbStoreOptions& options);
    ~LmdbStore() override;

    Result<StoreStats> apply(const WriteBatch& batch) override;
    StoreStats stats() const override;
    Result<FetchedLog> read_log(const LogRange& range) const override;
    std::vector<RecoveredGroup> recover() const override;
    Result<FetchedRow> read_row(const RowRead& read) const override;
    Result<FetchedRows> scan(const RowScan& scan) const override;

    // DataFileGone: what is written ends with the process. Costs two system calls.
    Result<void> check_file() const;
    // What memory holds of the log adds up. Looks at every entry; by the thread that applies.
    void check() const;
    // True when nothing was ever committed but the empty tables.
    bool empty() const;

    struct Parts;  // lmdb_store_parts.h; for this folder only

private:
    explicit LmdbStore(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace weft::storage
