// The state is the value that the last entry has set.
#include "entity/kind.h"

namespace weft::entity {

namespace {

bool accepts_value(Decision::Change change) { return change != Decision::Change::Events; }

Result<void> draft_value(const EntityType& /*type*/, const Image& /*before*/,
                         const Decision& decision, Image& after) {
    after.state.assign(decision.value.view());
    after.standing.version.value += 1;
    return {};
}

void apply_value(Entity& entity, const Change& change, const EntityType* /*type*/) {
    entity.committed.state.assign(change.value);
    entity.loaded = true;
}

void keep_value(Entity& /*entity*/, const Change& /*change*/) {}

}  // namespace

constinit const KindRules kValueRules = {.kind = Kind::Value,
                                         .name = "value",
                                         .state_on_all = true,
                                         .accepts = accepts_value,
                                         .draft = draft_value,
                                         .apply = apply_value,
                                         .keep = keep_value};

}  // namespace weft::entity
