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

enum class StoreKind : std::uint8_t {
    Memory,  // the reference
    Real,    // LMDB in a folder on tmpfs
    Mixed,   // one seed in five is real; the seed decides
};
std::optional<StoreKind> parse_store(std::string_view name);
std::string_view store_name(StoreKind store);

// Pure: the same arguments give the same schedule on every machine. The store changes nothing of
// the rest.
Schedule draw_schedule(std::uint64_t seed, Profile profile, StoreKind store = StoreKind::Memory);

// Nodes, partitions, clients, the fault kinds with their number and the real store, in one line.
std::string schedule_text(const Schedule& schedule);

}  // namespace weft::sim
