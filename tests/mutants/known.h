#pragma once
// Mutants that every change looks for, and a seed that has found each.

#include <array>
#include <cstdint>
#include <string_view>

namespace weft {

struct Known {
    std::string_view name;
    std::uint64_t seed = 0;
};
inline constexpr auto kKnown = std::to_array<Known>({
    {"AckBeforeSync", 1},
});

}  // namespace weft
