#pragma once
// What a group of this node says when another node claims to lead it. Beats and confirm rounds are
// one message for many groups, but each group is judged by its own replica.

#include "replication/raft/replica.h"
#include "weft/types.h"

namespace weft::node {

struct ClaimVerdict {
    bool follows = false;  // in the term that was claimed, now
    Term own{};            // the term held here; 0: the group is not hosted
};

// Of a beat, once the replica has taken it.
ClaimVerdict judge_beat(const replication::Replica& replica, NodeId peer, Term claimed);
// Of a confirm round, which changes nothing here (Raft thesis 6.4).
ClaimVerdict judge_confirm(const replication::Replica& replica, NodeId peer, Term claimed);

}  // namespace weft::node
