#include "sim/lead_in_turn.h"

#include "routing/messages.h"

#include <cstdint>
#include <optional>
#include <string>

namespace weft::sim {
namespace {

// Whoever can lead of the slot, seen from its leader.
std::optional<std::size_t> wanted(const World& world, PartitionId group, std::size_t leader,
                                  std::size_t slot) {
    const auto& members = world.machine(leader).node().partition(group).replica().config().members;
    if (slot >= members.size()) return std::nullopt;
    for (std::size_t i = 0; i < world.machines(); ++i) {
        const Machine& machine = world.machine(i);
        if (machine.record().node != members[slot].node || world.lost(i) || !machine.alive() ||
            machine.paused() || !machine.node().hosts(group) ||
            machine.node().partition(group).status().damaged)
            continue;
        return i;
    }
    return std::nullopt;
}

}  // namespace

void ask_to_lead(World& world, std::size_t slot) {
    for (std::uint32_t g = 0; g <= world.schedule().config.partitions; ++g) {
        const auto leader = world.leader_of(PartitionId{g});
        const auto next = leader ? wanted(world, PartitionId{g}, *leader, slot) : std::nullopt;
        if (!next || *next == *leader) continue;
        routing::AdminRequest request;
        request.verb = "transfer";
        request.arguments = {std::to_string(g), world.machine(*next).record().name};
        world.machine(*leader).event(node::FromClient{ClientRef{}, std::move(request)});
    }
}

bool leads_all(const World& world, std::size_t slot) {
    for (std::uint32_t g = 0; g <= world.schedule().config.partitions; ++g) {
        const auto leader = world.leader_of(PartitionId{g});
        if (!leader) return false;
        if (const auto next = wanted(world, PartitionId{g}, *leader, slot);
            next && *next != *leader)
            return false;
    }
    return true;
}

}  // namespace weft::sim
