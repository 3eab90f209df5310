#include "node/roster.h"

#include "core/hash.h"

#include <fmt/core.h>

#include <algorithm>

namespace weft::node {

Roster::Roster(const routing::Genesis& genesis) {
    for (const routing::NodeRecord& founder : genesis.founders) add(founder, NodeState::Founder);
    changed();
}

bool Roster::admit(const routing::NodeRecord& record) {
    return add(record, NodeState::Admitted) && changed();
}

bool Roster::add(const routing::NodeRecord& record, NodeState state) {
    const auto [known, is_new] = known_.try_emplace(record.node, Known{record.name, state});
    if (known->second.state == NodeState::Retired) return false;
    const auto place =
        std::ranges::lower_bound(records_, record.node, {}, &routing::NodeRecord::node);
    if (is_new)
        records_.insert(place, record);
    else if (*place == record)
        return false;
    else
        *place = record;
    known->second.name = record.name;
    return true;
}

bool Roster::drain(NodeId node) {
    if (!in_service(node)) return false;
    known_.at(node).state = NodeState::Draining;
    return changed();
}

bool Roster::retire(NodeId node) {
    if (find(node) == nullptr) return false;
    std::erase_if(records_, [&](const routing::NodeRecord& one) { return one.node == node; });
    known_.at(node).state = NodeState::Retired;
    return changed();
}

bool Roster::changed() {
    ++version_;
    Xxh3Stream sum;
    for (const routing::NodeRecord& record : records_) {
        sum.update(record.node.hex());
        sum.update(fmt::format("{} {}", record.name.size(), record.name));
        sum.update(fmt::format("{} {}", record.client_address.size(), record.client_address));
    }
    digest_ = std::max<std::uint64_t>(sum.digest64(), 1);
    return true;
}

std::vector<NodeId> Roster::nodes() const {
    std::vector<NodeId> nodes;
    for (const routing::NodeRecord& record : records_) nodes.push_back(record.node);
    return nodes;
}

const routing::NodeRecord* Roster::find(NodeId node) const {
    const auto found = std::ranges::lower_bound(records_, node, {}, &routing::NodeRecord::node);
    return found != records_.end() && found->node == node ? &*found : nullptr;
}

std::optional<NodeState> Roster::state(NodeId node) const {
    const auto found = known_.find(node);
    if (found == known_.end()) return std::nullopt;
    return found->second.state;
}

bool Roster::in_service(NodeId node) const {
    const auto now = state(node);
    return now == NodeState::Founder || now == NodeState::Admitted;
}

std::string Roster::name_of(NodeId node) const {
    const auto found = known_.find(node);
    return found != known_.end() && !found->second.name.empty() ? found->second.name
                                                                : node.hex().substr(0, 8);
}

void Roster::tell(const routing::ClientHello& hello, routing::HelloReply& reply) const {
    if (hello.by_version) reply.nodes_digest = digest_;
    if (hello.by_version && hello.nodes_digest == digest_) return;
    for (const routing::NodeRecord& record : records_)
        reply.nodes.push_back({record.node, record.name, record.client_address});
}

}  // namespace weft::node
