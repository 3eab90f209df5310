#pragma once
// Write-back (docs/design.md, "Storage"): dirty rows go out in key order, a bounded number at a
// time, and when all that was dirty at the start is written, the log before it may be compacted
// (S25, S26). Only an entry whose stamp is known can be the base: some are remembered for that.

#include "core/ids.h"
#include "entity/host.h"
#include "replication/partition/applied.h"
#include "replication/partition/partition.h"
#include "replication/partition/sessions.h"
#include "storage/contracts.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace weft::replication {

class RowSweep {
public:
    // What is written, and where to.
    struct Rows {
        entity::Host& host;
        Sessions& sessions;
        std::string prefix;
        LogIndex base;
        storage::WriteBatch& batch;
    };
    struct Written {
        std::size_t rows = 0;
        std::vector<entity::Entity*> entities;  // flushed, as soon as their Persist has a number
    };
    // How far the log may go.
    struct LogEnds {
        LogIndex applied, durable;
        LogIndex voters;                 // the least that all in contact have
        std::uint64_t behind_bytes = 0;  // of the log from there to `applied`
        bool sends_snapshot = false;
        std::optional<LogIndex> held{};  // the base that is being sent
    };
    // `limits` outlive it.
    explicit RowSweep(const PartitionLimits& limits) : limits_(limits) {}

    bool runs() const { return run_.has_value(); }
    // It was begun for idle entities or a snapshot, not by an event.
    bool own() const { return run_ && run_->own; }
    // Takes over a sweep that runs: what it wrote is clean and costs nothing. Leads to the base
    // `upto`, which is what is applied now.
    void begin(const Stamped& upto, bool own, entity::Host& host);
    // Some rows of the sweep that runs. A row of entry k never precedes the log record of k: that
    // was written into this or an earlier batch, and batches reach the disk in order.
    Written write(std::size_t rows, const Rows& to);
    bool all_written(const Sessions& sessions, LogIndex base) const;
    // Ends it. Returns the base it leads to.
    Stamped end(const LogEnds& log);

    void applied(const Stamped& entry);
    void base_moved(LogIndex base);
    // A snapshot replaced rows and log.
    void forget();
    void check(LogIndex applied) const;

private:
    enum class Phase : std::uint8_t { Entities, Sessions, Ended };
    struct Run {
        Phase phase = Phase::Entities;
        Stamped upto;
        std::optional<Sessions::RowOrder> after_session;
        bool own = false;
    };
    std::size_t write_sessions(std::size_t rows, const Rows& to);

    const PartitionLimits& limits_;
    std::optional<Run> run_;
    std::deque<Stamped> stamps_;  // now and then, in the order of the log
};

}  // namespace weft::replication
