#include "node/contact/claims.h"

#include "core/mutant.h"

namespace weft::node {

namespace {

using replication::Replica;
using replication::Role;

bool may_confirm(const Replica& replica, NodeId peer, Term claimed) {
    if (WEFT_MUTANT(ConfirmWhateverTheTerm)) return replica.role() != Role::Leader;
    if (!replica.term_certain()) return false;
    // S17: a former replica of this node may have helped to elect a leader of a newer term, and
    // ours has not heard of it yet. Who holds the entry that added it has a term that is not below
    // that.
    if (!replica.is_member()) return false;
    // A term has one leader: a follower that has not heard of it yet may confirm it too.
    return replica.term() == claimed && replica.role() == Role::Follower &&
           (!replica.leader() || replica.leader() == peer);
}

}  // namespace

ClaimVerdict judge_beat(const Replica& replica, NodeId peer, Term claimed) {
    const bool follows =
        replica.role() == Role::Follower && replica.leader() == peer && replica.term() == claimed;
    return {follows, replica.term()};
}

ClaimVerdict judge_confirm(const Replica& replica, NodeId peer, Term claimed) {
    return {may_confirm(replica, peer, claimed), replica.term()};
}

}  // namespace weft::node
