// Faults of processes, disks and clocks: carrying one out, and undoing it when its span ends.

#include "core/entry.h"
#include "core/hash.h"
#include "sim/world.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace weft::sim {
namespace {

constexpr Duration kBackAtOnce = std::chrono::milliseconds(5);

// What counts as written last, of a log.
constexpr std::uint64_t kNewestRecords = 8;

Duration span_or(const FaultEvent& event, Duration otherwise) {
    return event.lasts > Duration{} ? event.lasts : otherwise;
}

}  // namespace

bool World::in_range(const FaultEvent& event) const {
    const std::size_t ends = network_.endpoints();
    const auto good = [ends](std::uint32_t end) { return end == kEveryone || end < ends; };
    if (event.kind >= FaultKind::Split && event.kind <= FaultKind::FormerBoot)
        return good(event.a) && good(event.b);
    if (event.kind == FaultKind::CrashLoop && event.a == kEveryone) return true;
    return event.kind == FaultKind::PowerLoss || event.a < machines_.size();
}

// Of few machines that lead, one that is drawn among all is mostly another.
FaultEvent World::aimed(FaultEvent event) const {
    if (event.a != kLeader) return event;
    std::vector<std::uint32_t> leaders;
    for (std::uint32_t i = 0; i < machines_.size(); ++i) {
        if (!machines_[i]->alive()) continue;
        const node::Node& node = machines_[i]->node();
        const bool leads = std::ranges::any_of(node.hosted(), [&](PartitionId group) {
            return node.partition(group).replica().role() == replication::Role::Leader;
        });
        if (leads) leaders.push_back(i);
    }
    event.a = leaders.empty() ? static_cast<std::uint32_t>(event.salt % machines_.size())
                              : leaders[event.salt % leaders.size()];
    if (event.b == event.a) event.b = static_cast<std::uint32_t>((event.a + 1) % machines_.size());
    return event;
}

bool World::apply(const FaultEvent& drawn) {
    const FaultEvent event = aimed(drawn);
    if (!in_range(event) || !carry_out(event)) return false;
    ++fault_counts_[static_cast<std::size_t>(event.kind)];
    trace_.add(queue_.now(), event.a, TraceHash::Kind::Fault,
               event.salt ^ static_cast<std::uint64_t>(event.kind) << 56);
    if (observer_ != nullptr) {
        observer_->fault(queue_.now(), event, false);
        if (event.lasts > Duration{})
            queue_.after(event.lasts, [this, copy = std::make_unique<FaultEvent>(event)] {
                observer_->fault(queue_.now(), *copy, true);
            });
    }
    return true;
}

bool World::carry_out(const FaultEvent& event) {
    switch (event.kind) {
        case FaultKind::Crash:
            crash_for(event);
            return true;
        case FaultKind::CrashAtEffect:
        case FaultKind::SyncError: {
            if (!machines_[event.a]->alive()) return false;
            kills_[event.a] = {span_or(event, std::chrono::seconds(1)), event.salt};
            if (event.kind == FaultKind::SyncError)
                machines_[event.a]->disk().fail_next_sync();
            else
                machines_[event.a]->crash_after(static_cast<std::uint64_t>(event.amount),
                                                event.salt);
            return true;
        }
        case FaultKind::CrashLoop:
            for (std::size_t i = 0; i < machines_.size(); ++i)
                if (event.a == kEveryone || event.a == i)
                    crash_loop(i, queue_.now() + event.lasts,
                               std::chrono::milliseconds(std::max<std::int64_t>(1, event.amount)),
                               Random(event.a == i ? event.salt : event.salt + i));
            return true;
        case FaultKind::PowerLoss:
            power_loss(event);
            return true;
        case FaultKind::Pause:
            if (!machines_[event.a]->alive()) return false;
            machines_[event.a]->pause(queue_.now() + span_or(event, std::chrono::hours(1)));
            return true;
        case FaultKind::ClockRate:
        case FaultKind::ClockOffset:
        case FaultKind::ClockJump:
        case FaultKind::ClockFreeze:
            clock_fault(event);
            return true;
        default:
            return event.kind <= FaultKind::FormerBoot ? network_fault(event) : disk_fault(event);
    }
}

void World::later(Duration delay, std::function<void()> action) {
    queue_.after(delay, [this, epoch = fault_epoch_,
                         kept = std::make_unique<std::function<void()>>(std::move(action))] {
        if (epoch == fault_epoch_) (*kept)();
    });
}

void World::at_end(const FaultEvent& event, std::function<void()> undo) {
    if (event.lasts > Duration{}) later(event.lasts, std::move(undo));
}

// ---- process ------------------------------------------------------------------------------------

void World::hold_down(std::size_t machine, std::uint64_t salt, DiskImage::Ending ending) {
    ++holds_[machine];
    crash(machine, salt, ending);
}

void World::let_up(std::size_t machine) {
    if (holds_[machine] > 0 && --holds_[machine] == 0) restart(machine);
}

void World::crash_for(const FaultEvent& event) {
    hold_down(event.a, event.salt);
    at_end(event, [this, machine = event.a] { let_up(machine); });
}

void World::crash_loop(std::size_t machine, Instant until, Duration up, Random salt) {
    if (queue_.now() >= until) return;
    hold_down(machine, salt.next());
    later(kBackAtOnce, [this, machine] { let_up(machine); });
    later(kBackAtOnce + up,
          [this, machine, until, up, salt] { crash_loop(machine, until, up, salt); });
}

void World::power_loss(const FaultEvent& event) {
    Random chance(event.salt);
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        hold_down(i, chance.next());
        later(chance.between(kBackAtOnce, span_or(event, std::chrono::seconds(2))),
              [this, i] { let_up(i); });
    }
}

void World::break_machines(std::uint64_t broken, std::uint64_t cut) {
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        if ((broken >> i & 1) == 0) continue;
        if ((cut >> i & 1) == 0) {
            hold_down(i, schedule_.seed + i);
            continue;
        }
        for (std::size_t end = 0; end < network_.endpoints(); ++end)
            if (end != i) cut_both(static_cast<Endpoint>(i), static_cast<Endpoint>(end), 1);
    }
}

void World::heal() {
    ++fault_epoch_;
    network_.heal();
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        Machine& machine = *machines_[i];
        holds_[i] = 0;
        kills_[i] = Kill{};
        machine.disk().heal();
        machine.clock.set_right(queue_.now());
        machine.no_crash_wanted();
        machine.resume();
        machine.clock_changed();
        restart(i);
    }
}

// ---- disk ---------------------------------------------------------------------------------------

bool World::disk_fault(const FaultEvent& event) {
    const std::size_t victim = event.a;
    Disk& disk = machines_[victim]->disk();
    switch (event.kind) {
        case FaultKind::Stall:
            disk.stall(queue_.now() + span_or(event, std::chrono::hours(1)));
            return true;
        case FaultKind::SlowDisk:
            disk.add_slowness(event.amount);
            at_end(event, [this, victim, by = event.amount] {
                machines_[victim]->disk().add_slowness(-by);
            });
            return true;
        case FaultKind::SlowFetch: {
            const Duration by = std::chrono::microseconds(event.amount);
            disk.add_late_reads(by);
            at_end(event, [this, victim, by] { machines_[victim]->disk().add_late_reads(-by); });
            return true;
        }
        case FaultKind::Full:
            if (event.amount > 0) {
                disk.limit(static_cast<std::uint64_t>(event.amount) << 10);
                at_end(event, [this, victim] { machines_[victim]->disk().lift_limit(); });
                return true;
            }
            disk.set_full(true);
            at_end(event, [this, victim] { machines_[victim]->disk().set_full(false); });
            return true;
        case FaultKind::Wipe:
            wipe(event);
            return true;
        case FaultKind::Rollback:
            roll_back(event);
            return true;
        default:
            if (!damage_record(event)) return false;
            oracle_.promises().damaged(victim);
            return true;
    }
}

void World::wipe(const FaultEvent& event) {
    hold_down(event.a, event.salt);
    oracle_.promises().lost(event.a);
    machines_[event.a]->disk().image().wipe();
    lost_[event.a] = true;
    at_end(event, [this, machine = event.a] { let_up(machine); });
}

// The image of this moment comes back later, and with it the process, unless some of its peers
// would refuse it and others not: what they know can be older (docs/operating.md, "A disk's past").
void World::roll_back(const FaultEvent& event) {
    Disk& disk = machines_[event.a]->disk();
    later(event.lasts,
          [this, event, restore = disk.image().snapshot(), image = disk.store().stats().durable] {
              const std::size_t victim = event.a;
              const auto [least, most] = told_of(victim);
              if (image >= least && image < most) return;
              hold_down(victim, event.salt);
              restore();
              image < least ? oracle_.promises().lost(victim) : oracle_.promises().damaged(victim);
              lost_[victim] = true;
              later(kBackAtOnce, [this, victim] { let_up(victim); });
          });
}

// How far its disk is by the word of everybody else who runs, who knows least and who most.
std::pair<Lsn, Lsn> World::told_of(std::size_t machine) const {
    std::optional<Lsn> least;
    Lsn most;
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        if (i == machine || !machines_[i]->alive()) continue;
        const Lsn known = machines_[i]->node().told_durable(machines_[machine]->record().node);
        least = std::min(least.value_or(known), known);
        most = std::max(most, known);
    }
    return {least.value_or(Lsn{}), most};
}

bool World::damage_record(const FaultEvent& event) {
    Random chance(event.salt);
    if (event.kind != FaultKind::BitFlip || event.amount == 0 || event.amount == kNewest)
        return damage_log(event, chance);
    if (event.amount == 1) return damage_row(event.a, chance);
    DiskImage& image = machines_[event.a]->disk().image();
    const auto extents = image.extents();
    if (extents.empty()) return false;
    const PartitionId group = extents[chance.below(extents.size())].group;
    return event.amount == 2 ? image.corrupt_hard(group) : image.corrupt_base(group);
}

bool World::damage_log(const FaultEvent& event, Random chance) {
    DiskImage& image = machines_[event.a]->disk().image();
    auto extents = event.amount == kNewest ? newest(event.a) : image.extents();
    std::erase_if(extents, [](const auto& extent) { return extent.first > extent.last; });
    if (extents.empty()) return false;
    const auto& extent = extents[chance.below(extents.size())];
    const std::uint64_t count = extent.last.value - extent.first.value + 1;
    // Half of the time where two logs part.
    const bool first = event.amount == kNewest && chance.chance(1, 2);
    const LogIndex index{extent.first.value + (first ? 0 : chance.below(count))};
    if (!can_be_spared(event.a, extent.group, index)) return false;
    if (event.kind == FaultKind::Vanish) return image.vanish_log(extent.group, index);
    if (event.kind == FaultKind::BitFlip)
        return image.flip_bit_in_log(extent.group, index, chance.next());
    const LogIndex other{extent.first.value + chance.below(count)};
    return other != index && can_be_spared(event.a, extent.group, other) &&
           image.swap_log(extent.group, index, other);
}

// The ends of logs that only this machine has, where others went on without it: a leader that was
// cut off wrote them. When there are none, the ends of all its logs.
std::vector<DiskImage::LogExtent> World::newest(std::size_t machine) const {
    std::vector<DiskImage::LogExtent> all, its_own;
    for (DiskImage::LogExtent extent : machines_[machine]->disk().image().extents()) {
        while (extent.first.value + kNewestRecords <= extent.last.value)
            extent.first = next(extent.first);
        all.push_back(extent);
        while (extent.first <= extent.last && !is_its_own(machine, extent.group, extent.first))
            extent.first = next(extent.first);
        if (extent.first <= extent.last) its_own.push_back(extent);
    }
    return its_own.empty() ? all : its_own;
}

// Others hold another entry there.
bool World::is_its_own(std::size_t machine, PartitionId group, LogIndex index) const {
    const storage::LogRange range{group, index, index, 1};
    const auto here = machines_[machine]->disk().store().read_log(range);
    if (!here || here->entries.empty()) return false;
    bool other = false;
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        if (i == machine) continue;
        const auto there = machines_[i]->disk().store().read_log(range);
        if (!there || there->entries.empty()) continue;
        if (there->entries.front().view() == here->entries.front().view()) return false;
        other = true;
    }
    return other;
}

// The budget of faults: a record that is committed keeps one good copy. What lost its place to
// another, or was counted nowhere yet, needs none.
bool World::can_be_spared(std::size_t machine, PartitionId group, LogIndex index) const {
    const storage::LogRange range{group, index, index, 1};
    const auto here = machines_[machine]->disk().store().read_log(range);
    if (!here || here->entries.empty()) return false;
    const std::string_view ours = here->entries.front().view();
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        if (i == machine || lost_[i]) continue;
        const auto there = machines_[i]->disk().store().read_log(range);
        if (there && !there->entries.empty() && there->entries.front().view() == ours) return true;
    }
    const auto header = read_entry_header(ours);
    return header && !oracle_.may_be_committed(group, index, header->chain);
}

bool World::damage_row(std::size_t machine, Random chance) {
    constexpr storage::Table kTables[] = {storage::Table::Entity, storage::Table::Journal,
                                          storage::Table::Session};
    DiskImage& image = machines_[machine]->disk().image();
    const storage::Table table = kTables[chance.below(3)];
    const auto keys = image.row_keys(table);
    if (keys.empty()) return false;
    const std::uint64_t bit = chance.next();
    return image.flip_bit_in_row(table, keys[chance.below(keys.size())], bit);
}

// ---- clock --------------------------------------------------------------------------------------

void World::clock_fault(const FaultEvent& event) {
    Machine& machine = *machines_[event.a];
    const Instant now = queue_.now();
    if (event.kind == FaultKind::ClockRate) {
        machine.clock.set_rate(now, std::clamp<std::int64_t>(event.amount, -900'000, 900'000));
        at_end(event, [this, &machine] { machine.clock.set_rate(queue_.now(), 0); });
    } else if (event.kind == FaultKind::ClockOffset) {
        machine.clock.move_wall(event.amount);
        at_end(event, [&machine, by = event.amount] { machine.clock.move_wall(-by); });
    } else if (event.kind == FaultKind::ClockJump) {
        machine.clock.leap(now, std::chrono::milliseconds(std::max<std::int64_t>(0, event.amount)));
    } else {
        machine.clock.freeze(now);
        at_end(event, [this, &machine] {
            machine.clock.thaw(queue_.now());
            machine.clock_changed();
        });
    }
    machine.clock_changed();
}

}  // namespace weft::sim
