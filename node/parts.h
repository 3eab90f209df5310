#pragma once
// The pieces of a node's state that have a name of their own.

#include "core/ids.h"
#include "core/time.h"
#include "replication/partition/partition.h"
#include "routing/messages.h"
#include "weft/types.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace weft::node {

struct Peer;

// Rounds of contact and of confirms count on from here, so that an answer to a former boot never
// fits a round of this one (S8).
template <class Round>
Round first_round(Boot boot) {
    return {boot.value << 40};
}

// Which mesh it is: both follow from the bytes of its genesis.
struct MeshId {
    Digest genesis;
    ClusterId cluster;
};

// A partition this node holds, and what the rest of the node was last told of it.
struct LocalPartition {
    PartitionId id;
    replication::Partition partition;
    std::vector<Peer*> members{};  // of its group, but for us
    replication::Role role = replication::Role::Follower;
    Term term{};
    LogIndex commit{};
    bool can_stand = true;  // it would campaign if it were asked to
    bool touched = false;   // since LocalPartitions::take_touched()

    struct RoleNews {
        bool begun = false;  // it leads, in a term in which it did not before
        bool ended = false;  // it led in `former`, and does no longer
        Term former;
        bool operator==(const RoleNews&) const = default;
    };
    RoleNews on_role(replication::Role it_has, Term in);
    bool leads() const { return role == replication::Role::Leader; }
    // It leads, and somebody with whom messages pass could lead instead.
    bool has_successor() const;
    // Entries that were committed since the last call, while it leads.
    std::uint64_t take_committed();
    bool has(const Peer* peer) const { return std::ranges::find(members, peer) != members.end(); }
};

}  // namespace weft::node
