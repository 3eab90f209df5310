#include "sim/draw_compound.h"

#include "sim/draw_config.h"

#include <chrono>
#include <cstddef>
#include <vector>

namespace weft::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Within this after a start what is committed has mostly been applied.
constexpr Duration kBehindStart = milliseconds(100);

constexpr std::uint64_t kQuickPageMs = 40;

bool is_damage(FaultKind kind) { return kind >= FaultKind::BitFlip && kind <= FaultKind::Swap; }

// Whoever was cut off or restarts may not know how far a disk had come (docs/operating.md, "A
// disk's past"), and a disk that lies besides has no good copy elsewhere.
bool leaves_no_witness(FaultKind kind) {
    switch (kind) {
        case FaultKind::Crash:
        case FaultKind::CrashAtEffect:
        case FaultKind::CrashLoop:
        case FaultKind::PowerLoss:
        case FaultKind::Pause:
        case FaultKind::Split:
        case FaultKind::Sides:
        case FaultKind::Cut:
        case FaultKind::Mesh:
        case FaultKind::Flap:
        case FaultKind::Clog:
        case FaultKind::FormerBoot:
        case FaultKind::SyncError:
        case FaultKind::BitFlip:
        case FaultKind::Vanish:
        case FaultKind::Swap:
            return true;
        default:
            return false;
    }
}

// Adds a fault at the moment that `at` has then.
auto putting(Schedule& schedule, const Duration& at, Random& own) {
    return [&](FaultKind kind, std::uint32_t who, Duration lasts, std::int64_t amount) {
        schedule.faults.push_back({at, kind, who, 0, lasts, amount, own.next()});
    };
}

}  // namespace

void draw_restarts_at_damage(Schedule& schedule, Random own) {
    const RunConfig& config = schedule.config;
    const std::vector<FaultEvent> drawn = schedule.faults;
    for (std::size_t i = 0; i < drawn.size(); ++i) {
        if (!is_damage(drawn[i].kind) || drawn[i].amount != 0 || own.chance(1, 2)) continue;
        FaultEvent apart = drawn[i];
        apart.kind = FaultKind::Sides;
        const std::int64_t all = (std::int64_t{1} << config.clients) - 1;
        apart.amount = own.chance(1, 2) ? all : up_to(own, all);
        apart.lasts = own.between(milliseconds(200), seconds(3));
        FaultEvent crash = drawn[i];
        crash.kind = FaultKind::Crash;
        crash.lasts = own.between(milliseconds(5), seconds(2));
        crash.salt = own.next();
        const bool newest = own.chance(1, 2);
        if (newest) crash.at += apart.lasts;
        FaultEvent& damage = schedule.faults[i];
        const bool found_by_it = own.chance(1, 2);
        const Duration up = crash.at + crash.lasts;
        if (up > chaos_ends(config) - kBehindStart) continue;
        damage.at = up + (found_by_it ? -milliseconds(1) : own.between({}, kBehindStart));
        schedule.faults.push_back(crash);
        if (!newest) continue;
        schedule.faults.push_back(apart);
        schedule.faults[i].amount = kNewest;
        if (own.chance(1, 2)) schedule.faults[i].kind = FaultKind::Vanish;
    }
}

void draw_left_behind(Schedule& schedule, Random own) {
    RunConfig& config = schedule.config;
    const bool drawn = own.chance(1, 4);
    if (config.nodes < 3 || (!drawn && config.large == 0)) return;
    if (config.large == 0) {
        config.sweep_log_bytes = std::uint64_t{1} << (10 + own.below(4));
        config.entities += own.below(60);
    }
    const auto victim = static_cast<std::uint32_t>(own.below(config.nodes));
    Duration at = chaos_begins(config);
    const auto put = putting(schedule, at, own);
    while (at < chaos_ends(config)) {
        at += own.between(milliseconds(100), seconds(1));
        const Duration away = own.between(seconds(1), seconds(3));
        if (own.chance(1, 2))
            put(FaultKind::Crash, victim, away, 0);
        else
            put(FaultKind::Split, victim, away, std::int64_t{1} << victim);
        at += away;
        const Duration trouble = own.between(seconds(1), seconds(4));
        put(FaultKind::SlowDisk, victim, trouble, 5 + up_to(own, 495));
        put(FaultKind::SlowFetch, kLeader, trouble, 1000 + up_to(own, 399'000));
        for (const Duration end = at + trouble; at < end;) {
            at += own.between(milliseconds(50), milliseconds(1500));
            const FaultKind kind = own.chance(1, 2) ? FaultKind::Crash : FaultKind::Pause;
            put(kind, kLeader, own.between(milliseconds(50), milliseconds(1500)), 0);
        }
    }
}

void draw_late_pages(Schedule& schedule, Random own) {
    RunConfig& config = schedule.config;
    // A hundred pages one by one, and a deadline after the healing of all: thousands take longer.
    const std::uint64_t page_ms = undisturbed_page_ms(config);
    if (config.nodes < 3 || config.large != 0 || page_ms > kQuickPageMs || !own.chance(1, 4))
        return;
    config.sweep_log_bytes = std::uint64_t{1} << (10 + own.below(3));
    config.laggard_entries = own.below(8);
    config.entities += 20 + own.below(60);
    config.page_rows = 1 + own.below(3);
    config.snapshot_patience_ms = page_ms + own.below(20);
    config.snapshot_pause_ms = own.below(10);
    const Duration given_up = of_ms(config.snapshot_patience_ms + config.snapshot_pause_ms);
    const auto victim = static_cast<std::uint32_t>(own.below(config.nodes));
    Duration at = chaos_begins(config);
    const auto put = putting(schedule, at, own);
    while (at < chaos_ends(config)) {
        at += own.between(milliseconds(100), milliseconds(500));
        const Duration away = own.between(milliseconds(500), seconds(2));
        put(FaultKind::Split, victim, away, std::int64_t{1} << victim);
        at += away;
        const Duration end = at + own.between(seconds(1), seconds(2));
        // Of the transfer that begins now: a page that is given up and the first one of the next
        // transfer, and nothing behind.
        if (own.chance(1, 2)) {
            at += own.between(milliseconds(5), milliseconds(100));
            const Duration both = given_up + own.between(milliseconds(2), milliseconds(15));
            put(FaultKind::SlowFetch, kLeader, both, both / microseconds(1) + up_to(own, 40'000));
            at += both + own.between(milliseconds(100), seconds(1));
        }
        while (at < end) {
            at += own.between(milliseconds(5), milliseconds(100));
            const Duration late = own.between(milliseconds(2), milliseconds(40));
            put(FaultKind::SlowFetch, kLeader, late, 1000 + up_to(own, 499'000));
        }
    }
}

void draw_swept_rows(Schedule& schedule, Random own) {
    RunConfig& config = schedule.config;
    if (config.nodes < 3 || config.large != 0 || !own.chance(1, 12)) return;
    config.sweep_log_bytes = std::uint64_t{1} << (10 + own.below(4));
    config.entities = 2 + own.below(8);
    Duration at = chaos_begins(config);
    const auto put = putting(schedule, at, own);
    for (std::uint32_t machine = 0; machine < config.nodes; ++machine)
        put(FaultKind::SlowFetch, machine, of_ms(config.chaos_ms), 5'000 + up_to(own, 95'000));
    while (at < chaos_ends(config)) {
        at += own.between(milliseconds(100), milliseconds(1500));
        put(FaultKind::Pause, kLeader, of_ms(config.election_max_ms), 0);
    }
}

void draw_damaged_tails(Schedule& schedule, Random own) {
    RunConfig& config = schedule.config;
    if (config.nodes < 3 || !own.chance(1, 10)) return;
    std::erase_if(schedule.faults, [](const FaultEvent& fault) { return is_damage(fault.kind); });
    config.may_refuse = 0;
    config.append_entries = 1;
    config.pipeline = 4;
    config.readers = 0;
    const auto victim = static_cast<std::uint32_t>(own.below(config.nodes));
    const std::int64_t all = (std::int64_t{1} << config.clients) - 1;
    const Duration patience = of_ms(config.election_min_ms);
    const Duration elected = of_ms(config.election_max_ms);
    Duration at = chaos_begins(config);
    const auto put = putting(schedule, at, own);
    for (;;) {
        at += own.between(milliseconds(200), seconds(1));
        const Duration leads = own.between(milliseconds(100), milliseconds(400));
        const Duration apart = elected + own.between({}, seconds(1));
        const Duration down = own.between(milliseconds(5), milliseconds(500));
        if (at + 2 * elected + leads + apart + down > chaos_ends(config)) return;
        // Of those that miss their leader it is the first to stand.
        put(FaultKind::Pause, kLeader, elected, 0);
        at += patience;
        put(FaultKind::ClockJump, victim, {}, static_cast<std::int64_t>(config.election_max_ms));
        at += leads;
        put(FaultKind::Sides, victim, apart, own.chance(1, 2) ? all : up_to(own, all));
        at += apart;
        put(FaultKind::Crash, victim, down, 0);
        at += down - milliseconds(1);
        put(own.chance(1, 2) ? FaultKind::Vanish : FaultKind::BitFlip, victim, {}, kNewest);
    }
}

void draw_last_one_killed(Schedule& schedule, Random own) {
    const RunConfig& config = schedule.config;
    if (config.nodes < 3 || !own.chance(1, 10)) return;
    Duration at = chaos_begins(config);
    const auto put = putting(schedule, at, own);
    for (;;) {
        at += own.between(milliseconds(300), seconds(3));
        const Duration down = own.between(milliseconds(5), seconds(2));
        if (at + down > chaos_ends(config)) return;
        const auto killed = static_cast<std::uint32_t>(own.below(config.nodes));
        for (std::uint32_t other = 0; other < config.nodes; ++other)
            if (other != killed)
                put(FaultKind::Pause, other, own.between(milliseconds(50), seconds(3)), 0);
        at += own.between({}, milliseconds(50));
        put(own.chance(1, 2) ? FaultKind::Crash : FaultKind::PowerLoss, killed, down, 0);
    }
}

void draw_lost_disk(Schedule& schedule, Random own) {
    const RunConfig& config = schedule.config;
    const Duration chaos = of_ms(config.chaos_ms);
    if (config.nodes < 3 || !own.chance(1, 20)) return;
    std::erase_if(schedule.faults,
                  [](const FaultEvent& fault) { return leaves_no_witness(fault.kind); });
    schedule.config.may_refuse = 0;
    FaultEvent event;
    event.kind = own.chance(1, 2) ? FaultKind::Wipe : FaultKind::Rollback;
    event.at = chaos_begins(config) + chaos / 4 + own.between({}, chaos / 4);
    event.a = static_cast<std::uint32_t>(own.below(config.nodes));
    event.lasts = own.between(milliseconds(500), chaos / 3);
    event.salt = own.next();
    schedule.faults.push_back(event);
}

}  // namespace weft::sim
