#pragma once
// What membership costs and how fast it is, measured in its simulated world.

#include "core/random.h"
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

// Different ones, in a drawn order.
std::vector<std::size_t> some_of(std::size_t members, std::size_t count, Random& random);

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

// Some read every packet half a second to two and a half late, their timers on time, and datagrams
// are lost; 120 s, with one crash of another member in the middle.
struct StarvedCell {
    std::size_t starved = 0;  // members
    unsigned loss = 0;        // of 1,000 datagrams
};
struct StarvedFigure {
    std::size_t false_deaths = 0;   // members that ran and were held for dead
    std::optional<Duration> first;  // somebody holds the crashed one for dead
};
StarvedFigure measure_starved(const SwimSetup& setup, const StarvedCell& cell);

// For `span` some members are bad company: nothing reaches them for 20 s, then all for 20 s (as the
// Rapid paper has it), or most datagrams from and to them are lost.
enum class Unstable : std::uint8_t { FlipFlop, Lossy };
struct UnstableFigure {
    std::size_t healthy_deaths = 0;  // others that somebody held for dead
    std::size_t found = 0;           // of the bad ones, by somebody
    std::uint64_t suspicions = 0;
    std::optional<Duration> healed;  // all see all again; nothing: not within two minutes
};
UnstableFigure measure_unstable(const SwimSetup& setup, Unstable kind, std::size_t bad,
                                Duration span);

}  // namespace weft::sim
