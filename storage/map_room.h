#pragma once
// When the room in a store's map is scarce: one rule for every store.

#include <algorithm>
#include <cstdint>

namespace weft::storage {

// In hundredths of the map: scarce from the first on, and until it is below the second.
inline constexpr std::uint64_t kScarceFrom = 90;
inline constexpr std::uint64_t kScarceUntil = 85;

inline bool is_map_scarce(std::uint64_t used_bytes, std::uint64_t map_bytes, bool before) {
    const std::uint64_t hundredth = std::max<std::uint64_t>(map_bytes / 100, 1);
    return used_bytes / hundredth >= (before ? kScarceUntil : kScarceFrom);
}

}  // namespace weft::storage
