#pragma once
// A vector whose places have a type of their own, a Strong of 32 bits: a lane's place finds no
// call.

#include <cstddef>
#include <cstdint>
#include <ranges>
#include <utility>
#include <vector>

namespace weft {

template <class Index, class T>
class Indexed {
public:
    Indexed() = default;
    explicit Indexed(std::size_t count) : items_(count) {}

    T& operator[](Index index) { return items_[index.value]; }
    const T& operator[](Index index) const { return items_[index.value]; }
    bool has(Index index) const { return index.value < items_.size(); }
    std::size_t size() const { return items_.size(); }

    Index add(T item) {
        items_.push_back(std::move(item));
        return Index{static_cast<std::uint32_t>(items_.size() - 1)};
    }
    // Adds empty ones until there is one at `last`.
    void reach(Index last) {
        if (!has(last)) items_.resize(std::size_t{last.value} + 1);
    }

    // All places there are now, in order.
    auto indexes() const {
        return std::views::iota(std::uint32_t{0}, static_cast<std::uint32_t>(items_.size())) |
               std::views::transform([](std::uint32_t place) { return Index{place}; });
    }
    auto begin() { return items_.begin(); }
    auto end() { return items_.end(); }
    auto begin() const { return items_.begin(); }
    auto end() const { return items_.end(); }

private:
    std::vector<T> items_;
};

}  // namespace weft
