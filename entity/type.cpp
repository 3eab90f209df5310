#include "entity/type.h"

#include "core/invariant.h"
#include "entity/kind.h"

namespace weft::entity {

Decision rejection(Error error) {
    Decision decision;
    decision.rejected = true;
    decision.error = std::move(error);
    return decision;
}

void TypeTable::add(std::unique_ptr<const EntityType> type) {
    std::string name(type->info().name);
    WEFT_INVARIANT(name.size() <= kTypeBytesMax, "type name of {} bytes", name.size());
    WEFT_INVARIANT(find_rules(static_cast<std::uint8_t>(type->info().kind)) != nullptr,
                   "entity type {} has no kind", name);
    const bool added = types_.emplace(std::move(name), std::move(type)).second;
    WEFT_INVARIANT(added, "an entity type was added twice");
}

const EntityType* TypeTable::find(std::string_view name) const {
    const auto it = types_.find(name);
    return it == types_.end() ? nullptr : it->second.get();
}

std::vector<const EntityType*> TypeTable::all() const {
    std::vector<const EntityType*> list;
    list.reserve(types_.size());
    for (const auto& [name, type] : types_) list.push_back(type.get());
    return list;
}

std::string TypeTable::names() const {
    std::string names;
    for (const auto& [name, type] : types_) names += (names.empty() ? "" : ", ") + name;
    return names;
}

}  // namespace weft::entity
