#include "routing/placement.h"

#include "core/byte_io.h"
#include "core/invariant.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace weft::routing {

namespace {

constexpr std::size_t kMeshGroupReplicas = 5;

// The nodes by NodeId, one zone after the other in turn, so that neighbours lie in different zones
// as long as the zones last. Nodes without a zone are each a zone of their own.
std::vector<const NodeRecord*> interleaved(const std::vector<NodeRecord>& founders) {
    std::map<std::string, std::vector<const NodeRecord*>> zones;
    for (const NodeRecord& record : founders) {
        const std::string zone = record.zone.empty() ? "/" + record.node.hex() : "." + record.zone;
        zones[zone].push_back(&record);
    }
    std::vector<const NodeRecord*> order;
    for (std::size_t turn = 0; order.size() < founders.size(); ++turn)
        for (const auto& [name, nodes] : zones)
            if (turn < nodes.size()) order.push_back(nodes[turn]);
    return order;
}

bool shares_zone(const NodeRecord& a, const NodeRecord& b) {
    return !a.zone.empty() && a.zone == b.zone;
}
bool shares_host(const NodeRecord& a, const NodeRecord& b) {
    return !a.host.empty() && a.host == b.host;
}

// Chooses the replica sets group after group; leaders go round robin, followers to the emptiest
// node in a zone (then host) that the group does not use yet.
class Chooser {
public:
    explicit Chooser(const std::vector<NodeRecord>& founders)
        : order_(interleaved(founders)), load_(order_.size(), 0) {}

    std::vector<NodeId> choose(std::size_t turn, std::size_t replicas) {
        const std::size_t first = turn % order_.size();
        chosen_.assign(1, first);
        while (chosen_.size() < replicas) chosen_.push_back(best(first));
        std::vector<NodeId> nodes;
        for (const std::size_t place : chosen_) {
            ++load_[place];
            nodes.push_back(order_[place]->node);
        }
        return nodes;
    }

private:
    std::size_t best(std::size_t first) const {
        using Cost = std::tuple<std::size_t, std::size_t, std::size_t, std::size_t>;
        Cost least{};
        std::size_t found = order_.size();
        for (std::size_t step = 1; step < order_.size(); ++step) {
            const std::size_t place = (first + step) % order_.size();
            if (std::find(chosen_.begin(), chosen_.end(), place) != chosen_.end()) continue;
            std::size_t zones = 0, hosts = 0;
            for (const std::size_t other : chosen_) {
                if (shares_zone(*order_[place], *order_[other])) ++zones;
                if (shares_host(*order_[place], *order_[other])) ++hosts;
            }
            const Cost cost{zones, hosts, load_[place], step};
            if (found == order_.size() || cost < least) {
                least = cost;
                found = place;
            }
        }
        return found;
    }

    std::vector<const NodeRecord*> order_;
    std::vector<std::size_t> load_;
    std::vector<std::size_t> chosen_;
};

}  // namespace

PlacementTable PlacementTable::first(const Genesis& genesis) {
    PlacementTable table;
    table.epoch_ = Epoch{1};
    table.offsets_.push_back(0);
    std::vector<NodeRecord> founders = genesis.founders;
    std::sort(founders.begin(), founders.end(),
              [](const NodeRecord& a, const NodeRecord& b) { return a.node < b.node; });
    const auto close_group = [&] {
        table.offsets_.push_back(static_cast<std::uint32_t>(table.nodes_.size()));
    };
    for (std::size_t i = 0; i < std::min(kMeshGroupReplicas, founders.size()); ++i)
        table.nodes_.push_back(founders[i].node);
    close_group();
    const std::size_t replicas = std::min<std::size_t>(genesis.replicas, founders.size());
    Chooser chooser(founders);
    for (std::uint32_t turn = 0; turn < genesis.groups; ++turn) {
        const std::vector<NodeId> nodes = chooser.choose(turn, replicas);
        table.nodes_.insert(table.nodes_.end(), nodes.begin(), nodes.end());
        close_group();
    }
    return table;
}

std::span<const NodeId> PlacementTable::replicas(PartitionId group) const {
    WEFT_INVARIANT(group.value < groups(), "group {} of {}", group.value, groups());
    const std::uint32_t begin = offsets_[group.value];
    return {nodes_.data() + begin, offsets_[group.value + 1] - begin};
}

bool PlacementTable::hosts(NodeId node, PartitionId group) const {
    const auto nodes = replicas(group);
    return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

Digest PlacementTable::digest() const {
    std::string bytes;
    ByteWriter out(bytes);
    out.put(epoch_.value);
    out.put(groups());
    for (std::uint32_t group = 0; group < groups(); ++group) {
        const auto nodes = replicas(PartitionId{group});
        out.put(static_cast<std::uint8_t>(nodes.size()));
        for (const NodeId& node : nodes) out.put_id(node);
    }
    return xxh3_128(bytes);
}

}  // namespace weft::routing
