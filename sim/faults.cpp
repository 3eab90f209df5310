#include "sim/world.h"

#include <algorithm>
#include <vector>

namespace weft::sim {

void World::apply_network_families() {
    NetworkTimes& times = network_.times;
    const FaultPlan& plan = options_.faults;
    if (plan.has(Family::Loss))
        times.loss_per_mille = 1 + static_cast<std::uint32_t>(fault_random_.below(100));
    if (plan.has(Family::Duplicate))
        times.duplicate_per_mille = 1 + static_cast<std::uint32_t>(fault_random_.below(200));
    if (plan.has(Family::SlowNet))
        times.slow_per_mille = 1 + static_cast<std::uint32_t>(fault_random_.below(50));
    times.reorder = plan.has(Family::Reorder);
}

void World::start_faults() {
    faulting_ = true;
    next_fault();
}

void World::next_fault() {
    if (!options_.faults.any()) return;
    queue_.after(
        fault_random_.between(std::chrono::milliseconds(50), options_.faults.pause_between_max),
        [this] {
            if (!faulting_) return;
            inject();
            next_fault();
        });
}

void World::inject() {
    const std::size_t victim = fault_random_.below(machines_.size());
    const auto family = static_cast<Family>(fault_random_.below(kFamilies));
    if (!options_.faults.has(family)) return;
    ++fault_counts_[static_cast<std::size_t>(family)];
    switch (family) {
        case Family::Crash:
            crash(victim);
            queue_.after(
                fault_random_.between(std::chrono::milliseconds(5), std::chrono::seconds(4)),
                [this, victim] { restart(victim); });
            break;
        case Family::PowerLoss:
            power_loss();
            break;
        case Family::Pause:
            if (machines_[victim]->alive())
                machines_[victim]->pause(
                    queue_.now() +
                    fault_random_.between(std::chrono::milliseconds(10), std::chrono::seconds(5)));
            break;
        case Family::DiskStall:
            machines_[victim]->disk().stall(
                queue_.now() +
                fault_random_.between(std::chrono::milliseconds(10), std::chrono::seconds(5)));
            break;
        case Family::DiskDamage:
            damage_a_record();
            break;
        case Family::Partition:
        case Family::OneWay:
        case Family::Clog:
            inject_on_link();
            break;
        default:
            break;  // in force from the start
    }
}

void World::power_loss() {
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        crash(i);
        queue_.after(fault_random_.between(std::chrono::milliseconds(5), std::chrono::seconds(2)),
                     [this, i] { restart(i); });
    }
}

void World::cut_both(std::size_t a, std::size_t b) {
    network_.cut(static_cast<Endpoint>(a), static_cast<Endpoint>(b));
    network_.cut(static_cast<Endpoint>(b), static_cast<Endpoint>(a));
}

void World::inject_on_link() {
    const std::size_t a = fault_random_.below(machines_.size());
    const std::size_t b = fault_random_.below(machines_.size());
    const Duration time =
        fault_random_.between(std::chrono::milliseconds(50), std::chrono::seconds(6));
    const std::uint64_t kind = fault_random_.below(3);
    const auto from = static_cast<Endpoint>(a);
    const auto to = static_cast<Endpoint>(b);
    if (kind == 0 && options_.faults.has(Family::Partition)) {
        // `a` and, in larger meshes, some others against the rest; clients reach both sides.
        std::vector<bool> side(machines_.size());
        for (std::size_t i = 0; i < side.size(); ++i)
            side[i] = i == a || fault_random_.chance(1, 4);
        for (std::size_t i = 0; i < side.size(); ++i)
            for (std::size_t j = 0; j < side.size(); ++j)
                if (side[i] && !side[j]) cut_both(i, j);
        queue_.after(time, [this] { network_.heal_all(); });
    } else if (kind == 1 && a != b && options_.faults.has(Family::OneWay)) {
        network_.cut(from, to);
        queue_.after(time, [this, from, to] { network_.heal(from, to); });
    } else if (a != b && options_.faults.has(Family::Clog)) {
        network_.clog(from, to, queue_.now() + time);
    }
}

void World::damage_a_record() {
    // One machine at most, so that every record keeps its good copies elsewhere.
    if (machines_.size() < 3) return;
    if (!damaged_) damaged_ = fault_random_.below(machines_.size());
    storage::MemoryStore& image = machines_[*damaged_]->disk().image();
    auto extents = image.extents();
    std::erase_if(extents, [](const auto& extent) { return extent.first > extent.last; });
    if (extents.empty()) return;
    const auto& extent = extents[fault_random_.below(extents.size())];
    const LogIndex index{extent.first.value +
                         fault_random_.below(extent.last.value - extent.first.value + 1)};
    image.flip_bit_in_log(extent.group, index, fault_random_.next());
}

void World::heal() {
    faulting_ = false;
    network_.heal_all();
    network_.times = NetworkTimes{};
    for (std::size_t i = 0; i < machines_.size(); ++i) restart(i);
}

}  // namespace weft::sim
