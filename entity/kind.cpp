#include "entity/kind.h"

namespace weft::entity {

const KindRules* find_rules(std::uint8_t kind) {
    if (kind == 0 || kind > kKindRules.size()) return nullptr;
    return kKindRules[kind - 1U];
}

}  // namespace weft::entity
