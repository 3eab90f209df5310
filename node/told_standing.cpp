#include "node/told_standing.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace weft::node {

std::vector<ToldStanding::Change> ToldStanding::on_told(std::vector<PartitionId> not_led) {
    const std::vector<PartitionId> before = std::exchange(not_led_, std::move(not_led));
    std::vector<PartitionId> again;
    std::vector<PartitionId> no_longer;
    std::ranges::set_difference(before, not_led_, std::back_inserter(again));
    std::ranges::set_difference(not_led_, before, std::back_inserter(no_longer));
    std::vector<Change> changes;
    for (const PartitionId group : again) changes.push_back({group, true});
    for (const PartitionId group : no_longer) changes.push_back({group, false});
    return changes;
}

}  // namespace weft::node
