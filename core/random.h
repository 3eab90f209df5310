#pragma once
// Seeded randomness with the same values on every library and machine (no <random> distributions).

#include "core/time.h"

#include <cstdint>
#include <string_view>

namespace weft {

// splitmix64: tiny state, good enough for time-outs and tests, never for keys.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    // Uniform in [0, bound); 0 for a bound of 0. Lemire's multiply-shift; the bias is below 2^-32
    // for every bound used here.
    std::uint64_t below(std::uint64_t bound) {
        __extension__ using Wide = unsigned __int128;
        return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
    }
    // Uniform in [low, high].
    Duration between(Duration low, Duration high) {
        if (high <= low) return low;
        return low + Duration{static_cast<std::int64_t>(
                         below(static_cast<std::uint64_t>((high - low).count()) + 1))};
    }
    // True in `numerator` of `denominator` cases.
    bool chance(std::uint64_t numerator, std::uint64_t denominator) {
        return below(denominator) < numerator;
    }
    // An independent stream: drawing from it does not move this one.
    Random stream(std::string_view name) const {
        std::uint64_t h = 0xcbf29ce484222325ULL ^ state_;
        for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
        return Random(h ^ (h >> 29));
    }

private:
    std::uint64_t state_;
};

}  // namespace weft
