#pragma once
// The groups of which this node holds a replica: when the next of them wants to be woken, which
// were stepped, how many would not lead. Everybody else names a group by its id: where its replica
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

class LocalGroups {
public:
    // Each id once. It stays where it is.
    Hosted& host(Hosted group);
    Hosted* find(GroupId group) {
        return group.value < by_id_.size() ? by_id_[group.value].get() : nullptr;
    }
    const Hosted* find(GroupId group) const {
        return group.value < by_id_.size() ? by_id_[group.value].get() : nullptr;
    }
    // The first one with that id or a higher one; nothing: there is none.
    Hosted* from(GroupId group);
    std::size_t size() const { return rising_.size(); }

    // Its partition is being stepped.
    void touch(Hosted& group);
    // What its partition has come to: when it wants to be woken, and whether it would campaign.
    void note(Hosted& group);
    // Those whose deadline has come, in the order of their deadlines; until the next call. Each is
    // to be stepped: whoever wants to be asked again at once waits for the next call.
    const std::vector<GroupId>& take_due(Instant now);
    Instant deadline() const { return deadlines_.next(); }
    // Groups that would not campaign if they were asked to.
    std::size_t not_standing() const { return not_standing_; }
    // Swaps in those that were touched since the last call.
    void take_touched(std::vector<GroupId>& groups);
    // Between two steps.
    void check() const;

    // Rising by id.
    auto all() {
        return rising_ | std::views::transform([](Hosted* group) -> Hosted& { return *group; });
    }
    auto all() const {
        return rising_ |
               std::views::transform([](const Hosted* group) -> const Hosted& { return *group; });
    }

private:
    std::vector<std::unique_ptr<Hosted>> by_id_;  // empty where there is no replica here
    std::vector<Hosted*> rising_;
    TimerHeap<GroupId> deadlines_;  // perhaps of an earlier moment than the partition's own
    std::vector<GroupId> due_;
    std::vector<GroupId> touched_;
    std::size_t not_standing_ = 0;
};

}  // namespace weft::node
