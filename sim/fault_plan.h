#pragma once
// Which fault families a seed has switched on, and how strong (swarm testing: every seed draws).

#include "core/random.h"
#include "core/time.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::sim {

enum class Family : std::uint8_t {
    Crash,      // one machine loses power, comes back later
    PowerLoss,  // all machines at once
    Pause,      // a process stands still, its input waits
    Partition,  // symmetric split
    OneWay,     // one direction of one link is cut
    Clog,       // one direction of one link waits
    Loss,
    Duplicate,
    Reorder,
    SlowNet,
    DiskStall,
    DiskDamage,  // a bit of one log record flips, on one machine at most
    ClockSkew,
    SmallSizes,  // buffers and batches of very few
};
inline constexpr std::size_t kFamilies = 14;
std::string_view family_name(Family family);

struct FaultPlan {
    std::array<bool, kFamilies> on{};
    Duration pause_between_max = std::chrono::seconds(2);  // between two faults
    bool has(Family family) const { return on[static_cast<std::size_t>(family)]; }
    bool any() const;
    std::string text() const;
    // Each family with probability 1/3; one seed in ten has none.
    static FaultPlan draw(Random& random);
};

}  // namespace weft::sim
