#pragma once
// An indexed binary heap: one moment per dense id, moved or erased in O(log n). Without stale
// entries a client of 100,000 calls a second does not carry two seconds of ended calls along.

#include "core/time.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace weft::client {

class TimerHeap {
public:
    // Ids below `count` may be used from now on; never shrinks.
    void grow(std::size_t count) {
        if (place_.size() < count) place_.resize(count, kAbsent);
    }

    // Arms `id` or moves it; Instant::never() disarms it.
    void set(std::uint32_t id, Instant at) {
        if (at == Instant::never()) return erase(id);
        std::uint32_t place = place_[id];
        if (place == kAbsent) {
            place = static_cast<std::uint32_t>(heap_.size());
            heap_.push_back({at, id});
            place_[id] = place;
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

    void erase(std::uint32_t id) {
        const std::uint32_t place = place_[id];
        if (place == kAbsent) return;
        place_[id] = kAbsent;
        const Item last = heap_.back();
        heap_.pop_back();
        if (last.id == id) return;
        heap_[place] = last;
        place_[last.id] = place;
        rise(place);
        sink(place_[last.id]);
    }

    Instant next() const { return heap_.empty() ? Instant::never() : heap_.front().at; }

    // The earliest id that is due, disarmed.
    std::optional<std::uint32_t> pop_due(Instant now) {
        if (heap_.empty() || heap_.front().at > now) return std::nullopt;
        const std::uint32_t id = heap_.front().id;
        erase(id);
        return id;
    }

private:
    static constexpr std::uint32_t kAbsent = 0xffffffff;
    struct Item {
        Instant at;
        std::uint32_t id = 0;
        auto operator<=>(const Item&) const = default;  // the id breaks ties: same run, same order
    };

    void exchange(std::uint32_t a, std::uint32_t b) {
        std::swap(heap_[a], heap_[b]);
        place_[heap_[a].id] = a;
        place_[heap_[b].id] = b;
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
    std::vector<std::uint32_t> place_;
};

}  // namespace weft::client
