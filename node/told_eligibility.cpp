#include "node/told_eligibility.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace weft::node {

std::vector<ToldEligibility::Change> ToldEligibility::on_told(
    std::vector<PartitionId> cannot_stand) {
    const std::vector<PartitionId> before = std::exchange(cannot_stand_, std::move(cannot_stand));
    std::vector<PartitionId> again;
    std::vector<PartitionId> no_longer;
    std::ranges::set_difference(before, cannot_stand_, std::back_inserter(again));
    std::ranges::set_difference(cannot_stand_, before, std::back_inserter(no_longer));
    std::vector<Change> changes;
    for (const PartitionId group : again) changes.push_back({group, true});
    for (const PartitionId group : no_longer) changes.push_back({group, false});
    return changes;
}

}  // namespace weft::node
