#pragma once
// Administrative questions that are answered from memory. Columns are listed in docs/operating.md.

#include "node/admin/query.h"
#include "node/view.h"

#include <cstdint>

namespace weft::node {

routing::AdminReply status_table(const NodeView& node, std::uint64_t id);
routing::AdminReply peers_table(const NodeView& node, std::uint64_t id);
routing::AdminReply members_table(const NodeView& node, std::uint64_t id);
routing::AdminReply health_table(const NodeView& node, std::uint64_t id);
routing::AdminReply partition_table(const NodeView& node, std::uint64_t id,
                                    const LocalPartition& local);
DeskStep partitions_page(const NodeView& node, ClientRef from, const routing::AdminRequest& asked);
// The first argument: the number of the last event that the asker has, of the boot that is the
// second; of a former boot it has nothing.
DeskStep events_page(const NodeView& node, ClientRef from, const routing::AdminRequest& asked);

}  // namespace weft::node
