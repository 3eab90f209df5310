#include "replication/raft/owed_votes.h"

#include "core/invariant.h"

#include <utility>

namespace weft::replication {

void OwedVotes::wait(NodeId from, const VoteAsk& ask) {
    std::erase_if(asked_, [from](const Asked& asked) { return asked.from == from; });
    if (asked_.size() < kMembersMax) asked_.push_back({from, ask});
}

std::vector<OwedVotes::Asked> OwedVotes::take(Instant now) {
    contact_known_at_ = now;
    return std::exchange(asked_, {});
}

void OwedVotes::check(NodeId vote) const {
    WEFT_INVARIANT(!given_ || *given_ == vote, "the vote for {} is owed to {}", vote.hex(),
                   given_->hex());
}

}  // namespace weft::replication
