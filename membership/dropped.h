#pragma once
// What came in and did not count, by reason: for whoever shows it.

#include "membership/effects.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace weft::membership {

struct Dropped {
    std::string_view reason;
    std::uint64_t count;
};
inline std::array<Dropped, 9> dropped(const Counts& counts) {
    return {{{"malformed", counts.malformed},
             {"foreign", counts.foreign},
             {"unknown", counts.unknown},
             {"replayed", counts.replayed},
             {"former_boot", counts.former_boot},
             {"unanswered", counts.unanswered},
             {"implausible", counts.implausible},
             {"limited", counts.limited},
             {"cloned", counts.cloned}}};
}
inline std::uint64_t dropped_in_all(const Counts& counts) {
    std::uint64_t sum = 0;
    for (const Dropped& each : dropped(counts)) sum += each.count;
    return sum;
}

}  // namespace weft::membership
