#pragma once
// Committed entries that are not in memory any more, read from the log a range at a time for the
// one who applies them. Nothing is taken that the disk has returned in another's place (S22).

#include "replication/raft/events.h"
#include "replication/raft/log_window.h"
#include "weft/bytes.h"
#include "weft/types.h"

#include <deque>
#include <optional>

namespace weft::replication {

class LogFeed {
public:
    // The entry at `index` if it was read; what is before it is let go of. Nothing: ask for it.
    const Bytes* find(LogIndex index);
    // A range is being read: its answer is waited for.
    bool waits() const { return fetch_ != FetchId{}; }
    // Entries from `from` on have been asked for.
    void asked(FetchId fetch, LogIndex from);
    // Keeps what came of the range that was asked for. Returns the first index whose record is
    // lost: damaged, gone, or not the one that was written there, which `window` tells.
    std::optional<LogIndex> take(Fetched& fetched, const LogWindow& window);
    // The log is another one now: what was asked of it counts no more.
    void forget();

private:
    FetchId fetch_;  // under way
    std::deque<Bytes> entries_;
    LogIndex first_;
};

}  // namespace weft::replication
