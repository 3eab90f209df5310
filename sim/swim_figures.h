#pragma once
// What membership costs and how fast it is, measured in its simulated world.

#include "membership/options.h"
#include "sim/swim_world.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace weft::sim {

// Which rules are on. Swim and Lifeguard: those of the paper that compared them.
enum class SwimArm : std::uint8_t { Weft, Swim, Lifeguard };
std::optional<SwimArm> parse_swim_arm(std::string_view text);
membership::Options swim_options(SwimArm arm);

// At `part` of a hundred; 0 of nothing. Sorts.
Duration percentile(std::vector<Duration>& spans, unsigned part);

struct JoinFigure {
    std::optional<Duration> all_see_all;  // nothing: not within two minutes
    double bytes_per_member = 0;
};
// All start within `within` of each other.
JoinFigure measure_join(const SwimSetup& setup, Duration within);

struct IdleFigure {
    double bytes_per_second = 0;  // of one member
    double packets_per_second = 0;
    double busiest_packets_per_second = 0;
    std::uint64_t suspicions = 0;
};
// After all have met.
IdleFigure measure_idle(const SwimSetup& setup, Duration span);

struct CrashFigure {
    Duration first{}, median{}, last{};  // of those who hold it for dead
    std::size_t missed = 0;              // who do not after two minutes
    std::size_t false_deaths = 0;        // of others
};
CrashFigure measure_crash(const SwimSetup& setup, bool refuses);

}  // namespace weft::sim
