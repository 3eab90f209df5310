#pragma once
// What the kinds of entities differ in: what a decision makes of the newest state, what a committed
// entry makes of the entity, and where its state is kept. Everybody else asks here. A further kind
// is one more file in kinds/ and one more line in kKindRules, and the same in the second table of
// kinds, which says how entries hold them (replication/partition/kind_format.h); and what it
// decides that no other does, in Decision and Change.

#include "entity/entity_table.h"
#include "entity/type.h"
#include "weft/result.h"
#include "weft/types.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace weft::entity {

// One committed entry's effect on its entity.
struct Change {
    LogIndex index = {};
    std::int64_t stamp_ms = 0;
    Version version = {};
    Generation generation = {};
    Kind kind = Kind::Value;
    bool deleted = false;
    std::string_view value = {};
    std::span<const std::string_view> events = {};
    std::optional<std::string_view> snapshot = {};
    // The revision of an entity is the index of its last change.
    Standing standing() const { return {Revision{index.value}, version, generation}; }
};

// Functions and no virtual ones: a table without objects, and nothing to be allocated.
struct KindRules {
    Kind kind = {};
    std::string_view name;  // as status pages call it
    // Every replica has the committed state: the entity's row and the group's hash hold it.
    // Otherwise rows hold what it is folded from, and it is there where somebody needs it.
    bool state_on_all = false;
    bool (*accepts)(Decision::Change change) = nullptr;
    // State and version of `after`, whose version is still that of `before`; no deletion. Fails
    // when the type does not accept its own decision.
    Result<void> (*draft)(const EntityType& type, const Image& before, const Decision& decision,
                          Image& after) = nullptr;
    // The committed state after an entry that was not drafted here; the numbers are set. `type`:
    // nothing on a follower, which never runs user code.
    void (*apply)(Entity& entity, const Change& change, const EntityType* type) = nullptr;
    // What rows are still to be given besides the state.
    void (*keep)(Entity& entity, const Change& change) = nullptr;
};

extern const KindRules kValueRules;
extern const KindRules kEventSourcedRules;

// In the order of Kind, whose numbers begin with 1.
inline constexpr std::array kKindRules = {&kEventSourcedRules, &kValueRules};

inline const KindRules& rules_of(Kind kind) {
    return *kKindRules[static_cast<std::size_t>(kind) - 1];
}
// Of a kind as rows and peers write it. Nothing: a newer weft's.
const KindRules* find_rules(std::uint8_t kind);

}  // namespace weft::entity
