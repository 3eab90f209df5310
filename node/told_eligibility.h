#pragma once
// In which partitions a peer would not campaign if it were asked to, as it told last: nobody hands
// it a leadership there. A partition that it does not name is one that it would lead.

#include "weft/types.h"

#include <vector>

namespace weft::node {

class ToldEligibility {
public:
    struct Change {
        PartitionId group;
        bool can_stand = false;
        bool operator==(const Change&) const = default;
    };
    // `cannot_stand`: all such, rising (the wire refuses others). What has changed with
    // that: first where it stands again, then where it does no longer.
    std::vector<Change> on_told(std::vector<PartitionId> cannot_stand);
    // The link or the process is another one: what it told is void.
    std::vector<Change> forget() { return on_told({}); }

private:
    std::vector<PartitionId> cannot_stand_;
};

}  // namespace weft::node
