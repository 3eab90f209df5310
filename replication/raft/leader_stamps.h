#pragma once
// What stamps a leader gives to its entries, and when it gives up leading because others take none
// of them (S29; ADR 6). Kept, entries that nobody takes would win elections by their length until
// the time of their stamps has come, so they go where nobody can have committed them.

#include "core/time.h"
#include "replication/raft/config.h"
#include "weft/types.h"

#include <cstdint>
#include <optional>

namespace weft::replication {

class LeaderStamps {
public:
    // The leader's log, and what is known of its copies.
    struct Copies {
        const Config& config;
        PeerSet takers;                // who has not refused a stamp with its last answer
        LogIndex refusers_may_hold{};  // no refuser holds an entry behind this one
        LogIndex commit{};
        LogIndex counted{};  // earlier leaders may have counted ours up to here
        LogIndex newest_config{};
        LogIndex last{};
    };

    void stay_back(std::int64_t ms) { back_ms_ = ms; }
    std::int64_t back_ms() const { return back_ms_; }
    // Of an entry behind one that is stamped `before_ms`: no earlier.
    std::int64_t next(std::int64_t before_ms, WallTime wall) const;

    // A stamp was refused. The last entry to keep when that ends the leadership; else the next Tick
    // judges, as it tells who is there.
    std::optional<LogIndex> refused(const Copies& copies);
    bool due() const { return due_; }
    Instant deadline() const { return due_ ? Instant::long_ago() : Instant::never(); }
    // The last entry to keep when those who refuse and those who are not `heard` leave no quorum,
    // and with what is kept one of those who refuse can win instead.
    std::optional<LogIndex> judge(const Copies& copies, PeerSet heard);
    // The leadership is over.
    void end() { due_ = false; }
    // Only a leader waits for a judgement.
    void check(bool leads) const;

private:
    std::int64_t back_ms_ = 0;  // how far stamps stay behind the clock
    bool due_ = false;          // a stamp was refused and nothing has followed yet
};

}  // namespace weft::replication
