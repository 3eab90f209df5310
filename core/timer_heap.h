#pragma once
// An indexed binary heap: one moment per key, moved or erased in O(log n). Without stale entries a
// client of 100,000 calls a second does not carry two seconds of ended calls along.

#include "core/time.h"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace weft {

// Names a timer where things of several kinds have one: the index counts within its kind.
template <class Kind, std::size_t kKindCount>
struct TimerKey {
    static constexpr std::size_t kKinds = kKindCount;

    Kind kind{};
    std::uint32_t index = 0;
    constexpr auto operator<=>(const TimerKey&) const = default;
};

// Key: a TimerKey, or a Strong of 32 bits where only one kind of things has timers. Indexes are
// dense: memory is taken for all that are below the highest ever set.
template <class Key>
class TimerHeap {
public:
    // Arms `key` or moves it; Instant::never() disarms it.
    void set(Key key, Instant at) {
        if (at == Instant::never()) return erase(key);
        std::uint32_t& place = place_of(key);
        if (place == kAbsent) {
            place = static_cast<std::uint32_t>(heap_.size());
            heap_.push_back({at, key});
            return rise(place);
        }
        const Instant before = heap_[place].at;
        heap_[place].at = at;
        if (at < before) {
            rise(place);
        } else {
            sink(place);
        }
    }
    // Arms `key` or moves it, but never to a later moment: for whoever mostly moves to later ones
    // and looks again when the first of them has come.
    void set_earlier(Key key, Instant at) {
        if (at < of(key)) set(key, at);
    }

    void erase(Key key) {
        const std::uint32_t place = std::exchange(place_of(key), kAbsent);
        if (place == kAbsent) return;
        const Item last = heap_.back();
        heap_.pop_back();
        if (last.key == key) return;
        heap_[place] = last;
        place_of(last.key) = place;
        rise(place);
        sink(place_of(last.key));
    }

    // Instant::never() when it is not armed.
    Instant of(Key key) const {
        const std::vector<std::uint32_t>& row = places_[kind_of(key)];
        const std::uint32_t index = index_of(key);
        if (index >= row.size() || row[index] == kAbsent) return Instant::never();
        return heap_[row[index]].at;
    }
    Instant next() const { return heap_.empty() ? Instant::never() : heap_.front().at; }

    // The earliest key that is due, disarmed.
    std::optional<Key> pop_due(Instant now) {
        if (heap_.empty() || heap_.front().at > now) return std::nullopt;
        const Key key = heap_.front().key;
        erase(key);
        return key;
    }

private:
    static constexpr std::uint32_t kAbsent = 0xffffffff;
    struct Item {
        Instant at;
        Key key{};
        auto operator<=>(const Item&) const = default;  // the key breaks ties: same run, same order
    };
    static constexpr bool kHasKinds = requires { Key::kKinds; };
    static constexpr std::size_t kRows = [] {
        if constexpr (kHasKinds) return Key::kKinds;
        return std::size_t{1};
    }();
    static constexpr std::size_t kind_of([[maybe_unused]] Key key) {
        if constexpr (kHasKinds) return static_cast<std::size_t>(key.kind);
        return 0;
    }
    static constexpr std::uint32_t index_of(Key key) {
        if constexpr (kHasKinds) {
            return key.index;
        } else {
            return key.value;
        }
    }
    std::uint32_t& place_of(Key key) {
        std::vector<std::uint32_t>& row = places_[kind_of(key)];
        const std::uint32_t index = index_of(key);
        if (index >= row.size()) row.resize(std::size_t{index} + 1, kAbsent);
        return row[index];
    }
    void exchange(std::uint32_t a, std::uint32_t b) {
        std::swap(heap_[a], heap_[b]);
        place_of(heap_[a].key) = a;
        place_of(heap_[b].key) = b;
    }
    void rise(std::uint32_t place) {
        while (place > 0) {
            const std::uint32_t parent = (place - 1) / 2;
            if (!(heap_[place] < heap_[parent])) return;
            exchange(place, parent);
            place = parent;
        }
    }
    void sink(std::uint32_t place) {
        const auto size = static_cast<std::uint32_t>(heap_.size());
        for (;;) {
            std::uint32_t least = place;
            for (const std::uint32_t child : {2 * place + 1, 2 * place + 2})
                if (child < size && heap_[child] < heap_[least]) least = child;
            if (least == place) return;
            exchange(place, least);
            place = least;
        }
    }

    std::vector<Item> heap_;
    std::array<std::vector<std::uint32_t>, kRows> places_;  // by kind and index
};

}  // namespace weft
