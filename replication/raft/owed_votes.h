#pragma once
// Candidates that wait for this replica's answer. How long ago the leader was heard is known for
// sure only with a Tick's contact times, so a request whose answer depends on them waits for the
// next one (S5); and a vote that was given leaves when it is on disk (S1), or never, once its term
// is over.

#include "core/time.h"
#include "replication/messages.h"
#include "replication/raft/config.h"
#include "weft/types.h"

#include <optional>
#include <vector>

namespace weft::replication {

class OwedVotes {
public:
    struct Asked {
        NodeId from;
        VoteAsk ask;
    };
    // For fresh contact times: what each candidate asked last, of kMembersMax of them.
    void wait(NodeId from, const VoteAsk& ask);
    // A Tick came: contact times are known as of now, and those who wait are judged.
    std::vector<Asked> take(Instant now);
    // They are known as of now, so that nobody has to wait.
    bool contact_is_known(Instant now) const { return contact_known_at_ == now; }
    // When they are wanted: at once.
    Instant deadline() const { return asked_.empty() ? Instant::never() : Instant::long_ago(); }

    // The vote of this term, which is not on disk yet.
    void give(NodeId to) { given_ = to; }
    std::optional<NodeId> given() const { return given_; }
    // It is sent, or void.
    void end() { given_.reset(); }
    // Who waits for it is who is written down for it.
    void check(NodeId vote) const;

private:
    std::vector<Asked> asked_;
    Instant contact_known_at_ = Instant::long_ago();
    std::optional<NodeId> given_;
};

}  // namespace weft::replication
