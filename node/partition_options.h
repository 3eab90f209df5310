#pragma once
// What the replica of a partition on this node is made of at the start: what the settings and the
// table say of it, and the log that was found of it.

#include "node/node.h"
#include "replication/partition/partition.h"
#include "routing/placement.h"
#include "storage/contracts.h"
#include "weft/types.h"

#include <vector>

namespace weft::node {

replication::PartitionOptions partition_options(const NodeOptions& options,
                                                const routing::PlacementTable& table,
                                                PartitionId group);
// Out of what was recovered; an empty one where nothing was.
storage::RecoveredGroup take_recovered(std::vector<storage::RecoveredGroup>& recovered,
                                       PartitionId group);

}  // namespace weft::node
