#include "node/local_groups.h"

#include "core/invariant.h"

#include <algorithm>
#include <utility>

namespace weft::node {

namespace {

constexpr auto kId = [](const Hosted* group) { return group->group; };

}  // namespace

Hosted& LocalGroups::host(Hosted group) {
    const GroupId id = group.group;
    WEFT_INVARIANT(find(id) == nullptr, "group {} is hosted twice", id.value);
    if (id.value >= by_id_.size()) by_id_.resize(id.value + 1);
    by_id_[id.value] = std::make_unique<Hosted>(std::move(group));
    Hosted* added = by_id_[id.value].get();
    rising_.insert(std::ranges::lower_bound(rising_, id, {}, kId), added);
    return *added;
}

Hosted* LocalGroups::from(GroupId group) {
    const auto found = std::ranges::lower_bound(rising_, group, {}, kId);
    return found == rising_.end() ? nullptr : *found;
}

}  // namespace weft::node
