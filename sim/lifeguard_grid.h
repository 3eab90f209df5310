#pragma once
// The experiments that Lifeguard was compared with SWIM in (arXiv 1707.00788, V): of 128 members
// some are blocked, all at once, and it is counted whom the others and they themselves hold for
// dead.

#include "sim/swim_figures.h"
#include "sim/swim_world.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace weft::sim {

struct LifeguardCell {
    unsigned slow = 0;  // how many are blocked
    Duration blocked{};
    Duration free{};  // between one block and the next; zero: there is one block only
};
enum class LifeguardExperiment : std::uint8_t { Threshold, Interval };
// All cells of the paper, or so few that every change can run them.
std::vector<LifeguardCell> lifeguard_cells(LifeguardExperiment experiment, bool few);

struct LifeguardFigure {
    std::uint64_t runs = 0;
    // Events: a member that was not blocked is held for dead; the same, by one that was not either.
    std::uint64_t false_positives = 0;
    std::uint64_t false_positives_healthy = 0;
    // Of blocked members, at those who were not: the first of them, and all of them.
    std::vector<Duration> first, full;
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;

    void add(const LifeguardFigure& other);
};
// The program of the paper stands still where it sends or receives, and its timers run beside that;
// the driver of weft has one thread, so that all of it stands still, and reads before it looks at
// the time. Both are a process that stops; on `links` it is the network alone.
enum class LifeguardStall : std::uint8_t { Process, Links };
// The setup's seed chooses who is blocked, too.
LifeguardFigure run_lifeguard(const SwimSetup& setup, const LifeguardCell& cell,
                              LifeguardStall stall);

}  // namespace weft::sim
