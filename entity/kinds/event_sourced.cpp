// The state is folded from events. Rows hold these in a journal, with a snapshot now and then.
#include "entity/kind.h"

#include <string>
#include <utility>

namespace weft::entity {

namespace {

bool accepts_events(Decision::Change change) {
    return change == Decision::Change::None || change == Decision::Change::Events;
}

Result<void> draft_events(const EntityType& type, const Image& before, const Decision& decision,
                          Image& after) {
    std::string_view state = before.exists() ? std::string_view(before.state) : std::string_view{};
    for (const Bytes& event : decision.events) {
        auto folded = type.apply(state, event.view());
        if (!folded) return std::unexpected(std::move(folded).error());
        after.state = std::move(*folded);
        state = after.state;
        after.standing.version.value += 1;
    }
    return {};
}

void let_go(Entity& entity) {
    entity.loaded = false;
    std::string().swap(entity.committed.state);
}

void apply_events(Entity& entity, const Change& change, const EntityType* type) {
    // The very first events need nothing loaded, but a follower has no use for the state.
    if (type == nullptr || !entity.loaded) return let_go(entity);
    for (const std::string_view event : change.events) {
        auto folded = type->apply(entity.committed.state, event);
        if (!folded) return let_go(entity);  // activation finds the damage and names it
        entity.committed.state = std::move(*folded);
    }
}

void keep_events(Entity& entity, const Change& change) {
    Version version{change.version.value - change.events.size() + 1};
    for (const std::string_view event : change.events) {
        entity.unflushed.append(version, {change.index, change.stamp_ms, event});
        version.value += 1;
    }
    if (change.snapshot) entity.unflushed.set_snapshot(change.version, *change.snapshot);
}

}  // namespace

constinit const KindRules kEventSourcedRules = {.kind = Kind::EventSourced,
                                                .name = "event-sourced",
                                                .state_on_all = false,
                                                .accepts = accepts_events,
                                                .draft = draft_events,
                                                .apply = apply_events,
                                                .keep = keep_events};

}  // namespace weft::entity
