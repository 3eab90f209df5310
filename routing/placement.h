#pragma once
// The placement table: which nodes hold which group (docs/design.md, "Identity and placement"). A
// target; authority over a group is its own committed Raft configuration.

#include "routing/genesis.h"
#include "weft/types.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace weft::routing {

// replicas[0] is the preferred leader: it campaigns first at start.
class PlacementTable {
public:
    // table(1): round robin over NodeId order, zones interleaved. Group 0 (P0): the first
    // min(5, n) founders by NodeId. Pure function of the genesis.
    static PlacementTable first(const Genesis& genesis);

    Epoch epoch() const { return epoch_; }
    // Number of groups including group 0.
    std::uint32_t groups() const { return static_cast<std::uint32_t>(offsets_.size() - 1); }
    // Group must be below groups().
    std::span<const NodeId> replicas(PartitionId group) const;
    bool hosts(NodeId node, PartitionId group) const;
    // XXH3-128 over the canonical form; equal on every node that computed the same table.
    Digest digest() const;

private:
    Epoch epoch_;
    std::vector<std::uint32_t> offsets_;
    std::vector<NodeId> nodes_;
};

}  // namespace weft::routing
