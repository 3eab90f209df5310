#pragma once
// The groups of which this node holds a replica. Everybody else names a group by its id: where its
// replica stands in memory is nobody's business.

#include "node/parts.h"
#include "weft/types.h"

#include <cstddef>
#include <memory>
#include <ranges>
#include <vector>

namespace weft::node {

class LocalGroups {
public:
    // Each id once. It stays where it is.
    Hosted& host(Hosted group);
    Hosted* find(GroupId group) {
        return group.value < by_id_.size() ? by_id_[group.value].get() : nullptr;
    }
    const Hosted* find(GroupId group) const {
        return group.value < by_id_.size() ? by_id_[group.value].get() : nullptr;
    }
    // The first one with that id or a higher one; nothing: there is none.
    Hosted* from(GroupId group);
    std::size_t size() const { return rising_.size(); }
    // Rising by id.
    auto all() {
        return rising_ | std::views::transform([](Hosted* group) -> Hosted& { return *group; });
    }
    auto all() const {
        return rising_ |
               std::views::transform([](const Hosted* group) -> const Hosted& { return *group; });
    }

private:
    std::vector<std::unique_ptr<Hosted>> by_id_;  // empty where there is no replica here
    std::vector<Hosted*> rising_;
};

}  // namespace weft::node
