#pragma once
// One seed of the swarm of membership: a mesh, what befalls it, and whether the invariants held
// (docs/membership.md, "Its swarm": M1 to M5, M7 to M10).

#include "core/time.h"

#include <cstdint>
#include <string>
#include <vector>

namespace weft::sim {

enum class SwimFaultKind : std::uint8_t {
    Pause,    // a process stands still
    Silent,   // a host is gone, and back later
    Refused,  // a process is gone; its host refuses connections
    Leave,    // a member says good-bye, and is back later
    Block,    // the links of one member stand still
    Starve,   // one member reads late
    Lossy,    // datagrams are lost everywhere
    LossTo,   // most of those to one member
    LossFrom,
    Split,   // two sides
    OneWay,  // nothing from one member to another
    Pair,    // nothing between two
    Clock    // a tenth too fast or too slow, or an hour ahead at once
};
inline constexpr std::size_t kSwimFaultKinds = 13;

struct SwimFault {
    SwimFaultKind kind = SwimFaultKind::Pause;
    Duration at{};
    Duration span{};
    std::size_t member = 0;
    std::uint64_t strength = 0;  // of what the kind says
};

struct SwimSchedule {
    std::uint64_t seed = 0;
    std::size_t members = 0;
    unsigned repeat_one_in = 0;
    unsigned misdeliver_one_in = 0;
    std::vector<SwimFault> faults;  // by time
};
SwimSchedule draw_swim_schedule(std::uint64_t seed);

struct SwimReport {
    std::uint64_t seed = 0;
    std::string violation;  // empty: all held
    std::string plan;
    std::uint64_t trace_hash = 0;
    std::uint64_t steps = 0;
    std::uint64_t suspicions = 0;
    std::uint64_t deaths = 0;
    Duration healed{};  // until all saw all when all was over
    bool ok() const { return violation.empty(); }
};
SwimReport run_swim(const SwimSchedule& schedule);
SwimReport run_swim_seed(std::uint64_t seed);

}  // namespace weft::sim
