#include "entity/kind.h"

namespace weft::entity {

const KindRules* find_rules(std::uint8_t kind) {
    for (const Kind known : {Kind::EventSourced, Kind::Value})
        if (static_cast<std::uint8_t>(known) == kind) return &rules_of(known);
    return nullptr;
}

}  // namespace weft::entity
