#pragma once
// What every rule of a client's step is given: the time, chance, and where it puts what it wants.

#include "client/core/caller.h"
#include "core/random.h"
#include "core/time.h"

#include <algorithm>

namespace weft::client {

struct Step {
    Now now;
    Random& random;
    Effects& out;

    Instant time() const { return now.mono; }
    // The pause before the next try, somewhat shortened by chance so that not all try at once; the
    // one after it is twice as long.
    Duration pause(Duration& backoff, Duration max) const {
        const Duration wait = random.between(backoff / 2, backoff);
        backoff = std::min(backoff * 2, max);
        return wait;
    }
};

// Silence after which others are asked as well.
inline Duration suspicion(const CallerOptions& options) { return options.attempt_timeout / 8; }

}  // namespace weft::client
