#include "node/told_routes.h"

#include <algorithm>

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

}  // namespace weft::node
