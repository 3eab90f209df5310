#pragma once
// Virtual time: one queue of actions ordered by (time, sequence). An action may only enqueue.
// Actions stand in slots that are used again, so that an event costs no allocation.

#include "core/time.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft::sim {

// A callable that is stored in place and never moves; run once at most.
class Action {
public:
    static constexpr std::size_t kBytes = 48;

    Action() = default;
    Action(const Action&) = delete;
    Action& operator=(const Action&) = delete;
    ~Action() { clear(); }

    template <class Callable>
    void set(Callable&& callable) {
        using Stored = std::decay_t<Callable>;
        static_assert(sizeof(Stored) <= kBytes, "capture less, or a unique_ptr to it");
        static_assert(alignof(Stored) <= alignof(std::max_align_t));
        new (static_cast<void*>(room_)) Stored(std::forward<Callable>(callable));
        call_ = [](void* at) { (*std::launder(static_cast<Stored*>(at)))(); };
        destroy_ = [](void* at) { std::launder(static_cast<Stored*>(at))->~Stored(); };
    }
    void run() { call_(room_); }
    void clear() {
        if (destroy_ != nullptr) destroy_(room_);
        destroy_ = nullptr;
    }

private:
    alignas(std::max_align_t) std::byte room_[kBytes];
    void (*call_)(void*) = nullptr;
    void (*destroy_)(void*) = nullptr;
};

class EventQueue {
public:
    Instant now() const { return now_; }

    // `at` in the past runs next, after what is already due. An action destroyed with the queue
    // never runs.
    template <class Callable>
    void at(Instant at, Callable&& callable) {
        const std::uint32_t slot = free_slot();
        actions_[slot].set(std::forward<Callable>(callable));
        push({at < now_ ? now_ : at, ++sequence_, slot});
    }
    template <class Callable>
    void after(Duration delay, Callable&& callable) {
        at(now_ + delay, std::forward<Callable>(callable));
    }
    // Runs the next action; false when the next one is later than `until` (time moves to `until`).
    bool run_one(Instant until);
    std::uint64_t executed() const { return executed_; }
    std::size_t waiting() const { return heap_.size(); }

private:
    struct Item {
        Instant at;
        std::uint64_t sequence = 0;
        std::uint32_t slot = 0;
        bool before(const Item& other) const {
            return at != other.at ? at < other.at : sequence < other.sequence;
        }
    };
    std::uint32_t free_slot();
    void push(Item item);
    Item pop();

    Instant now_;
    std::uint64_t sequence_ = 0;
    std::uint64_t executed_ = 0;
    std::vector<Item> heap_;  // four children per item: fewer cache lines than two
    std::deque<Action> actions_;
    std::vector<std::uint32_t> free_;
};

}  // namespace weft::sim
