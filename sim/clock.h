#pragma once
// One machine's clocks against virtual time: a rate, an offset, leaps and standing still.

#include "core/time.h"

#include <cstdint>

namespace weft::sim {

class MachineClock {
public:
    static constexpr std::int64_t kWallStartMs = 1'700'000'000'000;

    Now read(Instant world) const {
        const Instant at = world < frozen_from_ ? world : frozen_from_;
        return {to_local(world), WallTime{kWallStartMs + at.ns / 1'000'000 + wall_offset_ms_}};
    }
    Instant to_local(Instant world) const {
        if (world > frozen_from_) world = frozen_from_;
        const std::int64_t since = world.ns - anchor_world_.ns;
        return Instant{anchor_local_.ns + since + since / 1'000'000 * rate_ppm_};
    }
    // The first world moment at which the local clock has reached `local`; never() while it stands
    // still before that.
    Instant to_world(Instant local) const {
        if (local == Instant::never()) return local;
        if (local <= anchor_local_) return anchor_world_;
        const std::int64_t wanted = local.ns - anchor_local_.ns;
        Instant world{anchor_world_.ns + wanted - wanted / (1'000'000 + rate_ppm_) * rate_ppm_};
        while (to_local(world) < local) {
            if (world > frozen_from_) return Instant::never();
            world = world + std::chrono::microseconds(1);
        }
        return world;
    }

    // What went by so far stays as it is.
    void set_rate(Instant world, std::int64_t ppm) {
        anchor(world);
        rate_ppm_ = ppm;
    }
    std::int64_t rate() const { return rate_ppm_; }
    void move_wall(std::int64_t ms) { wall_offset_ms_ += ms; }
    void leap(Instant world, Duration ahead) {
        anchor(world);
        anchor_local_ = anchor_local_ + ahead;
    }
    void freeze(Instant world) {
        if (frozen_from_ > world) frozen_from_ = world;
    }
    // Goes on from where it stood: the wall clock stays behind, as after a snapshot of a machine.
    void thaw(Instant world) {
        anchor(world);
        frozen_from_ = Instant::never();
    }
    // A time service has set it right: rate and wall clock are true again.
    void set_right(Instant world) {
        thaw(world);
        set_rate(world, 0);
        wall_offset_ms_ = 0;
    }

private:
    // From here on local time is counted anew. A frozen clock stays frozen, from this moment.
    void anchor(Instant world) {
        anchor_local_ = to_local(world);
        anchor_world_ = world;
        if (frozen_from_ >= world) return;
        wall_offset_ms_ -= (world.ns - frozen_from_.ns) / 1'000'000;
        frozen_from_ = world;
    }

    Instant anchor_world_;
    Instant anchor_local_;
    std::int64_t rate_ppm_ = 0;
    std::int64_t wall_offset_ms_ = 0;
    Instant frozen_from_ = Instant::never();
};

}  // namespace weft::sim
