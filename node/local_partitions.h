#pragma once
// The partitions of which this node holds a replica: when the next of them wants to be woken, which
// were stepped, how many would not lead. Everybody else names one by its id: where its replica
// stands in memory is nobody's business. Stepping is the node's, who says so here.

#include "core/time.h"
#include "core/timer_heap.h"
#include "node/parts.h"
#include "weft/types.h"

#include <cstddef>
#include <memory>
#include <ranges>
#include <vector>

namespace weft::node {

class Peers;

class LocalPartitions {
public:
    // Each id once, with what its replica has come to. It stays where it is.
    LocalPartition& host(LocalPartition local);
    LocalPartition* find(PartitionId group) {
        return group.value < by_id_.size() ? by_id_[group.value].get() : nullptr;
    }
    const LocalPartition* find(PartitionId group) const {
        return group.value < by_id_.size() ? by_id_[group.value].get() : nullptr;
    }
    // The first one with that id or a higher one; nothing: there is none.
    LocalPartition* from(PartitionId group);
    std::size_t size() const { return rising_.size(); }

    // Its partition is being stepped.
    void touch(LocalPartition& local);
    // What its partition has come to: when it wants to be woken, and whether it would campaign.
    void note(LocalPartition& local);
    // Those whose deadline has come, in the order of their deadlines; until the next call. Each is
    // to be stepped: whoever wants to be asked again at once waits for the next call.
    const std::vector<PartitionId>& take_due(Instant now);
    Instant deadline() const { return deadlines_.next(); }
    // Those of `groups` that would not campaign if they were asked to. All are held here.
    std::vector<PartitionId> cannot_stand_in(const std::vector<PartitionId>& groups) const;
    // Swaps in those that were touched since the last call.
    void take_touched(std::vector<PartitionId>& groups);
    // Between two steps; `peers`: all that there are for this node.
    void check(const Peers& peers) const;

    // Rising by id.
    auto all() {
        return rising_ | std::views::transform(
                             [](LocalPartition* local) -> LocalPartition& { return *local; });
    }
    auto all() const {
        return rising_ |
               std::views::transform(
                   [](const LocalPartition* local) -> const LocalPartition& { return *local; });
    }

private:
    std::vector<std::unique_ptr<LocalPartition>> by_id_;  // empty where there is no replica here
    std::vector<LocalPartition*> rising_;
    TimerHeap<PartitionId> deadlines_;  // perhaps of an earlier moment than the partition's own
    std::vector<PartitionId> due_;
    std::vector<PartitionId> touched_;
    std::size_t cannot_stand_ = 0;
};

}  // namespace weft::node
