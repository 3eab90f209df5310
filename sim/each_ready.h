#pragma once
// Which machines and groups were ready at some moment, each at one of its own: where leaderships
// end without a fault it is chance whether all are at the same.

#include "sim/world.h"
#include "weft/types.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>

namespace weft::sim {

class EachReady {
public:
    // Of all machines but those of `except` (bits) and the lost ones. The world outlives this.
    EachReady(const World& world, std::uint64_t except);

    // Looks at this moment. True: each group was served by a leader, and each machine knew one for
    // each of its groups, by now.
    bool look();

private:
    const World& world_;
    std::uint64_t except_;
    std::set<PartitionId> unserved_;
    std::set<std::pair<std::size_t, PartitionId>> leaderless_;
};

}  // namespace weft::sim
