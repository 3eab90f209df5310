#pragma once
// The node-wide log in table `wlog`: append, truncate, trim, read (docs/storage-format.md, part 2).
// LSNs are dense: everything from first() to next() is there, and only the oldest are ever deleted.
// Which records live is known from the catalog; a record is dead when a newer one replaced it, a
// truncation or removal came after it, or the group's base moved past it.

#include "storage/chain_check.h"
#include "storage/contracts.h"
#include "storage/lmdb_env.h"
#include "storage/log_catalog.h"
#include "storage/log_record.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace weft::storage {

struct LogExtent {
    Lsn first{1};             // the oldest LSN still there
    Lsn next{1};              // the next to be given
    std::uint64_t bytes = 0;  // of all records between, dead ones included
};

class LmdbLog {
public:
    // As LmdbStoreBounds says.
    struct Bounds {
        std::uint64_t trim_chunks_min = 0;
        std::uint64_t slack_bytes = 0;
        std::uint64_t gaps_max = 0;
    };
    explicit LmdbLog(const Bounds& bounds) : bounds_(bounds) {}

    // ---- the writing thread, inside one transaction; results are LMDB's
    int append(Txn& txn, PartitionId group, LogIndex index, std::string_view encoded);
    int truncate(Txn& txn, PartitionId group, LogIndex from);
    // Moves the log's beginning; drops the whole log when it does not hold the base (S19).
    int move_base(Txn& txn, PartitionId group, const LogCatalog::Base& base);
    int remove(Txn& txn, PartitionId group);
    // Deletes dead records at the old end, at most about twice what was appended; live ones that
    // keep more dead bytes than live ones from going are appended again (same bytes, new LSN).
    int trim(Txn& txn);
    const LogExtent& staged() const { return staged_; }
    void commit();
    void rollback();

    // ---- opening: where a group's log begins, as table `hard` says.
    struct StoredBase {
        LogCatalog::Base base;
        bool damaged = false;
    };
    // Reads every record and builds the catalog. Damaged records keep their place in it, or leave a
    // gap there; a log that is not dense, or damage that no group's log explains, is an error.
    Result<void> load(Txn& txn, const LogExtent& extent,
                      const std::map<PartitionId, StoredBase>& bases);

    // ---- reading: one entry's bytes; `joined` is the room for a record of several chunks.
    struct Record {
        PartitionId group;
        LogIndex index;
        RecordPlace place;
    };
    static int read(Txn& txn, const Record& wanted, std::string& joined, FoundRecord& found);
    const LogCatalog& catalog() const { return catalog_; }
    // Between two transactions; looks at every entry.
    void check() const;
    std::optional<PartitionId> oldest() const { return oldest_; }

private:
    int write(Txn& txn, LogRecordHeader header, std::string_view payload);
    int write_control(Txn& txn, LogRecordKind kind, PartitionId group, LogIndex index);
    struct FirstChunk {
        Lsn lsn;
        LogRecordHeader header;
    };
    static int join(Txn& txn, const FirstChunk& first, std::string& joined, FoundRecord& found);
    struct Front;
    Front look_at_front(std::string_view record);
    int move_to_end(Txn& txn, const Front& front, const std::pair<PartitionId, LogIndex>& owner);
    int erase_front(Txn& txn, std::uint16_t chunks);

    LogCatalog catalog_;
    LogExtent extent_, staged_;
    std::optional<PartitionId> oldest_;
    Bounds bounds_;
};

}  // namespace weft::storage
