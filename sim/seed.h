#pragma once
// One seed from draw to verdict: warm-up, chaos, heal, audit.

#include "entity/type.h"
#include "sim/world.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>

namespace weft::sim {

struct SeedReport {
    std::uint64_t seed = 0;
    std::string violation;  // empty: all promises held
    std::string plan;       // machines, groups, fault families
    std::uint64_t trace_hash = 0;
    std::uint64_t operations = 0, done = 0, rejected = 0, not_done = 0, unknown = 0;
    std::uint64_t committed = 0;
    std::uint64_t frames = 0;
    std::int64_t virtual_ms = 0;
    std::array<std::uint64_t, kFamilies> faults{};
    bool ok() const { return violation.empty(); }
};

struct SwarmOptions {
    Duration chaos = std::chrono::seconds(12);
    Duration liveness = std::chrono::seconds(30);  // after heal: leaders everywhere
    bool no_faults = false;                        // every family off: nothing without cause (I22)
    std::FILE* trace = nullptr;                    // log lines of all nodes
};

// Draws the world of `seed` and runs it. Broken invariants end the seed and are reported, not
// fatal: the process-wide handler is replaced for the time of the call.
SeedReport run_seed(std::uint64_t seed, const entity::TypeTable& types,
                    const SwarmOptions& options = {});

}  // namespace weft::sim
