#pragma once
// What a node shows of itself to those who only look: borrowed for one question, and nothing is
// changed through it. Whoever has it asks it instead of the node, so that looking never becomes a
// step.

#include "core/time.h"
#include "entity/type.h"
#include "membership/swim.h"
#include "node/clocks.h"
#include "node/disk/health.h"
#include "node/local_partitions.h"
#include "node/node.h"
#include "node/peer.h"
#include "node/recent_events.h"
#include "node/roster.h"
#include "routing/placement.h"
#include "storage/contracts.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace weft::node {

struct NodeView {
    Now now;
    const NodeOptions& options;
    const Roster& roster;
    const routing::PlacementTable& table;
    const entity::TypeTable& types;
    const entity::TypeTable& mesh_types;  // of group 0
    const LocalPartitions& hosted;
    const std::map<NodeId, Peer>& peers;
    const membership::Swim& swim;
    const RecentEvents& events;
    const NodeCounters& counters;
    const Clocks& clocks;
    const storage::StoreStats& stats;
    const std::optional<std::string>& link_faults;  // nothing: none are possible
    DiskState disk{};
    bool disk_full = false;
    std::size_t waiting_bytes = 0;
    std::uint64_t sweeps = 0;
    bool draining = false;
    std::optional<ConnectionsShort> connections_short{};  // in the last minute

    // Every group this node leads has its no-op committed, and every hosted group has a leader.
    bool ready() const;
};

}  // namespace weft::node
