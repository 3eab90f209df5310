#pragma once
// The way out of a node: leaders first, then what memory holds, then the end. What is not handed
// over in time is left to an election; what is not swept is in the log. Where the disk was lost
// there is nothing to sweep: others can lead at once, and without Persisted no promise leaves.

#include "core/time.h"
#include "node/events.h"

#include <cstdint>
#include <optional>

namespace weft::node {

class Draining {
public:
    // False: it had begun.
    bool begin(Instant now);
    // False: that was known, or the node has stopped.
    bool lose_disk(Instant now);
    bool active() const { return until_ != Instant::never(); }
    // It has begun and not ended.
    bool under_way() const { return active() && !stopped_; }

    struct Seen {
        bool leads = false;        // a group that somebody else could lead
        std::uint64_t sweeps = 0;  // that have ended
        bool swept_on_disk = false;
    };
    // What to do at the end of a round; Sweep: begin one, and ask again.
    enum class Next : std::uint8_t { Wait, HandOver, Sweep, EndSwept, EndLate, EndLost };
    Next next(Instant now, const Seen& seen);
    // How the process ends with that; nothing: it goes on.
    static std::optional<Stop> stop(Next next);
    Instant deadline() const;

private:
    Next hand_over(Instant now);
    Next end(Next how);

    Instant until_ = Instant::never();  // never: not draining
    Instant hand_over_at_ = Instant::never();
    std::uint64_t sweeps_before_ = 0;
    bool sweeping_ = false;
    bool disk_lost_ = false;
    bool stopped_ = false;
};

}  // namespace weft::node
