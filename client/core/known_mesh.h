#pragma once
// What hellos have told of the mesh: which one it is, its nodes, and who leads its groups. The list
// of nodes and the leaders are told once and then by what has changed, so each is kept together
// with what its teller must hear to tell no more: a digest of the list, and the boot and version of
// that node's knowledge. A client talks to one mesh, the one it was told or that of the first
// hello.

#include "client/core/claim.h"
#include "client/core/indexes.h"
#include "core/hash.h"
#include "core/indexed.h"
#include "core/time.h"
#include "routing/messages.h"
#include "weft/types.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

namespace weft::client {

struct KnownNode {
    routing::HelloNode info;
    Boot boot;  // with `version`: what it has told of leaders
    std::uint64_t version = 0;
    std::optional<std::int64_t> clock_ms;  // the log time it told, minus our monotonic clock

    bool is_at(std::string_view address) const {
        return info.name == address || info.client_address == address;
    }
};

class KnownMesh {
public:
    // `cluster` zero: the mesh of the first hello is meant.
    explicit KnownMesh(ClusterId cluster) : cluster_(cluster) {}

    // The first hello came; the mesh never changes afterwards.
    bool is_met() const { return groups_ != 0; }
    const ClusterId& cluster() const { return cluster_; }
    const HashKey& hash_key() const { return hash_key_; }
    std::uint32_t groups() const { return groups_; }
    const Indexed<NodeIndex, KnownNode>& nodes() const { return nodes_; }
    NodeIndex find(const NodeId& node) const;

    bool is_foreign(const routing::HelloReply& hello) const;
    void meet(const routing::HelloReply& first);
    // Takes the list of nodes. False: leaders are named by their places in a list that is not here
    // any more. The next hello says which one is, and then the right one comes.
    bool learn_nodes(const routing::HelloReply& hello);
    // The nodes of the list that was told last, each at its place; kNoNode: one too many.
    const std::vector<NodeIndex>& places() const { return places_; }
    // What the node says of leaders. Its list must be here.
    std::vector<Claim> learn_leaders(NodeIndex teller, const routing::HelloReply& hello);

    void learn_time(NodeIndex node, Instant now, std::int64_t log_time_ms);
    // The log time of that node by now, if it was ever told.
    std::optional<std::int64_t> log_time_ms(NodeIndex node, Instant now) const;

    // What the list is known by, and what that node has told of leaders.
    std::uint64_t nodes_digest() const { return nodes_digest_; }
    routing::RoutesKnown told_by(NodeIndex node) const;

    void check() const;

private:
    NodeIndex learn_node(const routing::HelloNode& node);

    ClusterId cluster_;
    HashKey hash_key_{};
    std::uint32_t groups_ = 0;
    Indexed<NodeIndex, KnownNode> nodes_;
    std::map<NodeId, NodeIndex> node_of_;
    std::vector<NodeIndex> places_;
    std::uint64_t nodes_digest_ = 0;
};

}  // namespace weft::client
