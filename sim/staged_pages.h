#pragma once
// The pages of snapshots (S19): what was sent to a machine, and what of it lies on its disk. By
// content, so that nobody is asked which page he has written.

#include "replication/messages.h"
#include "storage/write_ops.h"

#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::sim {

// Rows in the space that a disk names as the one being filled.
class StagedRows {
public:
    void apply(const storage::WriteOp& op);
    // Nothing is said of rows that a start found.
    void forget() { groups_.clear(); }
    bool holds(PartitionId group, std::uint64_t row) const;
    // Of a row, wherever it lies: table, key behind the space, value.
    static std::uint64_t row(storage::Table table, std::string_view key, std::string_view value);

private:
    struct Staged {
        RowSpace space;
        std::set<std::uint64_t> rows;
        bool in_force = false;  // rows that come now are the group's own
    };
    std::map<PartitionId, Staged> groups_;
};

// What one machine was sent.
class SentPages {
public:
    void sent(const replication::SnapshotChunk& chunk);
    // The first page before `next` that `disk` does not hold as it was sent in any version; `next`
    // when there is none, or the transfer is not known.
    std::uint32_t first_missing(const replication::SnapshotAnswer& answer,
                                const StagedRows& disk) const;

private:
    using Rows = std::vector<std::uint64_t>;
    struct Transfer {
        Term term;
        replication::LogPosition at;
        std::map<std::uint32_t, std::set<Rows>> pages;
    };
    std::map<PartitionId, Transfer> transfers_;  // the newest
};

}  // namespace weft::sim
