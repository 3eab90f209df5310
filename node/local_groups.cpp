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

void LocalGroups::touch(Hosted& group) {
    if (!std::exchange(group.touched, true)) touched_.push_back(group.group);
}

void LocalGroups::note(Hosted& group) {
    const bool stands = group.partition.replica().can_stand();
    if (std::exchange(group.stands, stands) != stands) stands ? --not_standing_ : ++not_standing_;
    deadlines_.set_earlier(group.group, group.partition.next_deadline());
}

// A deadline mostly moves to a later moment, of which nobody is told: it is looked at when the
// earlier one has come.
const std::vector<GroupId>& LocalGroups::take_due(Instant now) {
    due_.clear();
    while (const auto group = deadlines_.pop_due(now)) {
        const Instant deadline = find(*group)->partition.next_deadline();
        if (deadline > now)
            deadlines_.set(*group, deadline);
        else
            due_.push_back(*group);
    }
    return due_;
}

void LocalGroups::take_touched(std::vector<GroupId>& groups) {
    groups.clear();
    std::swap(groups, touched_);
    for (const GroupId group : groups) find(group)->touched = false;
}

void LocalGroups::check() const {
    std::size_t not_standing = 0;
    std::size_t touched = 0;
    for (const Hosted& group : all()) {
        not_standing += group.stands ? 0 : 1;
        touched += group.touched ? 1 : 0;
        WEFT_INVARIANT(group.stands == group.partition.replica().can_stand(),
                       "whether group {} would campaign is told wrong", group.group.value);
        WEFT_INVARIANT(deadlines_.of(group.group) <= group.partition.next_deadline(),
                       "group {} will be woken too late", group.group.value);
    }
    WEFT_INVARIANT(not_standing == not_standing_, "{} groups would not campaign, {} are counted",
                   not_standing, not_standing_);
    WEFT_INVARIANT(touched == touched_.size(), "{} groups were stepped, {} are listed", touched,
                   touched_.size());
}

Hosted* LocalGroups::from(GroupId group) {
    const auto found = std::ranges::lower_bound(rising_, group, {}, kId);
    return found == rising_.end() ? nullptr : *found;
}

}  // namespace weft::node
