#include "node/told_routes.h"

#include <algorithm>
#include <utility>

namespace weft::node {

ToldRoutes::ToldRoutes(NodeId self, Boot boot, std::uint32_t groups)
    : self_(self), boot_(boot), rows_(groups) {}

ToldRoutes::Turn ToldRoutes::hello_of(ClientRef from) {
    const bool first = answered_.empty();
    if (!answered_.insert(from).second) return Turn::Again;
    return first ? Turn::First : Turn::Further;
}

void ToldRoutes::learn(PartitionId group, const Known& known) {
    Row& row = rows_[group];
    if (row.known == known) return;
    row = {known, ++version_};
}

// A client drops what it believes when a leader refuses, and nothing has changed here then: what it
// waits for is told again and again.
ToldRoutes::Told ToldRoutes::since(const routing::ClientHello& hello) const {
    const routing::RoutesKnown& has = hello.known;
    Told told;
    told.all = !hello.by_version || has.node != self_ || has.boot != boot_ || has.version == 0 ||
               has.version > version_;
    if (told.all) return told;
    for (const PartitionId group : rows_.indexes())
        if (rows_[group].changed > has.version) told.groups.push_back(group);
    for (const PartitionId group : hello.wanted)
        if (rows_.has(group)) told.groups.push_back(group);
    std::ranges::sort(told.groups);
    const auto twice = std::ranges::unique(told.groups);
    told.groups.erase(twice.begin(), twice.end());
    return told;
}

void ToldRoutes::tell(const routing::ClientHello& hello,
                      const std::vector<routing::NodeRecord>& nodes,
                      routing::HelloReply& reply) const {
    if (hello.by_version) reply.version = version_;
    const auto name = [&](const Known& known) {
        const auto at =
            std::ranges::lower_bound(nodes, known.leader, {}, &routing::NodeRecord::node);
        const bool there = at != nodes.end() && at->node == known.leader;
        reply.leaders.push_back(there ? static_cast<std::uint16_t>(at - nodes.begin())
                                      : routing::kNoPlace);
        reply.terms.push_back(known.term.value);
    };
    Told told = since(hello);
    if (told.all)
        for (const Row& row : rows_) name(row.known);
    for (const PartitionId group : told.groups) name(rows_[group].known);
    reply.told = std::move(told.groups);
}

}  // namespace weft::node
