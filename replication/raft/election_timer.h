#pragma once
// When this replica stands for election: a random timeout after it last heard of its leader, so
// that elections seldom collide (Raft paper 5.2), or sooner when there is a reason. What is heard
// does not move the deadline, or every message of a leader would; when it comes, the timer looks at
// when the leader was heard last.

#include "core/random.h"
#include "core/time.h"
#include "replication/raft/events.h"

#include <cstddef>

namespace weft::replication {

class ElectionTimer {
public:
    ElectionTimer(const Timings& timings, Random random) : timings_(timings), random_(random) {}

    // A full timeout from now, drawn anew.
    void restart(Instant now);
    // The leader was.
    void heard(Instant at);
    // Within the minimum timeout (S5).
    bool hears(Instant now) const { return now - heard_ < timings_.election_min; }
    // The timeout has passed, and with it that of the leader, if one is followed.
    bool lapsed(Instant now, bool follows);
    // Sooner, if it was later: each rank a stagger after the one before, so that elections do not
    // collide and leaders are where the table wants them.
    void in_turn(Instant now, std::size_t rank);
    // Sooner, if it was later: within a heartbeat (S7).
    void soon(Instant now);
    Instant deadline() const { return at_; }

private:
    void hasten_to(Instant at);

    Timings timings_;
    Random random_;
    Instant heard_ = Instant::long_ago();
    Instant at_ = Instant::never();
    Duration timeout_{};
};

}  // namespace weft::replication
