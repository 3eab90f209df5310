#pragma once
// What one machine's disk holds of each group's promises: votes and entries, by the batches that
// were applied to it and by what a start read back. Asks no store, so it judges every kind of one.

#include "storage/contracts.h"
#include "storage/write_ops.h"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace weft::sim {

struct DurableEntry {
    Term term;
    Chain chain;
    bool operator==(const DurableEntry&) const = default;
};

struct DurableGroup {
    storage::HardState hard;
    bool hard_damaged = false;  // or behind its own log: no vote may rest on it
    LogIndex base_index;
    DurableEntry base;
    std::deque<DurableEntry> log;  // log[i] has index base_index + 1 + i
    std::set<LogIndex> broken;     // of [base_index, last()]: found, but damaged

    LogIndex last() const { return LogIndex{base_index.value + log.size()}; }
    // Of an index in [base_index, last()] that is not broken.
    std::optional<DurableEntry> at(LogIndex index) const;
    // Also of a broken one; of term 0 when its header cannot be read.
    std::optional<DurableEntry> found(LogIndex index) const;
    // Has the entry with that chain, or has compacted it.
    bool holds(LogIndex index, const Chain& chain) const;
    // Nothing up to here is missing or broken.
    LogIndex whole_to() const;
    bool operator==(const DurableGroup&) const = default;
};

class DurableView {
public:
    void apply(const storage::WriteOp& op);
    // From now on it is what a start found.
    void read_back(const std::vector<storage::RecoveredGroup>& found);
    // An empty group for one that never wrote.
    const DurableGroup& group(PartitionId id) const;
    const std::map<PartitionId, DurableGroup>& groups() const { return groups_; }

private:
    void append(const storage::WriteOp& op);
    void move_base(const storage::WriteOp& op);

    std::map<PartitionId, DurableGroup> groups_;
};

}  // namespace weft::sim
