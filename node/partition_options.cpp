#include "node/partition_options.h"

#include <algorithm>
#include <utility>

namespace weft::node {

replication::PartitionOptions partition_options(const NodeOptions& options,
                                                const routing::PlacementTable& table,
                                                PartitionId group) {
    replication::PartitionOptions settings;
    settings.replica.group = group;
    settings.replica.self = options.self;
    const auto nodes = table.replicas(group);
    settings.replica.config = replication::Config::of({nodes.begin(), nodes.end()});
    settings.replica.timings = options.timings;
    settings.replica.limits = options.limits;
    settings.limits = options.partition_limits;
    settings.hash_key = options.genesis.hash_key;
    settings.crash_slot = options.crash_slot;
    for (const RequestId& request : options.crashed)
        if (request.group == group) settings.crashed.push_back(request);
    return settings;
}

storage::RecoveredGroup take_recovered(std::vector<storage::RecoveredGroup>& recovered,
                                       PartitionId group) {
    const auto found = std::ranges::find(recovered, group, &storage::RecoveredGroup::group);
    if (found != recovered.end()) return std::move(*found);
    storage::RecoveredGroup none;
    none.group = group;
    return none;
}

}  // namespace weft::node
