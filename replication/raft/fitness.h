#pragma once
// What keeps a replica from leading as long as it lasts, and does not stand in its log: a vote that
// it may have forgotten (S1), rows that are damaged (S22, S23), its owner's reasons, and a disk
// that takes too long.

#include "core/time.h"
#include "replication/raft/events.h"

#include <cstdint>

namespace weft::replication {

// The owner's reasons not to campaign; each is taken back by itself. A campaign under way goes on.
enum class Ban : std::uint8_t {
    Installing = 1,  // a snapshot is being staged (S19)
    Blocked = 2,     // an entry of a later weft: it could not apply what it proposes
    ClockAhead = 4,  // its stamps would be refused
};

class Fitness {
public:
    explicit Fitness(const Timings& timings) : election_min_(timings.election_min) {}

    // Term and vote on disk are not what was written last. Nothing mends that: which vote was lost
    // is known to nobody.
    void lost_vote() { vote_damaged_ = true; }
    bool vote_damaged() const { return vote_damaged_; }
    // Only a snapshot helps.
    void lost_rows() { rows_damaged_ = true; }
    void got_rows() { rows_damaged_ = false; }
    bool rows_damaged() const { return rows_damaged_; }

    void forbid(Ban why);
    void allow(Ban why);
    bool is_forbidden(Ban why) const;
    // Nothing of the above keeps it from leading.
    bool can_lead() const { return !vote_damaged_ && !rows_damaged_ && bans_ == 0; }

    // Slow: it shall not begin to lead, and who leads gives that away while others can take it.
    // Stalled: who leads stops.
    enum class Disk : std::uint8_t { Good, Slow, Stalled };
    // The node's oldest Persist has that age.
    void persist_waits(Duration age) { oldest_persist_ = age; }
    Disk disk() const;

private:
    Duration election_min_;
    bool vote_damaged_ = false;
    bool rows_damaged_ = false;
    std::uint8_t bans_ = 0;  // bits of Ban
    Duration oldest_persist_{};
};

}  // namespace weft::replication
