#include "sim/lifeguard_grid.h"

#include <algorithm>
#include <chrono>
#include <map>

namespace weft::sim {

namespace {

using namespace std::chrono_literals;

constexpr Duration kQuiesce = 15s;
constexpr Duration kSpan = 120s;
constexpr Duration kGridLook = 100ms;

void block(SwimWorld& world, const std::vector<std::size_t>& slow, Duration span,
           LifeguardStall stall) {
    const bool process = stall == LifeguardStall::Process;
    for (const std::size_t member : slow) process ? world.freeze(member) : world.block(member);
    world.run(span);
    for (const std::size_t member : slow) process ? world.thaw(member) : world.unblock(member);
}

void count(LifeguardFigure& figure, const SwimWorld& world, const std::vector<bool>& slow,
           Instant begun) {
    struct Found {
        Duration first{}, last{};
        std::size_t times = 0;
    };
    std::map<std::size_t, Found> found;
    const auto healthy = static_cast<std::size_t>(std::ranges::count(slow, false));
    for (const SwimDeath& death : world.deaths()) {
        if (death.at < begun) continue;
        if (!slow[death.subject]) {
            ++figure.false_positives;
            if (!slow[death.observer]) ++figure.false_positives_healthy;
        } else if (!slow[death.observer]) {
            Found& one = found[death.subject];
            if (one.times++ == 0) one.first = death.at - begun;
            if (one.times == healthy) one.last = death.at - begun;
        }
    }
    for (const auto& [subject, one] : found) {
        figure.first.push_back(one.first);
        if (one.times >= healthy) figure.full.push_back(one.last);
    }
}

}  // namespace

std::vector<LifeguardCell> lifeguard_cells(LifeguardExperiment experiment, bool few) {
    const bool once = experiment == LifeguardExperiment::Threshold;
    std::vector<unsigned> slow = {1, 4, 8, 12, 16, 20, 24, 28, 32};
    std::vector<Duration> blocked = {128ms, 512ms, 2048ms, 8192ms, 16384ms, 32768ms};
    std::vector<Duration> free = {1ms, 4ms, 16ms, 64ms, 256ms, 1024ms, 4096ms, 16384ms};
    if (few) {
        slow = {4, 16};
        blocked = {16384ms};
        free = {64ms};
    }
    if (once) free = {Duration{0}};
    std::vector<LifeguardCell> cells;
    for (const unsigned c : slow)
        for (const Duration d : blocked)
            for (const Duration i : free) cells.push_back({c, d, i});
    return cells;
}

void LifeguardFigure::add(const LifeguardFigure& other) {
    runs += other.runs;
    false_positives += other.false_positives;
    false_positives_healthy += other.false_positives_healthy;
    first.insert(first.end(), other.first.begin(), other.first.end());
    full.insert(full.end(), other.full.begin(), other.full.end());
    packets += other.packets;
    bytes += other.bytes;
}

LifeguardFigure run_lifeguard(const SwimSetup& setup, const LifeguardCell& cell,
                              LifeguardStall stall) {
    SwimWorld world(setup);
    world.boot_all();
    for (int i = 0; i < 100 && !world.all_see_all(); ++i) world.run(kGridLook);
    // Where in the periods of each member the block begins is chance.
    Random random = Random(setup.seed).stream("lifeguard begin");
    world.run(kQuiesce + random.between(Duration{0}, 1s));

    Random chance = Random(setup.seed).stream("lifeguard slow");
    const std::vector<std::size_t> slow = some_of(setup.members, cell.slow, chance);
    const Instant begun = world.now();
    const SwimTraffic before = world.traffic();
    block(world, slow, cell.blocked, stall);
    if (cell.free == Duration{0}) {
        while (world.now() - begun < kSpan && !world.all_see_all()) world.run(kGridLook);
    } else {
        while (world.now() - begun < kSpan) {
            world.run(cell.free);
            block(world, slow, cell.blocked, stall);
        }
    }

    LifeguardFigure figure;
    figure.runs = 1;
    figure.packets = world.traffic().packets - before.packets;
    figure.bytes = world.traffic().bytes - before.bytes;
    std::vector<bool> is_slow(world.size());
    for (const std::size_t member : slow) is_slow[member] = true;
    count(figure, world, is_slow, begun);
    return figure;
}

}  // namespace weft::sim
