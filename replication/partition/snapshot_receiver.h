#pragma once
// The follower's side of a snapshot transfer (S19): rows are staged in a space of their own, and
// one record switches over; a crash at any point leaves the old state or the new one. A space
// is never used twice, since the store may still be erasing what was there: the staging row
// remembers the last one over a restart, this class while that row is on its way to the disk.

#include "core/ids.h"
#include "core/log.h"
#include "core/time.h"
#include "replication/effects.h"
#include "replication/partition/partition.h"
#include "replication/raft/events.h"
#include "storage/contracts.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace weft::replication {

class SnapshotReceiver {
public:
    // What is known of the replica when a chunk comes.
    struct Follower {
        Term term;
        std::optional<NodeId> leader;  // whom it follows
        LogIndex named_commit;         // by that leader
        bool has_all = false;          // up to the chunk's base
    };
    // What shall be done for it, in this order.
    struct Wants {
        bool install = false;      // base() is staged: the log is to switch to it
        bool persist = false;      // it wrote rows: marked() says with which Persist
        bool staging_row = false;  // is to be read: asked()
    };
    // `since`: the number of this replica (S17). `limits` outlive it.
    SnapshotReceiver(PartitionId group, LogIndex since, const PartitionLimits& limits,
                     weft::Log log)
        : group_(group), since_(since), limits_(limits), log_(log) {}

    Wants on_chunk(const Step& step, NodeId from, SnapshotChunk chunk, const Follower& here);
    // The staging row was read; the rows in force are in `space`.
    Wants on_staging_row(const Step& step, const Fetched& fetched, Term term, RowSpace space);
    void persisted(PersistSeq seq, Term term, Effects& out);
    // `has_all`: the log has gone past at() meanwhile. Nobody may go on with the transfer then, and
    // it would keep this replica, which may be the only one that can, from leading.
    Wants drive(const Step& step, bool has_all);

    void asked(FetchId fetch) { receiving_->fetch = fetch; }
    void marked(PersistSeq seq);
    // The base that was staged was switched to and the replica is no better off: it is not to be
    // sent at once.
    void useless() { receiving_->useless = true; }

    // Rows are being staged: this replica must not stand for election.
    bool staging() const { return receiving_ && !receiving_->complete; }
    std::optional<LogPosition> at() const;
    const storage::LogBase& base() const { return receiving_->base; }
    Instant deadline() const { return receiving_ ? receiving_->give_up_at : Instant::never(); }
    // `space`: of the rows in force.
    void check(RowSpace space) const;

private:
    struct Receiving {
        NodeId from;
        Term term;
        LogPosition at;
        TransferId transfer;
        storage::LogBase base;  // its space is where rows are staged
        std::uint32_t next = 0;
        FetchId fetch;             // of the staging row: the only answer that counts
        PersistSeq persist_seq;    // of the last chunk taken
        bool space_known = false;  // the staging row was read and written
        bool complete = false;
        bool useless = false;
        SnapshotChunk first;           // waits for the staging row
        std::uint64_t first_page = 0;  // hash of the rows it brought
        Instant progress_at;           // when the last chunk was taken
        Instant give_up_at = Instant::never();
    };
    Wants begin(const Step& step, Receiving anew, SnapshotChunk chunk, const Follower& here);
    Wants go_on(const Step& step, SnapshotChunk chunk, Term term);
    Wants take_chunk(const Step& step, const SnapshotChunk& chunk, Term term);
    Wants abort(Effects& out);
    bool is_of_transfer(NodeId from, const SnapshotChunk& chunk) const;
    bool begins_anew(Now now, const SnapshotChunk& chunk) const;
    void answer(const Receiving& in, Term term, bool refused, Effects& out) const;

    PartitionId group_;
    LogIndex since_;
    const PartitionLimits& limits_;
    weft::Log log_;
    std::optional<Receiving> receiving_;
    RowSpace last_space_;  // the highest ever used; its row may not be on disk yet
};

// All rows of a group in `space`.
void erase_space(PartitionId group, RowSpace space, storage::WriteBatch& batch);

}  // namespace weft::replication
