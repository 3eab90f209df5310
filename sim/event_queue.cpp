#include "sim/event_queue.h"

#include <algorithm>

namespace weft::sim {
namespace {

constexpr std::size_t kChildren = 4;

}  // namespace

std::uint32_t EventQueue::free_slot() {
    if (free_.empty()) {
        actions_.emplace_back();
        return static_cast<std::uint32_t>(actions_.size() - 1);
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
}

void EventQueue::push(Item item) {
    std::size_t at = heap_.size();
    heap_.push_back(item);
    while (at > 0) {
        const std::size_t parent = (at - 1) / kChildren;
        if (!item.before(heap_[parent])) break;
        heap_[at] = heap_[parent];
        at = parent;
    }
    heap_[at] = item;
}

EventQueue::Item EventQueue::pop() {
    const Item top = heap_.front();
    const Item last = heap_.back();
    heap_.pop_back();
    if (heap_.empty()) return top;
    std::size_t at = 0;
    for (;;) {
        const std::size_t first = at * kChildren + 1;
        if (first >= heap_.size()) break;
        const std::size_t end = std::min(first + kChildren, heap_.size());
        std::size_t least = first;
        for (std::size_t child = first + 1; child < end; ++child)
            if (heap_[child].before(heap_[least])) least = child;
        if (!heap_[least].before(last)) break;
        heap_[at] = heap_[least];
        at = least;
    }
    heap_[at] = last;
    return top;
}

bool EventQueue::run_one(Instant until) {
    if (heap_.empty() || heap_.front().at > until) {
        now_ = std::max(now_, until);
        return false;
    }
    const Item item = pop();
    now_ = item.at;
    ++executed_;
    Action& action = actions_[item.slot];
    // A broken invariant leaves by an exception: the slot must be clean on that way, too.
    struct Finish {
        EventQueue& queue;
        Action& action;
        std::uint32_t slot;
        ~Finish() {
            action.clear();
            queue.free_.push_back(slot);
        }
    } finish{*this, action, item.slot};
    action.run();
    return true;
}

}  // namespace weft::sim
