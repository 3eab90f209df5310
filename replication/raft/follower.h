#pragma once
// What a follower knows of its log by its leader's word, and owes that leader. A leader proves
// entries by appends that fit (Raft paper 5.3); what it has not proven is neither committed (S21)
// nor acknowledged, whatever it says, and a proof counts in its term and for this log only: one
// that outlived a snapshot let the commit pass the end of the log (finding 88). What was
// acknowledged in any term is kept apart from that: who led then may have counted it (ADR 6).

#include "core/time.h"
#include "weft/types.h"

namespace weft::replication {

class Follower {
public:
    // At start. Whatever the disk holds may have been acknowledged.
    void start(LogIndex base, LogIndex last);
    // This replica stands in a term of its own. Proven is what is committed.
    void stands(LogIndex commit);
    // Another began a term, who has named no commit yet.
    void new_term(LogIndex commit);
    void follows(Instant now) { followed_since_ = now; }
    // It stands, and owes no leader an answer.
    void owes_nothing() { ack_due_ = false; }

    // The log equals the leader's up to here, by an append that fits or as it is committed.
    void proved(LogIndex index);
    // The log ends here now.
    void cut(LogIndex last);
    void named(LogIndex commit);

    // S20: proven or committed, so that no append may contradict it.
    bool is_settled(LogIndex index, LogIndex commit) const;
    // S21: what may be committed of the `commit` that was named, in a log that ends at `last`.
    LogIndex agreed(LogIndex commit, LogIndex last) const;
    // S2: all that is proven is on disk, up to `intact`, and so is the term.
    bool may_acknowledge(LogIndex intact, bool term_on_disk) const;
    // The leader is to be answered, which may_acknowledge() does not allow yet.
    void owes() { ack_due_ = true; }
    bool ack_due() const { return ack_due_; }
    // The index to acknowledge now; the rest stays due.
    LogIndex acknowledge(LogIndex intact);

    LogIndex verified() const { return verified_; }
    LogIndex counted() const { return counted_; }
    LogIndex named_commit() const { return named_commit_; }
    // The leader has had its time to name a commit at the base or behind it, and has not.
    bool is_ahead(LogIndex base, Instant now) const;
    // Nothing outside of the log is proven or counted, and only who follows owes an answer.
    void check(bool follows, LogIndex base, LogIndex last) const;

private:
    LogIndex verified_;      // equal to the leader's log of this term up to here
    LogIndex counted_;       // other leaders may have counted our copies up to here
    bool ack_due_ = false;   // an append of this term waits for Persisted
    LogIndex named_commit_;  // the highest
    Instant followed_since_ = Instant::long_ago();
};

}  // namespace weft::replication
