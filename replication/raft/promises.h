#pragma once
// What this replica may promise: that of its log and of its term and vote which is on disk (Raft
// thesis 3.8; S1, S2). Each Persist promises what was written by then, and reports come late, for
// several at once. A truncation lowers the promises that are still open, or a late report would
// vouch for entries that have replaced those it was about (ABA).

#include "replication/effects.h"
#include "storage/contracts.h"
#include "weft/types.h"

#include <cstddef>
#include <vector>

namespace weft::replication {

class Promises {
public:
    // At start: what was found is on disk. Entries behind `intact` are damaged or follow one.
    void start(const storage::HardState& hard, LogIndex last, LogIndex intact);
    // A record went into this step's batch; the next mark() covers it.
    void wrote() { unmarked_ = true; }
    bool unmarked() const { return unmarked_; }
    // The number of the Persist that covers all that was written up to now: a log that ends at
    // `last`, is whole up to `intact`, and `hard`.
    PersistSeq mark(const storage::HardState& hard, LogIndex last, LogIndex intact);
    // The log was cut to end at `last`, or was found to be whole only up to `intact`.
    void lower(LogIndex last, LogIndex intact);
    // False: it says nothing new.
    bool persisted(PersistSeq seq);

    LogIndex durable() const { return durable_; }
    LogIndex intact() const { return intact_; }
    bool holds(const storage::HardState& hard) const { return hard_ == hard; }
    PersistSeq last_seq() const { return seq_; }
    // No open promise reaches past `last`, where the log ends.
    void check(LogIndex last) const;

private:
    struct Mark {
        PersistSeq seq;
        LogIndex last;
        LogIndex intact;
        storage::HardState hard;
    };

    std::vector<Mark> marks_;
    std::size_t done_ = 0;  // of marks_, which are not erased one by one
    PersistSeq seq_;
    bool unmarked_ = false;
    storage::HardState hard_;
    LogIndex durable_;  // end of the log on disk
    LogIndex intact_;   // as durable_, but before the first damage: what may be acknowledged
};

}  // namespace weft::replication
