#pragma once
// What a node's disk promises to the cores (docs/design.md, "Storage"): a node-wide log in append
// order, rows, and node metadata. Two implementations: LMDB (lmdb_store.h) and the in-memory
// reference (memory_store.h); both are held to the same property test.
//
// A round's work is one WriteBatch: applied in one transaction, all or nothing, synced when apply()
// returns. Reads see the last applied batch. Every record carries checksums; a damaged record is
// reported as damaged, never served and never taken for absent.

#include "core/entry.h"
#include "core/ids.h"
#include "weft/result.h"
#include "weft/types.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::storage {

// Raft's durable promise: term never decreases, the vote never changes inside a term (S1).
struct HardState {
    Term term;
    NodeId vote;  // zero = none
    bool operator==(const HardState&) const = default;
};

// Where a group's log begins: entries up to `index` are compacted into the rows in `space` (S19).
struct LogBase {
    LogIndex index;
    Term term;
    Chain chain;
    std::int64_t stamp_ms = 0;
    RowSpace space;
    std::string config;  // encoded configuration in force at `index` (S13)
    bool operator==(const LogBase&) const = default;
};

enum class Table : std::uint8_t { Entity = 1, Journal = 2, Session = 3, Meta = 4 };

inline constexpr std::size_t kRowKeyBytesMax = 480;
inline constexpr std::size_t kRowValueBytesMax = std::size_t{4} << 20;

// One round's records, written by the core into one flat buffer and handed to the journal thread.
class WriteBatch {
public:
    // `encoded` must be a whole entry of `group` whose index is one above the last (append) or one
    // that exists (repair: same index, the record is replaced).
    void append(PartitionId group, LogIndex index, std::string_view encoded);
    // Drops the entries from `from` on: a proven conflict, never a short append (S20).
    void truncate(PartitionId group, LogIndex from);
    // Moves the beginning of the log; entries up to base.index are no longer needed. When the log
    // ends before base.index or does not contain it with base.term (a snapshot was installed), the
    // whole log of the group is dropped.
    void move_base(PartitionId group, const LogBase& base);
    void hard_state(PartitionId group, const HardState& state);
    // Removes a group for good: log, hard state, base. Rows go by erase_prefix.
    void remove_group(PartitionId group);
    void put_row(Table table, std::string_view key, std::string_view value);
    void erase_row(Table table, std::string_view key);
    // All rows whose key begins with `prefix`. The removal is remembered durably and carried out in
    // bounded slices with later batches; the caller never reads below a prefix it has erased, and
    // never writes there again: what it wrote would go with a later slice. A store that can tell
    // stops the process.
    void erase_prefix(Table table, std::string_view prefix);

    bool empty() const { return buffer_.empty(); }
    std::size_t bytes() const { return buffer_.size(); }
    void clear() { buffer_.clear(); }
    // The operations in order, for implementations: see write_ops.h.
    std::string_view encoded() const { return buffer_; }
    // Appends the operations of `other` behind these.
    void merge(const WriteBatch& other) { buffer_ += other.buffer_; }

private:
    std::string buffer_;
};

// What the journal tells after each batch.
struct StoreStats {
    Lsn durable;                        // last LSN on disk
    std::uint64_t log_bytes = 0;        // live log records, old and new
    std::uint64_t file_bytes = 0;       // pages in use
    std::uint64_t map_bytes = 0;        // upper limit
    std::optional<PartitionId> oldest;  // the group whose record pins the log's prefix
    // Little room is left, in the map or on the file system: only what makes room should follow.
    // False again when there is clearly more.
    bool scarce = false;
};

// ---- reading ----------------------------------------------------------------------------------

// Every read has a bound, and whoever reads names it and goes on where the answer ends: a bound in
// a default would cut the answer of somebody who has never heard of it. Zero is refused.

// Entries [from, to] of a group, contiguous from `from`, until `bytes_max` is reached (at least
// one). Whether more follows is told by the number of entries.
struct LogRange {
    PartitionId group;
    LogIndex from, to;
    std::size_t bytes_max = 0;
};
struct RowRead {
    Table table{};
    std::string key;
};
// Rows with `prefix`, in key order, strictly after `after` (empty: from the first), until
// `bytes_max` or `rows_max` is reached (at least one). FetchedRows::last says whether more
// follows.
struct RowScan {
    Table table{};
    std::string prefix;
    std::string after;
    std::size_t bytes_max = 0;
    std::size_t rows_max = 0;
};

// Stop the process when a read names no bound.
void check_bounds(const LogRange& range);
void check_bounds(const RowScan& scan);

struct FetchedLog {
    std::vector<Bytes> entries;       // contiguous from `from`; may be fewer than asked
    std::optional<LogIndex> damaged;  // first entry that is there but does not hold
    std::optional<LogIndex> missing;  // first entry that is not there
};
struct FetchedRow {
    enum class State : std::uint8_t { Found, Missing, Corrupt } state = State::Missing;
    Bytes value;
};
struct ScannedRow {
    std::string key;
    FetchedRow::State state = FetchedRow::State::Found;
    Bytes value;
};
struct FetchedRows {
    std::vector<ScannedRow> rows;
    bool last = false;  // nothing with that prefix follows
};

// ---- recovery ---------------------------------------------------------------------------------

// One entry of a recovered log. `readable` is false when its header does not hold: then only the
// index is known. `intact` is false when header or payload do not hold (S22).
struct RecoveredEntry {
    EntryHeader header;
    bool readable = true;
    bool intact = true;
};
struct RecoveredGroup {
    PartitionId group;
    HardState hard;
    bool hard_damaged = false;  // may not vote in any term until replaced (S1)
    LogBase base;
    bool base_damaged = false;
    std::vector<RecoveredEntry> log;  // contiguous from base.index + 1
};

// ---- the three contracts ------------------------------------------------------------------------

// Thread rule of all three: apply() is called by one thread at a time; the reads may run on another
// thread at the same moment and see the last applied batch.
class LogReader {
public:
    virtual ~LogReader() = default;
    virtual Result<FetchedLog> read_log(const LogRange& range) const = 0;
    // All groups found at open, by group id, each with its whole log: never a part of it.
    virtual std::vector<RecoveredGroup> recover() const = 0;
};

class RowReader {
public:
    virtual ~RowReader() = default;
    virtual Result<FetchedRow> read_row(const RowRead& read) const = 0;
    virtual Result<FetchedRows> scan(const RowScan& scan) const = 0;
};

class Store : public LogReader, public RowReader {
public:
    // One transaction; on return it is synced. StorageFailed/SyncFailed: nothing of it may be
    // acknowledged and the process must exit with code 74. StorageFailed/DiskFull: nothing was
    // written, the batch may be tried again. `batches` are applied in order as one.
    virtual Result<StoreStats> apply(const WriteBatch& batch) = 0;
    virtual StoreStats stats() const = 0;
};

}  // namespace weft::storage
