#pragma once
// Sessions that a full group ended before their time (docs/adr/0007), for the log of the one who
// leads: counted, and told no more than once in a while.

#include "core/time.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

namespace weft::replication {

class EndedEarly {
public:
    // So many more have ended. Returns how many are to be told of now.
    std::optional<std::size_t> add(std::size_t ended, Instant now) {
        untold_ += ended;
        if (untold_ == 0 || now < told_at_ + kPause) return std::nullopt;
        told_at_ = now;
        return std::exchange(untold_, 0);
    }

private:
    static constexpr Duration kPause = std::chrono::seconds(10);
    std::size_t untold_ = 0;
    Instant told_at_ = Instant::long_ago();
};

}  // namespace weft::replication
