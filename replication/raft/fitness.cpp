#include "replication/raft/fitness.h"

#include <utility>

namespace weft::replication {

void Fitness::forbid(Ban why) { bans_ |= std::to_underlying(why); }

void Fitness::allow(Ban why) { bans_ &= static_cast<std::uint8_t>(~std::to_underlying(why)); }

bool Fitness::is_forbidden(Ban why) const { return (bans_ & std::to_underlying(why)) != 0; }

Fitness::Disk Fitness::disk() const {
    if (oldest_persist_ > election_min_ * 2) return Disk::Stalled;
    return oldest_persist_ * 2 > election_min_ ? Disk::Slow : Disk::Good;
}

}  // namespace weft::replication
