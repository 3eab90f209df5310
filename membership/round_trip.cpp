#include "membership/round_trip.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace weft::membership {

void RoundTrip::answered_after(Duration span) {
    constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
    const std::int64_t us = std::clamp<std::int64_t>(span.count() / 1000, 1, kMost);
    const std::int64_t before = smoothed_us_;
    smoothed_us_ = static_cast<std::uint32_t>(before == 0 ? us : before + (us - before) / 8);
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
