#include "sim/swim_swarm.h"

#include "core/invariant.h"
#include "core/random.h"
#include "core/sort_stably.h"
#include "membership/suspicion.h"
#include "sim/swim_world.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

namespace weft::sim {

using membership::MemberState;

namespace {

using namespace std::chrono_literals;

constexpr Duration kMeet = 20s;
constexpr Duration kChaos = 60s;
// All is over for so long, at the latest, when all must see all.
constexpr Duration kHealMax = 60s;
constexpr Duration kSwarmLook = 100ms;

constexpr std::string_view kNames[] = {"pause",   "silent", "refused", "leave",     "block",
                                       "starve",  "lossy",  "loss_to", "loss_from", "split",
                                       "one_way", "pair",   "clock"};
static_assert(std::size(kNames) == kSwimFaultKinds);

struct Violation {
    std::string text;
};

void throw_violation(const BrokenInvariant& broken) {
    throw Violation{
        fmt::format("{} ({}:{}): {}", broken.condition, broken.file, broken.line, broken.message)};
}

Duration longest(SwimFaultKind kind) {
    switch (kind) {
        case SwimFaultKind::Pause:
        case SwimFaultKind::Block:
            return 12s;
        case SwimFaultKind::Silent:
        case SwimFaultKind::Refused:
        case SwimFaultKind::Leave:
        case SwimFaultKind::Split:
            return 40s;
        default:
            return 20s;
    }
}

class Run {
public:
    Run(SwimWorld& world, const SwimSchedule& schedule) : world_(world), schedule_(schedule) {}

    void play(SwimReport& report) {
        world_.boot_all();
        world_.run(kMeet);
        if (!world_.all_see_all()) world_.fail("not all have met");
        world_.repeat(schedule_.repeat_one_in);
        world_.misdeliver(schedule_.misdeliver_one_in);
        chaos();
        heal(report);
        crash_in_quiet();
        if (world_.false_alarms() != 0) {
            const auto alarm = std::ranges::find(world_.deaths(), true, &SwimDeath::false_alarm);
            world_.fail(fmt::format("M1: {} held {} for dead, and both were well", alarm->observer,
                                    alarm->subject));
        }
    }

private:
    struct Turn {
        Duration at{};
        std::size_t fault = 0;
        bool begins = false;
    };

    void chaos() {
        std::vector<Turn> turns;
        for (std::size_t i = 0; i < schedule_.faults.size(); ++i) {
            turns.push_back({schedule_.faults[i].at, i, true});
            turns.push_back({schedule_.faults[i].at + schedule_.faults[i].span, i, false});
        }
        sort_stably(turns, &Turn::at);
        const Instant begun = world_.now();
        for (const Turn& turn : turns) {
            world_.run(begun + turn.at - world_.now());
            turn.begins ? begin(turn.fault) : end(turn.fault);
        }
    }

    void begin(std::size_t index) {
        const SwimFault& fault = schedule_.faults[index];
        switch (fault.kind) {
            case SwimFaultKind::Pause:
                return world_.freeze(fault.member);
            case SwimFaultKind::Silent:
            case SwimFaultKind::Refused:
                return world_.crash(fault.member, fault.kind == SwimFaultKind::Refused);
            case SwimFaultKind::Leave:
                return world_.leave(fault.member);
            case SwimFaultKind::Block:
                return world_.block(fault.member);
            case SwimFaultKind::Starve:
                return world_.starve(fault.member, 500ms, 2500ms);
            case SwimFaultKind::Lossy:
                return world_.lose(static_cast<unsigned>(fault.strength % 200));
            case SwimFaultKind::LossTo:
                return world_.lose_to(fault.member, static_cast<unsigned>(fault.strength % 900));
            case SwimFaultKind::LossFrom:
                return world_.lose_from(fault.member, static_cast<unsigned>(fault.strength % 900));
            case SwimFaultKind::Clock:
                return fault.strength % 3 == 0
                           ? world_.set_clock(fault.member, 0, 1h)
                           : world_.set_clock(fault.member,
                                              fault.strength % 3 == 1 ? 100'000 : -100'000, {});
            default:
                cuts_.push_back(index);
                return cut();
        }
    }

    void end(std::size_t index) {
        const SwimFault& fault = schedule_.faults[index];
        switch (fault.kind) {
            case SwimFaultKind::Pause:
                return world_.thaw(fault.member);
            case SwimFaultKind::Silent:
            case SwimFaultKind::Refused:
            case SwimFaultKind::Leave:
                return world_.boot(fault.member);
            case SwimFaultKind::Block:
                return world_.unblock(fault.member);
            case SwimFaultKind::Starve:
                return world_.starve(fault.member, {}, {});
            case SwimFaultKind::Lossy:
                return world_.lose(0);
            case SwimFaultKind::LossTo:
                return world_.lose_to(fault.member, 0);
            case SwimFaultKind::LossFrom:
                return world_.lose_from(fault.member, 0);
            case SwimFaultKind::Clock:
                return world_.set_clock(fault.member, 0, {});
            default:
                std::erase(cuts_, index);
                return cut();
        }
    }

    void cut() {
        if (cuts_.empty()) return world_.cut({});
        world_.cut([this](std::size_t from, std::size_t to) {
            return std::ranges::any_of(cuts_, [&](std::size_t index) {
                return divides(schedule_.faults[index], from, to);
            });
        });
    }

    bool divides(const SwimFault& fault, std::size_t from, std::size_t to) const {
        const std::size_t other =
            (fault.member + 1 + fault.strength % (world_.size() - 1)) % world_.size();
        if (fault.kind == SwimFaultKind::OneWay) return from == fault.member && to == other;
        if (fault.kind == SwimFaultKind::Pair)
            return (from == fault.member && to == other) || (to == fault.member && from == other);
        // The bits of the strength are the sides.
        return (fault.strength >> from & 1) != (fault.strength >> to & 1);
    }

    // M5: whatever happened, when it is over all see all, and their views are one.
    void heal(SwimReport& report) {
        const Instant begun = world_.now();
        while (!world_.all_see_all() || !world_.views_equal()) {
            if (world_.now() - begun > kHealMax)
                return world_.fail("M5: views differ a minute after all was over");
            world_.run(kSwarmLook);
        }
        report.healed = world_.now() - begun;
        // Who was alone doubts itself for a while yet, and accuses late.
        while (!nobody_doubts_itself()) {
            if (world_.now() - begun > 2 * kHealMax)
                return world_.fail("M2: somebody doubts itself two minutes after all was over");
            world_.run(kSwarmLook);
        }
        world_.run(SwimWorld::kAftermath);
    }

    bool nobody_doubts_itself() const {
        for (std::size_t i = 0; i < world_.size(); ++i)
            if (world_.swim(i).health() != 0) return false;
        return true;
    }

    // M2: who is gone is held for dead by all in time.
    void crash_in_quiet() {
        const std::size_t members = world_.size();
        const std::size_t gone = schedule_.seed % members;
        const auto spans = membership::suspicion_spans({1s, 3, 6, 3}, members);
        world_.crash(gone);
        world_.run(1s * (2 * (members - 1) + 1) + spans.least + 2s);
        const std::size_t holders = world_.holders(gone, MemberState::Dead);
        if (holders != members - 1)
            world_.fail(fmt::format("M2: {} of {} hold {} for dead", holders, members - 1, gone));
    }

    SwimWorld& world_;
    const SwimSchedule& schedule_;
    std::vector<std::size_t> cuts_;
};

std::string plan_of(const SwimSchedule& schedule) {
    std::vector<std::string> words;
    for (const SwimFault& fault : schedule.faults)
        words.push_back(fmt::format("{}({}) {}+{} ms", kNames[static_cast<std::size_t>(fault.kind)],
                                    fault.member, fault.at / 1ms, fault.span / 1ms));
    return fmt::format("{} members, {}", schedule.members, fmt::join(words, ", "));
}

}  // namespace

SwimSchedule draw_swim_schedule(std::uint64_t seed) {
    Random random = Random(seed).stream("swim swarm");
    SwimSchedule schedule;
    schedule.seed = seed;
    schedule.members = 3 + random.below(random.chance(1, 4) ? 30 : 9);
    schedule.repeat_one_in = random.chance(1, 2) ? 50 : 0;
    schedule.misdeliver_one_in = random.chance(1, 2) ? 50 : 0;
    const std::uint64_t families = random.next();
    const std::uint64_t most = 1 + random.below(12);
    for (std::uint64_t i = 0; i < most; ++i) {
        SwimFault fault;
        fault.kind = static_cast<SwimFaultKind>(random.below(kSwimFaultKinds));
        fault.at = random.between(Duration{0}, kChaos);
        fault.span = random.between(300ms, longest(fault.kind));
        fault.member = random.below(schedule.members);
        fault.strength = random.next();
        if ((families >> static_cast<unsigned>(fault.kind) & 1) != 0)
            schedule.faults.push_back(fault);
    }
    sort_stably(schedule.faults, &SwimFault::at);
    return schedule;
}

SwimReport run_swim(const SwimSchedule& schedule) {
    SwimReport report;
    report.seed = schedule.seed;
    report.plan = plan_of(schedule);
    SwimSetup setup;
    setup.members = schedule.members;
    setup.seed = schedule.seed;
    const InvariantHandler before = set_invariant_handler(throw_violation);
    {
        SwimWorld world(setup);
        try {
            Run(world, schedule).play(report);
            report.violation = world.violation();
        } catch (const Violation& violation) {
            report.violation = violation.text;
        }
        report.trace_hash = world.trace_hash();
        report.steps = world.steps();
        report.suspicions = world.suspicions();
        report.deaths = world.deaths().size();
    }
    set_invariant_handler(before);
    return report;
}

SwimReport run_swim_seed(std::uint64_t seed) { return run_swim(draw_swim_schedule(seed)); }

}  // namespace weft::sim
