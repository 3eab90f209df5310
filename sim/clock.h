#pragma once
// Virtual time: one queue of actions ordered by (time, sequence). An action may only enqueue.

#include "core/time.h"

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace weft::sim {

class EventQueue {
public:
    using Action = std::move_only_function<void()>;

    Instant now() const { return now_; }
    // `at` in the past runs next, after what is already due.
    void at(Instant at, Action action);
    void after(Duration delay, Action action) { at(now_ + delay, std::move(action)); }
    // Runs the next action; false when the next one is later than `until` (time moves to `until`).
    bool run_one(Instant until);
    std::uint64_t executed() const { return executed_; }

private:
    struct Item {
        Instant at;
        std::uint64_t sequence = 0;
        Action action;
    };
    static bool later(const Item& a, const Item& b) {
        return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
    }
    Instant now_;
    std::uint64_t sequence_ = 0;
    std::uint64_t executed_ = 0;
    std::vector<Item> heap_;
};

// One machine's clocks: a rate and an offset against virtual time (scenarios 43, 44).
struct MachineClock {
    std::int64_t rate_ppm = 0;        // of the monotonic clock
    std::int64_t wall_offset_ms = 0;  // of the wall clock
    static constexpr std::int64_t kWallStartMs = 1'700'000'000'000;

    Now read(Instant world) const {
        return {to_local(world), WallTime{kWallStartMs + world.ns / 1'000'000 + wall_offset_ms}};
    }
    Instant to_local(Instant world) const {
        return Instant{world.ns + world.ns / 1'000'000 * rate_ppm};
    }
    // The first world moment at which the local clock has reached `local`.
    Instant to_world(Instant local) const {
        if (local == Instant::never()) return local;
        Instant world{local.ns - local.ns / 1'000'000 * rate_ppm};
        while (to_local(world) < local) world = world + std::chrono::microseconds(1);
        return world;
    }
};

}  // namespace weft::sim
