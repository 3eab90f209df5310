#include "replication/partition/kind_format.h"

#include <cstdint>

namespace weft::replication {

std::optional<entity::Kind> kind_of(const DecodedEntry& entry) {
    std::optional<entity::Kind> found;
    for (std::uint8_t place = 0; place < kKindFormats.size(); ++place) {
        if (!kKindFormats[place]->changes(entry)) continue;
        if (found) return std::nullopt;
        found = entity::Kind{static_cast<std::uint8_t>(place + 1)};
    }
    if (found && !format_of(*found).possible(entry)) return std::nullopt;
    return found;
}

}  // namespace weft::replication
