#include "replication/partition/passivation.h"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace weft::replication {

namespace {

constexpr std::size_t kEvictionsPerStep = 16;
constexpr Duration kIdleRetry = std::chrono::seconds(1);
constexpr Duration kSlicePause = std::chrono::milliseconds(20);
constexpr std::int64_t kSweepSpreadMs = 10'000;

// The groups of a node fall idle together; their sweeps must not.
Duration spread(PartitionId group) {
    return std::chrono::milliseconds(group.value * 7919LL % kSweepSpreadMs);
}

}  // namespace

bool Passivation::step(Now now, entity::Host& host, const Held& held, bool sweeps) {
    entity::Entity* entity = host.coldest();
    idle_at_ = Instant::never();
    for (std::size_t i = 0; i < kEvictionsPerStep && entity != nullptr; ++i) {
        const Instant due = entity->used + limits_.passivate_after;
        const bool idle = now.mono >= due;
        if (!idle && host.clean_bytes() <= limits_.cached_bytes) {
            idle_at_ = due;
            break;
        }
        entity::Entity* newer = entity->newer;
        // A row may hold more than the base it was written for; the next sweep moves the base on.
        const bool ahead_of_base = entity->committed.standing.revision.value > held.base.value;
        if (entity::Host::evictable(*entity, held.persisted) && !ahead_of_base) {
            host.evict(*entity);
        } else if (idle) {
            const bool sweep_helps = entity->dirty || ahead_of_base;
            if (sweep_helps && !sweeps && sweep_at_ == Instant::never())
                sweep_at_ = now.mono + spread(group_);
            idle_at_ = now.mono + kIdleRetry;
            break;
        }
        entity = newer;
    }
    if (entity != nullptr && idle_at_ == Instant::never()) idle_at_ = now.mono + kSlicePause;
    if (now.mono < sweep_at_) return false;
    sweep_at_ = Instant::never();
    return true;
}

void Passivation::go_on(Instant now) { sweep_at_ = now + kSlicePause; }

}  // namespace weft::replication
