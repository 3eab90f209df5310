#include "node/draining.h"

#include <chrono>

namespace weft::node {

namespace {

constexpr Duration kDrainLimit = std::chrono::seconds(5);
constexpr Duration kHandOverLimit = std::chrono::seconds(2);
constexpr Duration kHandOverRetry = std::chrono::milliseconds(100);

}  // namespace

bool Draining::begin(Instant now) {
    if (active()) return false;
    until_ = now + kDrainLimit;
    hand_over_at_ = now;
    return true;
}

bool Draining::lose_disk(Instant now) {
    if (disk_lost_ || stopped_) return false;
    disk_lost_ = true;
    until_ = now + kHandOverLimit;
    hand_over_at_ = now;
    return true;
}

Draining::Next Draining::next(Instant now, const Seen& seen) {
    if (!under_way()) return Next::Wait;
    if (disk_lost_) {
        if (seen.leads && now < until_) return hand_over(now);
        return end(Next::EndLost);
    }
    if (!sweeping_) {
        const bool late = now >= until_ - (kDrainLimit - kHandOverLimit);
        if (seen.leads && !late) return hand_over(now);
        sweeping_ = true;
        sweeps_before_ = seen.sweeps;
        return Next::Sweep;
    }
    if (seen.sweeps > sweeps_before_ && seen.swept_on_disk) return end(Next::EndSwept);
    return now < until_ ? Next::Wait : end(Next::EndLate);
}

Draining::Next Draining::hand_over(Instant now) {
    if (hand_over_at_ > now) return Next::Wait;
    hand_over_at_ = now + kHandOverRetry;
    return Next::HandOver;
}

Draining::Next Draining::end(Next how) {
    stopped_ = true;
    return how;
}

std::optional<Stop> Draining::stop(Next next) {
    if (next == Next::EndLost) return Stop{kExitDiskLost, "its disk was lost"};
    if (next == Next::EndSwept) return Stop{0, "drained"};
    if (next == Next::EndLate) return Stop{0, "drained, not everything was swept in time"};
    return std::nullopt;
}

Instant Draining::deadline() const {
    if (!under_way()) return Instant::never();
    return sweeping_ ? until_ : hand_over_at_;
}

}  // namespace weft::node
