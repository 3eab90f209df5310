#include "replication/partition/kind_format.h"

namespace weft::replication {

std::optional<entity::Kind> kind_of(const DecodedEntry& entry) {
    std::optional<entity::Kind> found;
    for (const KindFormat* format : kKindFormats) {
        if (!format->changes(entry)) continue;
        if (found) return std::nullopt;
        found = format->kind;
    }
    if (found && !format_of(*found).possible(entry)) return std::nullopt;
    return found;
}

}  // namespace weft::replication
