#pragma once
// Logarithms without floating point: the same bits in every library.

#include <bit>
#include <cstdint>

namespace weft::membership {

// log2 of `value` (1 and more) in 65,536ths, rounded down.
constexpr std::uint64_t log2_fixed(std::uint64_t value) {
    if (value <= 1) return 0;
    const auto whole = static_cast<unsigned>(std::bit_width(value) - 1);
    // value / 2^whole in [1, 2) with 31 bits behind the point; each squaring yields one more bit.
    std::uint64_t x = whole > 31 ? value >> (whole - 31) : value << (31 - whole);
    std::uint64_t result = whole;
    for (int bit = 0; bit < 16; ++bit) {
        x = x * x >> 31;
        result <<= 1;
        if (x >> 32 != 0) {
            result |= 1;
            x >>= 1;
        }
    }
    return result;
}
static_assert(log2_fixed(8) == 3 << 16);

}  // namespace weft::membership
