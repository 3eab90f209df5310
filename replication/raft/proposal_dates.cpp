#include "replication/raft/proposal_dates.h"

#include <algorithm>
#include <iterator>

namespace weft::replication {

void ProposalDates::note(Now now, LogIndex index, Duration apart) {
    if (!dates_.empty() && now.mono - dates_.back().at < apart) return;
    if (dates_.size() == kDatesMax) dates_.erase(dates_.begin());
    dates_.push_back({index, now.mono});
}

Instant ProposalDates::of(LogIndex index) const {
    const auto behind = std::ranges::upper_bound(dates_, index, {}, &Date::first);
    return behind == dates_.begin() ? Instant::long_ago() : std::prev(behind)->at;
}

}  // namespace weft::replication
