#pragma once
// When entries of a leader's term came to be. An answer to an append says nothing of when the
// append was sent; but whoever holds an entry of our term heard from us after it was proposed. So
// an acknowledgement proves contact from that moment on, and no earlier one (S6).

#include "core/time.h"
#include "weft/types.h"

#include <cstddef>
#include <vector>

namespace weft::replication {

class ProposalDates {
public:
    void clear() { dates_.clear(); }
    // The entry at `index` is proposed now. Noted when the last note is `apart` old; the oldest of
    // 64 notes goes.
    void note(Now now, LogIndex index, Duration apart);
    // The entry came to be then or later; long ago: nothing is noted of it.
    Instant of(LogIndex index) const;

private:
    // Entries from `first` on were proposed at `at` or later.
    struct Date {
        LogIndex first;
        Instant at;
    };
    static constexpr std::size_t kDatesMax = 64;
    std::vector<Date> dates_;  // oldest first
};

}  // namespace weft::replication
