#pragma once
// Log lines that a stranger can cause: at most ten in a second, then the number of those left out.

#include "core/log.h"
#include "core/time.h"

#include <cstdint>

namespace weft::node {

class LimitedLog {
public:
    explicit LimitedLog(Log log) : log_(log) {}
    // False: this line is left out. The caller writes it to log() otherwise.
    bool admit(Instant now);
    const Log& log() const { return log_; }

private:
    static constexpr std::uint64_t kLinesPerSecond = 10;
    Log log_;
    Instant second_ = Instant::long_ago();
    std::uint64_t lines_ = 0;
};

}  // namespace weft::node
