#pragma once
// What lately happened to members and to leaders, as this node saw it, for those who follow it
// (`weft events`). Bounded: who asks too seldom is told how many are gone.

#include "core/time.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

namespace weft::node {

struct RecentEvent {
    std::uint64_t number = 0;  // from 1, in this life of the process
    WallTime at;
    std::string_view what;  // as its line in the log
    std::string subject;
    std::string detail;
};

class RecentEvents {
public:
    explicit RecentEvents(std::size_t most) : most_(most) {}

    void add(WallTime at, std::string_view what, std::string subject, std::string detail) {
        if (events_.size() == most_) events_.pop_front();
        events_.push_back({++last_, at, what, std::move(subject), std::move(detail)});
    }
    // Of the newest; 0: nothing has happened.
    std::uint64_t last() const { return last_; }
    // How many after `number` are gone.
    std::uint64_t lost_after(std::uint64_t number) const {
        const std::uint64_t first = last_ - events_.size() + 1;
        return number + 1 < first ? first - number - 1 : 0;
    }
    // Calls with each after `number`, at most `count` of them, the oldest first.
    template <class Each>
    void each_after(std::uint64_t number, std::size_t count, Each each) const {
        const std::uint64_t gone = last_ - events_.size();
        const std::uint64_t skipped =
            std::min<std::uint64_t>(number > gone ? number - gone : 0, events_.size());
        for (std::size_t i = static_cast<std::size_t>(skipped); i < events_.size() && count > 0;
             ++i, --count)
            each(events_[i]);
    }

private:
    std::size_t most_;
    std::uint64_t last_ = 0;
    std::deque<RecentEvent> events_;
};

}  // namespace weft::node
