#pragma once
// The reference implementation of Store: what LMDB is tested against, and the simulator's disk.
// Copying it takes a disk image (blocks are shared, nothing is copied but references). The damage
// hooks change what a disk may change; reads must then find out by the checksums, as on real files.
//
// Not synchronised: the simulator has one thread.

#include "storage/contracts.h"
#include "storage/write_ops.h"

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace weft::storage {

class MemoryStore final : public Store {
public:
    struct Options {
        std::uint64_t map_bytes = std::uint64_t{64} << 30;  // above: DiskFull
        bool keep_old_values = false;                       // remembers one value for serve_old_row
        // Rows below erased prefixes that one batch removes; the others stay, to be read as on
        // disk, until later batches. At least 1.
        std::size_t erase_rows = SIZE_MAX;
    };
    MemoryStore() = default;
    explicit MemoryStore(Options options) : options_(options) {}

    Result<StoreStats> apply(const WriteBatch& batch) override;
    StoreStats stats() const override;
    // As a store that is opened with another size of its map, also one below what it holds.
    void set_map_bytes(std::uint64_t bytes);
    Result<FetchedLog> read_log(const LogRange& range) const override;
    std::vector<RecoveredGroup> recover() const override;
    Result<FetchedRow> read_row(const RowRead& read) const override;
    Result<FetchedRows> scan(const RowScan& scan) const override;

    // ---- what there is to damage -------------------------------------------------------------
    struct LogExtent {
        PartitionId group;
        LogIndex first;  // first > last: the group has no entries
        LogIndex last;
    };
    std::vector<LogExtent> extents() const;
    std::vector<std::string> row_keys(Table table) const;

    // ---- damage; false: there is no such thing -------------------------------------------------
    // `bit` is taken modulo the record's size.
    bool flip_bit_in_log(PartitionId group, LogIndex index, std::uint64_t bit);
    bool flip_bit_in_row(Table table, std::string_view key, std::uint64_t bit);
    // The record is gone, its place in the log is known: read as damaged, recovered as unreadable.
    bool vanish_log(PartitionId group, LogIndex index);
    // Two records have changed places (misdirected writes); each still holds by itself.
    bool swap_log(PartitionId group, LogIndex one, LogIndex other);
    // Gone without a trace: a lying disk, which a single row cannot reveal.
    bool vanish_row(Table table, std::string_view key);
    // Puts back the value before the last write, with a checksum that holds: a lost write. Needs
    // Options::keep_old_values and a second write of the row.
    bool serve_old_row(Table table, std::string_view key);
    bool corrupt_hard(PartitionId group);
    bool corrupt_base(PartitionId group);

private:
    struct StoredEntry {
        Bytes bytes;
        std::uint64_t checksum = 0;
        Term term;
        Lsn lsn;
        bool vanished = false;
        bool intact() const;
    };
    struct StoredGroup {
        HardState hard;
        LogBase base;
        bool hard_damaged = false;
        bool base_damaged = false;
        bool has_hard = false;
        bool has_base = false;
        std::deque<StoredEntry> log;  // log[i] has index base.index + 1 + i
        LogIndex last() const { return LogIndex{base.index.value + log.size()}; }
        // A group whose only entries were truncated leaves nothing behind, as on disk.
        bool present() const { return has_hard || has_base || !log.empty(); }
    };
    struct StoredRow {
        Bytes value;
        std::uint64_t checksum = 0;
        std::vector<Bytes> old;  // none or one: an empty value is a value too
        bool intact() const;
    };
    using RowKey = std::pair<Table, std::string>;

    void apply_op(const WriteOp& op);
    void append(const WriteOp& op);
    void truncate(StoredGroup& group, LogIndex from);
    void move_base(const WriteOp& op);
    void remove_group(PartitionId id);
    void put_row(const WriteOp& op);
    void erase_row(std::map<RowKey, StoredRow>::iterator row);
    void erase_prefix(const WriteOp& op);
    void erase_slice();
    bool is_erased(const WriteOp& op) const;
    StoredEntry* find(PartitionId group, LogIndex index);

    Options options_;
    Lsn last_lsn_;
    std::uint64_t log_bytes_ = 0;
    std::uint64_t row_bytes_ = 0;
    bool scarce_ = false;  // as of the last batch, or when the size was set
    std::map<PartitionId, StoredGroup> groups_;
    std::map<RowKey, StoredRow> rows_;
    std::set<RowKey> erased_;     // prefixes: nothing is ever written below them again
    std::deque<RowKey> pending_;  // those of them below which rows are left
};

}  // namespace weft::storage
