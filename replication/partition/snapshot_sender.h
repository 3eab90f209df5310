#pragma once
// The leader's side of a snapshot transfer (Raft paper 7; S19): one peer, one chunk at a time. Rows
// are swept, wait for the disk, and are streamed as they are. They hold every effect up to the base
// and may hold later ones: the log from the base on is replayed over them, as at a restart.

#include "core/ids.h"
#include "core/log.h"
#include "core/time.h"
#include "replication/effects.h"
#include "replication/partition/partition.h"
#include "replication/raft/config.h"
#include "replication/raft/events.h"
#include "storage/contracts.h"

#include <cstdint>
#include <optional>
#include <string>

namespace weft::replication {

class SnapshotSender {
public:
    // What is there to be sent: the base in memory, the last Persist asked for, and the last one
    // that came.
    struct Rows {
        const storage::LogBase& base;
        PersistSeq written, persisted;
    };
    // `limits` outlive it.
    SnapshotSender(PartitionId group, const PartitionLimits& limits, weft::Log log)
        : group_(group), limits_(limits), log_(log) {}

    // A transfer is its term's. Serving is not asked for: a quorum may need the snapshot before
    // the no-op can commit. `leads`: the term in which this replica does.
    void follow(std::optional<Term> leads);
    bool busy() const { return sending_.has_value(); }
    // To whom, while one is under way.
    std::optional<NodeId> to() const;
    // True when the next peer may have its turn, the one behind last_peer(). One that is `gone`
    // keeps nobody from his: a quorum may need the next one.
    bool wants_peer(Instant now, bool gone) const;
    std::optional<NodeId> last_peer() const { return last_peer_; }
    // Ends what was under way. A sweep must run, its own or another's.
    void begin(Instant now, const Member& to, Term term);
    // True when some rows are to be swept for it now.
    bool wants_sweep(Instant now);
    // Time has passed, or a Persist has come. `swept`: no sweep runs any more.
    void drive(const Step& step, bool swept, const Rows& rows);

    // True when the page of rows behind after() in table() is to be read.
    bool wants_page() const { return sending_ && sending_->phase == Phase::Read && !asked(); }
    storage::Table table() const { return sending_->table; }
    const std::string& after() const { return sending_->after; }
    void asked(FetchId fetch) { sending_->fetch = fetch; }
    // A page came. False: a row of it is damaged.
    bool take(const Step& step, const Fetched& fetched);

    struct Sent {
        Member to;
        LogPosition at;
    };
    // Returns the transfer that the answer ends well.
    std::optional<Sent> answered(const Step& step, NodeId from, const SnapshotAnswer& answer,
                                 const Rows& rows);

    // The base that is being sent: the log must not be compacted past it.
    std::optional<LogIndex> holds_base() const;
    Instant deadline() const;
    // `leads` as above; `base` is the one in memory.
    void check(std::optional<Term> leads, LogIndex base) const;

private:
    enum class Phase : std::uint8_t { Sweep, Flush, Read, Wait };
    struct Sending {
        Phase phase = Phase::Sweep;
        PersistSeq rows_with;  // Persist that covers the rows of the base
        Member to;
        Term term;
        LogPosition at;
        storage::Table table = storage::Table::Entity;
        FetchId fetch;        // the only answer that counts; 0: not asked yet
        std::string after;    // last row key read
        SnapshotChunk chunk;  // under way; its sequence is the one to be answered
        Instant resend_at = Instant::never();
        Instant give_up_at = Instant::never();
    };
    bool asked() const { return sending_->fetch != FetchId{}; }
    bool is_of_transfer(NodeId from, const SnapshotAnswer& answer) const;
    void await_rows(Instant now, const Rows& rows);
    void begin_reading(Instant now, const storage::LogBase& base);
    void read_page();
    void send_chunk(const Step& step);
    void stop(Instant now);

    PartitionId group_;
    const PartitionLimits& limits_;
    weft::Log log_;
    std::optional<Sending> sending_;
    TransferId transfers_;                      // begun by this process
    Instant not_before_ = Instant::long_ago();  // after a transfer that failed
    std::optional<NodeId> last_peer_;
};

}  // namespace weft::replication
