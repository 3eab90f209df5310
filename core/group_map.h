#pragma once
// What is held for some of the groups of a mesh, in order of their numbers: it takes room for those
// only, whatever their numbers are. A T stays where it is until another group comes or goes.

#include "weft/types.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace weft {

template <class T>
class GroupMap {
public:
    struct Item {
        PartitionId group;
        T value;
    };

    T* find(PartitionId group) {
        const std::size_t at = place(group);
        return is_at(at, group) ? &items_[at].value : nullptr;
    }
    const T* find(PartitionId group) const {
        const std::size_t at = place(group);
        return is_at(at, group) ? &items_[at].value : nullptr;
    }
    // Makes an empty one where there is none.
    T& operator[](PartitionId group) {
        const std::size_t at = place(group);
        if (!is_at(at, group))
            items_.insert(items_.begin() + static_cast<std::ptrdiff_t>(at), Item{group, T{}});
        return items_[at].value;
    }
    void erase(PartitionId group) {
        const std::size_t at = place(group);
        if (is_at(at, group)) items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(at));
    }

    std::size_t size() const { return items_.size(); }
    auto begin() { return items_.begin(); }
    auto end() { return items_.end(); }
    auto begin() const { return items_.begin(); }
    auto end() const { return items_.end(); }

private:
    bool is_at(std::size_t place, PartitionId group) const {
        return place < items_.size() && items_[place].group == group;
    }
    // Of the first that is not below `group`.
    std::size_t place(PartitionId group) const {
        // Nodes of a small mesh share all groups, from 0 on: then it is its number.
        if (is_at(group.value, group)) return group.value;
        const auto at = std::ranges::lower_bound(items_, group, {}, &Item::group);
        return static_cast<std::size_t>(at - items_.begin());
    }

    std::vector<Item> items_;
};

}  // namespace weft
