#include "client/core/known_mesh.h"

#include "core/invariant.h"

#include <algorithm>

namespace weft::client {

namespace {

std::int64_t in_ms(Instant moment) { return moment.ns / 1'000'000; }

}  // namespace

NodeIndex KnownMesh::find(const NodeId& node) const {
    const auto place = node_of_.find(node);
    return place == node_of_.end() ? kNoNode : place->second;
}

bool KnownMesh::is_foreign(const routing::HelloReply& hello) const {
    const bool pinned = is_met() || !cluster_.is_zero();
    return (pinned && hello.cluster != cluster_) || (is_met() && hello.groups != groups_);
}

void KnownMesh::meet(const routing::HelloReply& first) {
    cluster_ = first.cluster;
    hash_key_ = first.hash_key;
    groups_ = first.groups;
}

bool KnownMesh::learn_nodes(const routing::HelloReply& hello) {
    if (hello.nodes.empty()) return hello.nodes_digest == nodes_digest_;
    places_.clear();
    for (const routing::HelloNode& node : hello.nodes) places_.push_back(learn_node(node));
    nodes_digest_ = hello.nodes_digest;
    return true;
}

NodeIndex KnownMesh::learn_node(const routing::HelloNode& node) {
    NodeIndex index = find(node.node);
    if (index == kNoNode) {
        if (nodes_.size() == routing::kHelloNodesMax || node.node.is_zero()) return kNoNode;
        index = nodes_.add({});
        node_of_[node.node] = index;
    }
    nodes_[index].info = node;
    return index;
}

std::vector<Claim> KnownMesh::learn_leaders(NodeIndex teller, const routing::HelloReply& hello) {
    const std::size_t count = std::min(hello.leaders.size(), hello.terms.size());
    const bool all = hello.told.empty() && count == std::size_t{groups_} + 1;
    // Changes say what the node knows only to whoever knows what was before.
    KnownNode& node = nodes_[teller];
    if (all) {
        node.boot = hello.boot;
        node.version = hello.version;
    } else if (node.boot == hello.boot) {
        node.version = std::max(node.version, hello.version);
    }
    std::vector<Claim> claims;
    claims.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const PartitionId group =
            i < hello.told.size() ? hello.told[i] : PartitionId{static_cast<std::uint32_t>(i)};
        if (group.value > groups_) break;
        Claim claim{.group = group, .said_by = teller, .term = Term{hello.terms[i]}};
        if (hello.leaders[i] < places_.size()) claim.leader = places_[hello.leaders[i]];
        claims.push_back(claim);
    }
    return claims;
}

void KnownMesh::learn_time(NodeIndex node, Instant now, std::int64_t log_time_ms) {
    nodes_[node].clock_ms = log_time_ms - in_ms(now);
}

std::optional<std::int64_t> KnownMesh::log_time_ms(NodeIndex node, Instant now) const {
    if (!nodes_[node].clock_ms) return std::nullopt;
    return *nodes_[node].clock_ms + in_ms(now);
}

routing::RoutesKnown KnownMesh::told_by(NodeIndex node) const {
    return {nodes_[node].info.node, nodes_[node].boot, nodes_[node].version};
}

void KnownMesh::check() const {
    for (const NodeIndex place : places_)
        WEFT_INVARIANT(place == kNoNode || nodes_.has(place), "node {} is listed and not known",
                       place.value);
    WEFT_INVARIANT(nodes_.size() == node_of_.size(), "{} nodes are known, {} by their ids",
                   nodes_.size(), node_of_.size());
    for (const auto& [id, index] : node_of_)
        WEFT_INVARIANT(nodes_.has(index) && nodes_[index].info.node == id,
                       "node {} is not found by its id", index.value);
}

}  // namespace weft::client
