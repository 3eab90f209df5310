#include "sim/each_ready.h"

namespace weft::sim {

EachReady::EachReady(const World& world, std::uint64_t except) : world_(world), except_(except) {
    for (std::uint32_t g = 0; g <= world.schedule().config.partitions; ++g)
        unserved_.insert(PartitionId{g});
    for (std::size_t i = 0; i < world.machines(); ++i) {
        if ((except >> i & 1) != 0 || world.lost(i)) continue;
        for (const PartitionId group : unserved_) leaderless_.insert({i, group});
    }
}

bool EachReady::look() {
    std::erase_if(unserved_, [this](PartitionId group) {
        return world_.leader_of(group, except_).has_value();
    });
    std::erase_if(leaderless_, [this](const auto& each) {
        const Machine& machine = world_.machine(each.first);
        if (!machine.alive() || machine.paused()) return false;
        const node::Node& node = machine.node();
        return !node.hosts(each.second) || node.partition(each.second).status().leader.has_value();
    });
    return unserved_.empty() && leaderless_.empty();
}

}  // namespace weft::sim
