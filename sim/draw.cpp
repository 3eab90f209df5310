// Swarm testing: every seed draws which families of faults are on and how strong, then each of its
// faults with everything that will be random about it.

#include "core/random.h"
#include "sim/draw_compound.h"
#include "sim/draw_config.h"
#include "sim/schedule.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>
#include <tuple>

namespace weft::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How the faults of one kind are drawn. Strength is per seed: `amount` in [low, high], `between`
// up to max; span per fault.
struct Family {
    FaultKind kind;
    Duration lasts_min, lasts_max;
    std::int64_t low, high;
    std::uint64_t rarity;  // times the drawn distance between two faults
};

constexpr Family kFamilies[] = {
    {FaultKind::Crash, milliseconds(5), seconds(4), 0, 0, 1},
    {FaultKind::CrashAtEffect, milliseconds(5), seconds(2), 1, 40, 1},
    {FaultKind::CrashLoop, seconds(1), seconds(4), 20, 900, 4},
    {FaultKind::PowerLoss, milliseconds(10), seconds(2), 0, 0, 3},
    {FaultKind::Pause, milliseconds(10), seconds(5), 0, 0, 1},
    {FaultKind::Split, milliseconds(50), seconds(6), 0, 0, 1},
    {FaultKind::Sides, milliseconds(300), seconds(3), 0, 0, 1},
    {FaultKind::Cut, milliseconds(50), seconds(6), 0, 0, 1},
    {FaultKind::Mesh, milliseconds(200), seconds(6), 0, 0, 2},
    {FaultKind::Flap, milliseconds(500), seconds(6), 10, 700, 2},
    {FaultKind::Clog, milliseconds(50), seconds(6), 0, 0, 1},
    {FaultKind::SlowPeer, milliseconds(200), seconds(6), 500, 250'000, 1},
    {FaultKind::Loss, milliseconds(500), seconds(12), 1, 300, 2},
    {FaultKind::Duplicate, milliseconds(500), seconds(12), 1, 500, 2},
    {FaultKind::Reorder, milliseconds(500), seconds(12), 1, 1, 2},
    {FaultKind::Delay, milliseconds(500), seconds(12), 200, 200'000, 2},
    {FaultKind::Ghost, milliseconds(10), seconds(9), 0, 0, 1},
    {FaultKind::FormerBoot, milliseconds(5), seconds(2), 0, 0, 2},
    {FaultKind::Stall, milliseconds(10), seconds(5), 0, 0, 1},
    {FaultKind::SlowDisk, milliseconds(200), seconds(6), 5, 1000, 1},
    {FaultKind::SlowFetch, milliseconds(200), seconds(8), 1000, 400'000, 1},
    {FaultKind::SyncError, milliseconds(100), seconds(4), 0, 0, 3},
    {FaultKind::Full, milliseconds(200), seconds(5), 0, 512, 2},
    {FaultKind::ClockRate, milliseconds(500), seconds(12), -10'000, 10'000, 2},
    {FaultKind::ClockOffset, milliseconds(500), seconds(8), -4'000, 4'000, 2},
    {FaultKind::ClockJump, {}, {}, 1, 3'000, 2},
    {FaultKind::ClockFreeze, milliseconds(10), seconds(3), 0, 0, 2},
};

// Kinds that make a disk lie: on one machine per run, so that good copies remain elsewhere.
constexpr Family kLies[] = {
    {FaultKind::BitFlip, {}, {}, 0, 0, 1},
    {FaultKind::Vanish, {}, {}, 0, 0, 1},
    {FaultKind::Swap, {}, {}, 0, 0, 1},
};

std::uint64_t all_nodes(const RunConfig& config) {
    return (std::uint64_t{1} << (config.nodes - 1) << 1) - 1;
}

class Drawing {
public:
    Drawing(std::uint64_t seed, Schedule& schedule)
        : random_(Random(seed).stream("faults")), schedule_(schedule) {}

    // Every family with probability 1 in `one_in`; one seed in ten has none.
    void swarm(std::uint64_t one_in) {
        if (random_.chance(1, 10)) return;
        for (const Family& family : kFamilies) {
            Random own = random_.stream(fmt::format("family {}", fault_name(family.kind)));
            if (own.chance(1, one_in)) draw_family(family, own);
        }
        crash_all();
        lies(one_in);
        draw_left_behind(schedule_, random_.stream("left behind"));
        draw_late_pages(schedule_, random_.stream("late pages"));
        draw_swept_rows(schedule_, random_.stream("swept rows"));
        draw_damaged_tails(schedule_, random_.stream("damaged tails"));
        draw_last_one_killed(schedule_, random_.stream("last one killed"));
        draw_lost_disk(schedule_, random_.stream("lost disk"));
        core();
        in_order();
    }
    void family(FaultKind kind, std::uint64_t times) {
        Random own = random_.stream(fmt::format("family {}", fault_name(kind)));
        for (const Family& family : kFamilies)
            if (family.kind == kind)
                for (std::uint64_t i = 0; i < times; ++i) add(family, any_moment(own), own);
    }
    void in_order() {
        // By everything that can differ, so that equal times have one order.
        std::ranges::sort(schedule_.faults, {}, [](const FaultEvent& event) {
            return std::tuple(event.at, event.kind, event.a, event.b, event.salt);
        });
    }

private:
    const RunConfig& config() const { return schedule_.config; }
    Duration begin() const { return chaos_begins(config()); }
    Duration chaos() const { return of_ms(config().chaos_ms); }
    Duration any_moment(Random& own) const { return begin() + own.between({}, chaos()); }

    void draw_family(const Family& family, Random& own) {
        const Duration between =
            own.between(milliseconds(400), seconds(5)) * static_cast<std::int64_t>(family.rarity);
        Duration at = begin();
        for (;;) {
            at += own.between(between / 4, between * 2);
            if (at >= begin() + chaos()) return;
            add(family, at, own);
        }
    }

    void add(const Family& family, Duration at, Random& own) {
        FaultEvent event;
        event.at = at;
        event.kind = family.kind;
        event.a = static_cast<std::uint32_t>(own.below(config().nodes));
        event.b = static_cast<std::uint32_t>(own.below(config().nodes));
        event.lasts = own.between(family.lasts_min, family.lasts_max);
        // Strengths are spread over orders of magnitude: small ones matter, too.
        const std::int64_t range = family.high - family.low;
        const auto shift = static_cast<int>(own.below(6));
        event.amount = family.low < 0 ? family.low + up_to(own, range)
                                      : family.low + up_to(own, range >> shift);
        event.salt = own.next();
        if (!shape(event, own)) return;
        // Half of the time where it hurts.
        if (can_aim(event.kind) && event.salt >> 63 != 0) event.a = kLeader;
        schedule_.faults.push_back(event);
    }
    static bool can_aim(FaultKind kind) {
        switch (kind) {
            case FaultKind::Crash:
            case FaultKind::CrashAtEffect:
            case FaultKind::CrashLoop:
            case FaultKind::Pause:
            case FaultKind::Sides:
            case FaultKind::Cut:
            case FaultKind::Flap:
            case FaultKind::Clog:
            case FaultKind::SlowPeer:
            case FaultKind::Stall:
            case FaultKind::SlowDisk:
            case FaultKind::SlowFetch:
            case FaultKind::SyncError:
            case FaultKind::Full:
                return true;
            default:
                return false;
        }
    }

    // Targets that are more than one node; false when the mesh is too small for such a fault.
    bool shape(FaultEvent& event, Random& own) const {
        const std::uint64_t nodes = config().nodes;
        switch (event.kind) {
            case FaultKind::Split: {
                std::uint64_t side = std::uint64_t{1} << event.a;
                for (std::uint64_t i = 0; i < nodes; ++i)
                    if (own.chance(1, 4)) side |= std::uint64_t{1} << i;
                event.amount = static_cast<std::int64_t>(side);
                return nodes > 1;
            }
            case FaultKind::Sides:
                event.amount = static_cast<std::int64_t>(
                    own.below(std::uint64_t{1} << std::min<std::uint64_t>(config().clients, 62)));
                return nodes > 1;
            case FaultKind::Mesh:
                return nodes > 2;
            case FaultKind::Loss:
            case FaultKind::Duplicate:
            case FaultKind::Reorder:
            case FaultKind::Delay:
                if (own.chance(2, 3)) event.a = kEveryone;
                if (own.chance(2, 3)) event.b = kEveryone;
                return true;
            case FaultKind::Ghost:
                if (own.chance(1, 2)) event.b = kEveryone;
                return nodes > 1;
            case FaultKind::Cut:
            case FaultKind::Clog:
            case FaultKind::Flap:
                // A client's connection may be hit, too.
                if (own.chance(1, 4))
                    event.b = static_cast<std::uint32_t>(nodes + own.below(config().clients));
                return event.a != event.b;
            case FaultKind::Full:
                if (own.chance(1, 2)) event.amount = 0;
                return true;
            case FaultKind::ClockOffset:
                // Now and then a minute or a whole hour, ahead on one machine only: what a quorum
                // of wrong clocks stamps, the others must live with.
                if (own.chance(1, 5)) {
                    event.amount = -3'600'000;
                } else if (nodes > 1 && own.chance(1, 4)) {
                    event.amount = own.chance(1, 2) ? 3'600'000 : 60'000;
                    event.a = static_cast<std::uint32_t>(random_.stream("clock").below(nodes));
                }
                return true;
            default:
                return true;
        }
    }

    void crash_all() {
        Random own = random_.stream("all in a crash loop");
        for (FaultEvent& event : schedule_.faults)
            if (event.kind == FaultKind::CrashLoop && own.chance(1, 4)) event.a = kEveryone;
    }

    void lies(std::uint64_t one_in) {
        Random own = random_.stream("lies");
        const auto victim = static_cast<std::uint32_t>(own.below(config().nodes));
        const bool everywhere = own.chance(1, 8);
        if (config().nodes < 3) return;
        for (const Family& family : kLies) {
            if (!own.chance(1, one_in)) continue;
            const std::size_t before = schedule_.faults.size();
            draw_family(family, own);
            for (std::size_t i = before; i < schedule_.faults.size(); ++i) {
                FaultEvent& event = schedule_.faults[i];
                if (!everywhere) event.a = victim;
                // Mostly the log; rows, the hard state and the base now and then.
                event.amount = own.chance(3, 4) ? 0 : static_cast<std::int64_t>(1 + own.below(3));
                if (everywhere) event.amount = 0;
            }
        }
        draw_restarts_at_damage(schedule_, random_.stream("damage at restarts"));
        // Beyond the budget of one machine a group may rightly refuse; it must not lose.
        if (everywhere) schedule_.config.may_refuse = 1;
    }

    // Which nodes stay broken while a quorum core heals: so few that every group keeps a quorum.
    void core() {
        Random own = random_.stream("core");
        const std::uint64_t replicas = std::min(config().replicas, config().nodes);
        const std::uint64_t broken_max = replicas - (replicas / 2 + 1);
        std::uint64_t lying = 0;
        for (const FaultEvent& event : schedule_.faults)
            if (event.kind == FaultKind::BitFlip || event.kind == FaultKind::Vanish ||
                event.kind == FaultKind::Swap || event.kind == FaultKind::Wipe ||
                event.kind == FaultKind::Rollback)
                lying |= std::uint64_t{1} << event.a;
        for (std::uint64_t i = 0; i < broken_max; ++i) {
            const std::uint64_t bit = std::uint64_t{1} << own.below(config().nodes);
            if (own.chance(1, 2)) schedule_.config.core_broken |= bit;
            if (own.chance(1, 2)) schedule_.config.core_cut |= bit;
        }
        // A disk that lied may still be at its repair: only it may be missing then.
        if (lying != 0) schedule_.config.core_broken &= lying;
        if (std::popcount(lying) > 1) schedule_.config.core_broken = 0;
        schedule_.config.core_broken &= all_nodes(config());
        schedule_.config.core_cut &= schedule_.config.core_broken;
        if (schedule_.config.core_broken != 0)
            schedule_.config.core_stays = random_.stream("core stays").chance(1, 2) ? 1 : 0;
    }

    Random random_;
    Schedule& schedule_;
};

// In half of the seeds the store works in the smallest slices: removals and moves of the log then
// take many rounds, with a crash between them.
void draw_store(RunConfig& config, Profile profile, Random& random) {
    config.real_store = 1;
    if (profile == Profile::Standard || random.chance(1, 2)) return;
    config.erase_slice_chunks = 1 + random.below(8);
    config.trim_chunks_min = 1 + random.below(8);
    config.log_slack_bytes = random.below(std::uint64_t{1} << (8 + random.below(9)));
}

Schedule standard(std::uint64_t seed) {
    Schedule schedule;
    schedule.seed = seed;
    RunConfig& config = schedule.config;
    config.nodes = 5;
    config.partitions = 64;
    config.clients = 8;
    config.entities = 100;
    config.pipeline = 8;
    config.ops_per_second = 200;
    config.warm_up_ms = 3000;
    config.chaos_ms = 120'000;
    config.check_steps = 1021;
    Drawing drawing(seed, schedule);
    for (const FaultKind kind :
         {FaultKind::Crash, FaultKind::CrashAtEffect, FaultKind::Pause, FaultKind::Split,
          FaultKind::Cut, FaultKind::Clog, FaultKind::SlowPeer, FaultKind::Loss,
          FaultKind::Duplicate, FaultKind::Reorder, FaultKind::Delay, FaultKind::Ghost,
          FaultKind::Stall, FaultKind::SlowDisk, FaultKind::SlowFetch, FaultKind::ClockRate})
        drawing.family(kind, 3);
    drawing.family(FaultKind::PowerLoss, 1);
    drawing.in_order();
    return schedule;
}

}  // namespace

Schedule draw_schedule(std::uint64_t seed, Profile profile, StoreKind store) {
    Schedule schedule;
    if (profile == Profile::Standard) {
        schedule = standard(seed);
    } else {
        schedule.seed = seed;
        schedule.config = draw_config(Random(seed).stream("swarm"));
        if (profile == Profile::Swarm) Drawing(seed, schedule).swarm(4);
    }
    Random random = Random(seed).stream("store");
    const bool drawn_real = random.chance(1, 5);
    if (store == StoreKind::Real || (store == StoreKind::Mixed && drawn_real))
        draw_store(schedule.config, profile, random);
    return schedule;
}

}  // namespace weft::sim
