#include "sim/clock.h"

#include <algorithm>

namespace weft::sim {

void EventQueue::at(Instant at, Action action) {
    heap_.push_back({std::max(at, now_), ++sequence_, std::move(action)});
    std::push_heap(heap_.begin(), heap_.end(), later);
}

bool EventQueue::run_one(Instant until) {
    if (heap_.empty() || heap_.front().at > until) {
        now_ = std::max(now_, until);
        return false;
    }
    std::pop_heap(heap_.begin(), heap_.end(), later);
    Item item = std::move(heap_.back());
    heap_.pop_back();
    now_ = item.at;
    ++executed_;
    item.action();
    return true;
}

}  // namespace weft::sim
