#pragma once
// What is known of the way to one member and back, or to all of them together.

#include "core/time.h"
#include "membership/messages.h"

#include <cstdint>

namespace weft::membership {

class RoundTrip {
public:
    // Late answers count as well. An eighth of each new value, a quarter of what it is off by
    // (RFC 6298 2.3).
    void answered_after(Duration span);
    void probe_ended(bool answered_directly);

    // Zero: never measured.
    Duration smoothed() const { return Duration{std::int64_t{smoothed_us_} * 1000}; }
    bool measured() const { return smoothed_us_ != 0; }
    // How long an answer may take that is not late: four deviations more than usual (RFC 6298 2).
    Duration longest() const;
    // `slow_after`: the smoothed round trip that is slow.
    Quality quality(Duration slow_after) const;

private:
    static constexpr unsigned kProbes = 10;
    static constexpr unsigned kLost = 4;

    std::uint32_t smoothed_us_ = 0;
    std::uint32_t deviation_us_ = 0;
    std::uint16_t lost_ = 0;  // bit i: the i-th last probe
};

}  // namespace weft::membership
