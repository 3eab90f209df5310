#pragma once
// How much one member may accuse. A sound one accuses at most one other per period: who says more
// is ill itself, and only its first words count.

#include "core/time.h"

#include <algorithm>

namespace weft::membership {

class AccusationLimit {
public:
    // True when this accusation counts: on the long run one per `period`, `burst` at once.
    bool take(Instant now, Duration period, unsigned burst) {
        const Instant next = std::max(next_, now);
        if (next - now > period * (burst - 1)) return false;
        next_ = next + period;
        return true;
    }

private:
    Instant next_ = Instant::long_ago();
};

}  // namespace weft::membership
