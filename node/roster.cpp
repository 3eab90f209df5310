#include "node/roster.h"

#include "core/hash.h"

#include <fmt/core.h>

#include <algorithm>

namespace weft::node {

Roster::Roster(const routing::Genesis& genesis) : records_(genesis.founders) {
    std::ranges::sort(records_, {}, &routing::NodeRecord::node);
    Xxh3Stream sum;
    for (const routing::NodeRecord& record : records_) {
        sum.update(record.node.hex());
        sum.update(fmt::format("{} {}", record.name.size(), record.name));
        sum.update(fmt::format("{} {}", record.client_address.size(), record.client_address));
    }
    digest_ = std::max<std::uint64_t>(sum.digest64(), 1);
}

const routing::NodeRecord* Roster::find(NodeId node) const {
    const auto found = std::ranges::lower_bound(records_, node, {}, &routing::NodeRecord::node);
    return found != records_.end() && found->node == node ? &*found : nullptr;
}

std::string Roster::name_of(NodeId node) const {
    const routing::NodeRecord* record = find(node);
    return record != nullptr && !record->name.empty() ? record->name : node.hex().substr(0, 8);
}

}  // namespace weft::node
