#include "replication/partition/flight.h"

#include "core/error.h"
#include "core/invariant.h"
#include "core/mutant.h"

#include <utility>

namespace weft::replication {

SendReply answer_to(const Waiter& waiter, Reply reply) {
    if (waiter.tell) reply.payload = {};
    return {waiter.from, std::move(reply)};
}

void Flight::enter(LogIndex index, InFlight item) {
    if (items_.empty()) first_ = index;
    WEFT_INVARIANT(index.value == first_.value + items_.size(),
                   "entry {} enters the flight of {} from {}", index.value, items_.size(),
                   first_.value);
    items_.push_back(std::move(item));
}

InFlight Flight::leave(LogIndex index) {
    WEFT_INVARIANT(is_first(index), "applied {}, in flight from {}", index.value, first_.value);
    InFlight item = std::move(items_.front());
    items_.pop_front();
    first_ = next(first_);
    return item;
}

bool Flight::join(LogIndex index, const Waiter& waiter, std::size_t most) {
    const auto place = index.value - first_.value;
    WEFT_INVARIANT(place < items_.size(), "joined entry {} is not in flight", index.value);
    std::vector<Waiter>& joined = items_[place].joined;
    if (joined.size() >= most) return false;
    joined.push_back(waiter);
    return true;
}

Flight::Lost Flight::lose() {
    Lost lost;
    for (const InFlight& item : std::exchange(items_, {})) {
        if (!item.asked_for()) continue;
        if (item.entity != nullptr) lost.entities.push_back(item.entity);
        const auto say_unknown = [&](const Waiter& waiter) {
            lost.refused.push_back(
                {waiter.from, item.id,
                 make_error(ErrorNumber::LeadershipLost, "the term ended before the commit"),
                 WEFT_MUTANT(LostTermIsNotDone) ? Outcome::NotDone : Outcome::Unknown});
        };
        say_unknown(item.first);
        for (const Waiter& waiter : item.joined) say_unknown(waiter);
    }
    return lost;
}

void Flight::check(LogIndex applied) const {
    WEFT_INVARIANT(empty() || first_ == next(applied), "in flight from {}, applied {}",
                   first_.value, applied.value);
}

}  // namespace weft::replication
