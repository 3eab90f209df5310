#include "membership/round_trip.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace weft::membership {

void RoundTrip::answered_after(Duration span) {
    constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
    const std::int64_t us = std::clamp<std::int64_t>(span.count() / 1000, 1, kMost);
    const std::int64_t before = smoothed_us_;
    const std::int64_t deviation = deviation_us_;
    const std::int64_t off = us > before ? us - before : before - us;
    deviation_us_ =
        static_cast<std::uint32_t>(before == 0 ? us / 2 : deviation + (off - deviation) / 4);
    smoothed_us_ = static_cast<std::uint32_t>(before == 0 ? us : before + (us - before) / 8);
}

Duration RoundTrip::longest() const {
    return std::chrono::microseconds(std::int64_t{smoothed_us_} + std::int64_t{4} * deviation_us_);
}

void RoundTrip::probe_ended(bool answered_directly) {
    const unsigned all = unsigned{lost_} << 1 | (answered_directly ? 0U : 1U);
    lost_ = static_cast<std::uint16_t>(all & ((1U << kProbes) - 1));
}

Quality RoundTrip::quality(Duration slow_after) const {
    if (static_cast<unsigned>(std::popcount(lost_)) >= kLost) return Quality::Degraded;
    return smoothed() > slow_after ? Quality::Slow : Quality::Good;
}

}  // namespace weft::membership
