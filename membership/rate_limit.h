#pragma once
// So many at once, and on the long run one in each span. For what others may cause here: how much
// one member accuses (a sound one accuses at most one other per period: who says more is ill
// itself), how often views are compared.

#include "core/time.h"

#include <algorithm>

namespace weft::membership {

class RateLimit {
public:
    // True when this one counts.
    bool take(Instant now, Duration every, unsigned burst) {
        const Instant next = std::max(next_, now);
        if (next - now > every * (burst - 1)) return false;
        next_ = next + every;
        return true;
    }

private:
    Instant next_ = Instant::long_ago();
};

}  // namespace weft::membership
