#pragma once
// Leaderships go home: after a failure they are wherever an election put them, and the table says
// where they balance. One planned transfer each, a few at a time, and never to a node that is
// barely back or on its way out: a node that hands over and stops must not get its partitions back.
// Proposals wait while a transfer is tried, so one that does not take over, for whatever reason, is
// asked ever more rarely.

#include "core/indexed.h"
#include "core/time.h"
#include "node/roster.h"
#include "replication/raft/config.h"
#include "weft/types.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace weft::node {

// Where a leadership belongs: to the first of `replicas`, in the table's order, that is in service
// and has a vote by `held`, as far as that is known. Nothing: there is none.
std::optional<NodeId> home_among(std::span<const NodeId> replicas, const Roster& roster,
                                 const replication::Config* held);

class Homing {
public:
    // `groups`: how many there are in the mesh.
    Homing(std::uint32_t groups, Duration election_min)
        : election_min_(election_min), groups_(groups) {}

    // This node leads `group`, in a term of its own; and it does no longer.
    void on_elected(PartitionId group, Instant now) { groups_[group].led_since = now; }
    void on_ended(PartitionId group) { groups_[group] = {}; }

    // True: it is time for a look at what is led here, and a few may be moved.
    bool begin_look(Instant now);
    // There are peers, for the first time perhaps.
    void look_at_once() { due_ = Instant::long_ago(); }
    // In this look; `group` was not moved just before.
    bool may_move(PartitionId group, Instant now) const;
    // Of the one that the leadership belongs to, if that is another node and messages pass.
    struct Home {
        Instant greeted_at;
        bool can_stand = false;
        Duration disk_age{};
        LogIndex match;  // what it has
        LogIndex last;   // of what is led here
    };
    enum class Move : std::uint8_t { Stay, Home, Anywhere };
    // What becomes of `group`. `ahead`: our clock is ahead of a quorum's, and
    // whoever else leads does better. What moves counts as moved.
    Move judge(PartitionId group, const std::optional<Home>& home, bool ahead, Instant now);
    Instant deadline() const { return due_; }

private:
    // It can take over, and at once.
    bool should_go(PartitionId group, const Home& home, Instant now) const;
    void on_moved(PartitionId group, Instant now);

    struct Led {
        Instant led_since{};
        Instant after{};  // not moved before
        int tries = 0;
    };

    Duration election_min_;
    Instant due_ = Instant::never();
    std::size_t moves_left_ = 0;  // of this look
    Indexed<PartitionId, Led> groups_;
};

}  // namespace weft::node
