#pragma once
// Whose clock is off, and what follows for stamps (S29). A node whose stamps a quorum would refuse
// gives away what it leads; where nobody else could lead, it stamps so far behind its clock that a
// quorum takes it. Nodes tell their clocks with hellos and heartbeats; what is kept of one is its
// wall clock minus our monotonic one, which stays the same while both run.

#include "core/indexed.h"
#include "core/log.h"
#include "core/time.h"
#include "replication/raft/config.h"
#include "replication/raft/events.h"
#include "weft/types.h"

#include <cstdint>
#include <map>
#include <optional>

namespace weft::node {

class Clocks {
public:
    // `groups`: how many there are in the mesh. What was told longer ago than `election_max` does
    // not keep the only one who can from leading.
    Clocks(std::uint32_t groups, Duration election_max, weft::Log log)
        : election_max_(election_max), log_(log), groups_(groups) {}

    // Whose clocks count. This node is none of them.
    void meet(NodeId peer) { peers_.try_emplace(peer); }
    void part_with(NodeId peer) { peers_.erase(peer); }
    // `wall_ms` was told just now; 0: nothing was.
    void learn(Now now, NodeId peer, std::int64_t wall_ms);
    // The link or the process is another one now.
    void forget(NodeId peer);

    // By how much our own clock was set since the last look; 0: it was not.
    std::int64_t look_at_own(Now now);
    // Judges the clocks of peers. True: every group held here must be judged, with this `jump_ms`
    // of our own clock.
    bool judge_peers(Now now, std::int64_t jump_ms);
    struct Group {
        PartitionId group;
        const replication::Config& config;
        Instant leader_heard;  // now, if this node leads
    };
    // True: of() says something else of the group than before.
    bool judge_group(Now now, const Group& group, std::int64_t jump_ms);

    const replication::OwnClock& of(PartitionId group) const { return groups_[group]; }
    // The most of a group.
    std::int64_t stamps_back_ms() const { return stamps_back_ms_; }
    // By how many milliseconds our clock is ahead of the peer's, which has told it.
    std::optional<std::int64_t> ahead_of(Now now, NodeId peer) const;
    void check() const;

private:
    struct Peer {
        std::optional<std::int64_t> clock_ms;  // its wall clock minus our monotonic one
        Instant at{};                          // when it told it
        bool behind = false;                   // our stamps are too far ahead for it
    };
    const Peer* find(NodeId peer) const;
    bool ahead_of_quorum(Now now, const Group& group) const;
    std::int64_t stamps_back_of(Now now, const Group& group, std::int64_t jump_ms) const;

    Duration election_max_;
    weft::Log log_;
    std::map<NodeId, Peer> peers_;
    Indexed<PartitionId, replication::OwnClock> groups_;
    std::optional<std::int64_t> judged_ms_;  // our own clock as it was last judged
    bool matters_ = false;                   // of a group, of() says that it is off
    std::int64_t stamps_back_ms_ = 0;
};

}  // namespace weft::node
