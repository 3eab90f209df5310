#pragma once
// Entities leave memory (docs/design.md, "Entities"): those nobody used for a while, and the
// coldest when the cache is full. What rows or base do not hold yet is written first, by a sweep of
// the group's own.

#include "core/ids.h"
#include "core/time.h"
#include "entity/host.h"
#include "replication/partition/partition.h"

#include <algorithm>

namespace weft::replication {

class Passivation {
public:
    // What rows and log hold.
    struct Held {
        PersistSeq persisted;
        LogIndex base;
    };
    // `limits` outlive it.
    Passivation(PartitionId group, const PartitionLimits& limits)
        : group_(group), limits_(limits) {}

    // A few entities a step. True when rows are to be swept for those that could not go; `sweeps`:
    // that is under way, by whomever.
    bool step(Now now, entity::Host& host, const Held& held, bool sweeps);
    // That sweep is not over: it goes on after a pause.
    void go_on(Instant now);
    Instant deadline() const { return std::min(sweep_at_, idle_at_); }

private:
    PartitionId group_;
    const PartitionLimits& limits_;
    Instant sweep_at_ = Instant::never();
    Instant idle_at_ = Instant::never();  // the coldest entity is to be looked at again
};

}  // namespace weft::replication
