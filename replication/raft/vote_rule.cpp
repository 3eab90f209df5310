#include "replication/raft/vote_rule.h"

#include "core/mutant.h"

namespace weft::replication {

Ballot judge_vote(const Voter& voter, NodeId from, const VoteAsk& ask) {
    if (ask.term < voter.term || (!ask.transfer && voter.hears_leader)) return Ballot::Untaken;
    if (!voter.durable) return Ballot::Refused;
    if (ask.last < *voter.durable && !WEFT_MUTANT(VoteForShorterLog)) return Ballot::OlderLog;
    if (ask.term > voter.term) return Ballot::Granted;  // nobody has its vote, nobody leads

    const bool free = voter.vote.is_zero() || voter.vote == from || WEFT_MUTANT(VoteTwice);
    const bool open = !voter.leader || (!ask.pre && voter.leader == from);
    return free && open ? Ballot::Granted : Ballot::Refused;
}

}  // namespace weft::replication
