#pragma once
// Commands that came while this node leads but may not serve yet: elected, and the no-op of the
// term or what came before it is not applied (S8). A refusal would let a later command for the same
// entity overtake the refused one, so they wait, a moment with a quorum and at most until the term
// ends without one; they are given back in the order they came. Bounded by number and by the bytes
// of their payloads.

#include "core/error.h"
#include "core/time.h"
#include "replication/partition/partition.h"
#include "replication/partition/refused.h"

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

namespace weft::replication {

// Has waited long enough. Refused, it is not done.
struct Early {
    Submit submit;
    std::optional<Error> refused;
};

class EarlyCommands {
public:
    // Why it cannot wait; then nothing was taken.
    std::optional<Error> add(Submit& submit, Instant now, const PartitionLimits& limits);
    // The group is served from `now` on. What is left of a deadline is told with the command; whose
    // deadline has passed is refused. None is left, here and below.
    std::vector<Early> serve(Instant now);
    // This node will not serve: all are refused.
    std::vector<Refused> refuse();

    std::size_t size() const { return items_.size(); }
    bool empty() const { return items_.empty(); }
    // `soon`: the group is about to be served; nobody waits for anything else.
    void check(bool soon) const;

private:
    struct Item {
        Submit submit;
        Instant came;
    };
    std::deque<Item> items_;
    std::size_t bytes_ = 0;
};

}  // namespace weft::replication
