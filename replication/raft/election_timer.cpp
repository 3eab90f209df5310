#include "replication/raft/election_timer.h"

#include <algorithm>
#include <cstdint>

namespace weft::replication {

void ElectionTimer::restart(Instant now) {
    timeout_ = random_.between(timings_.election_min, timings_.election_max);
    at_ = now + timeout_;
}

void ElectionTimer::heard(Instant at) { heard_ = std::max(heard_, at); }

bool ElectionTimer::lapsed(Instant now, bool follows) {
    if (now < at_) return false;
    if (!follows || heard_ + timeout_ <= now) return true;
    at_ = heard_ + timeout_;
    return false;
}

void ElectionTimer::in_turn(Instant now, std::size_t rank) {
    hasten_to(now + timings_.start_stagger * static_cast<std::int64_t>(rank));
}

void ElectionTimer::soon(Instant now) {
    hasten_to(now + random_.between(Duration{0}, timings_.heartbeat));
}

void ElectionTimer::hasten_to(Instant at) { at_ = std::min(at_, at); }

}  // namespace weft::replication
