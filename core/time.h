#pragma once
// Moments and spans. The clock types have no now(): time enters a core with each step
// (docs/design.md, "Cores and steps").

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>

namespace weft {

using Duration = std::chrono::nanoseconds;

// A moment of the monotonic clock of one process, for time-outs.
struct Instant {
    std::int64_t ns = 0;
    constexpr auto operator<=>(const Instant&) const = default;
    static constexpr Instant never() { return {std::numeric_limits<std::int64_t>::max()}; }
    static constexpr Instant long_ago() { return {std::numeric_limits<std::int64_t>::min() / 2}; }
};
constexpr Instant operator+(Instant t, Duration d) {
    return t == Instant::never() ? t : Instant{t.ns + d.count()};
}
constexpr Instant operator-(Instant t, Duration d) { return Instant{t.ns - d.count()}; }
constexpr Duration operator-(Instant a, Instant b) { return Duration{a.ns - b.ns}; }

// Milliseconds since 1970; only a leader reads it, to stamp entries.
struct WallTime {
    std::int64_t ms = 0;
    constexpr auto operator<=>(const WallTime&) const = default;
};

struct Now {
    Instant mono;
    WallTime wall;
};

}  // namespace weft
