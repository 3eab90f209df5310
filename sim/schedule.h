#pragma once
// A run before it runs: configuration, the seed of the workload and of all delays, and the list of
// faults. The same schedule gives the same run; leaving faults out leaves the others as they are.

#include "sim/fault_event.h"
#include "sim/run_config.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::sim {

struct Schedule {
    std::uint64_t seed = 1;
    RunConfig config;
    std::vector<FaultEvent> faults;  // by time; equal times: in this order
    bool fault_free() const { return faults.empty() && config.core_broken == 0; }
    bool operator==(const Schedule&) const = default;
};

enum class Profile : std::uint8_t {
    Swarm,     // the seed draws everything
    NoFaults,  // as Swarm, every fault left out: nothing without cause (I22)
    Standard,  // 5 nodes, 64 partitions, 200 operations per virtual second, faults on
};
std::optional<Profile> parse_profile(std::string_view name);
std::string_view profile_name(Profile profile);

// Pure: the same seed and profile give the same schedule on every machine.
Schedule draw_schedule(std::uint64_t seed, Profile profile);

// Nodes, partitions, clients and the fault kinds with their number, in one line.
std::string schedule_text(const Schedule& schedule);

}  // namespace weft::sim
