#pragma once
// std::stable_sort of libstdc++ calls a function that C++17 deprecates; clang says so.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

namespace weft {

// Rising by `key` (a member or a function); equal ones keep their order.
template <class T, class Key>
void sort_stably(std::vector<T>& items, Key key) {
    std::vector<std::size_t> order(items.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
        const auto& left = std::invoke(key, items[a]);
        const auto& right = std::invoke(key, items[b]);
        return left < right || (!(right < left) && a < b);
    });
    std::vector<T> sorted;
    sorted.reserve(items.size());
    for (const std::size_t at : order) sorted.push_back(std::move(items[at]));
    items = std::move(sorted);
}

}  // namespace weft
