#pragma once
// One partition of this node: log, sessions and entity host together (docs/design.md, "The path of
// a command"). Pure.

#include "core/command.h"
#include "core/hash.h"
#include "core/ids.h"
#include "core/log.h"
#include "core/random.h"
#include "core/standing.h"
#include "core/time.h"
#include "entity/type.h"
#include "replication/effects.h"
#include "replication/partition/crash_slot.h"
#include "replication/raft/replica.h"
#include "storage/contracts.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace weft::replication {

struct PartitionLimits {
    std::size_t mailbox = 1024;  // commands waiting for one entity's activation
    std::size_t mailbox_bytes = std::size_t{16} << 20;  // payloads waiting for all activations
    std::size_t cached_bytes = std::size_t{4} << 20;    // clean entities kept; dirty ones: Sweep
    std::size_t waiting_read_bytes = std::size_t{16} << 20;  // of their replies
    std::size_t waiting_reads = 16384;                       // reads waiting for commit or confirm
    std::size_t waiting_replies = 16384;                     // commands in flight
    std::size_t session_window = 1024;                       // S28
    std::size_t session_reply_bytes = std::size_t{256} << 10;
    std::size_t sessions = 65536;
    std::int64_t session_spared_ms = 10 * 1000;
    // A voter in contact may hold compaction back by so many entries and bytes of the log; one that
    // is further behind gets a snapshot (S25).
    std::uint64_t laggard_entries = 16384;
    std::uint64_t laggard_bytes = std::uint64_t{64} << 20;
    std::size_t large_state_bytes = kLargeReplyBytes;  // a read of more waits for its turn
    Duration passivate_after = std::chrono::seconds(60);
    // What is done in parts; each takes one row or entry at least. One page of rows that is read
    // (of a journal, of the sessions, of a snapshot: as it is sent), one piece of the log to be
    // applied, and rows that a step writes for idle entities or for a snapshot.
    std::size_t page_bytes = std::size_t{256} << 10;
    std::size_t page_rows = 1024;
    std::size_t log_page_bytes = std::size_t{1} << 20;
    std::size_t own_sweep_rows = 16;
    std::size_t snapshot_sweep_rows = 64;
    // A page of a snapshot without an answer is sent again; after `patience` the transfer ends,
    // after a pause the next may begin. A receiver waits longer: its sender may be at work of its
    // own.
    Duration snapshot_resend = std::chrono::seconds(1);
    Duration snapshot_patience = std::chrono::seconds(10);
    Duration snapshot_pause = std::chrono::seconds(1);
    Duration snapshot_receive_patience = std::chrono::seconds(15);
};

struct PartitionOptions {
    ReplicaOptions replica;
    PartitionLimits limits;
    HashKey hash_key{};  // row keys keep the entity hash
    // Entered around every handler; must outlive the partition. Nothing: no trace is kept.
    CrashSlot* crash_slot = nullptr;
    // Requests of this group under whose handler a former process of this node died.
    std::vector<RequestId> crashed;
};

// A request, already routed to this group.
struct Submit {
    Origin from;
    Request request;
    // Of what has waited as a LargeRead: it is its turn, and what is left of its time.
    bool its_turn = false;
    Instant deadline = Instant::never();
};
// The reads with tickets up to `ticket` are confirmed for `term` (a round of the node).
struct ReadsConfirmed {
    Term term;
    ReadTicket ticket;
};
// The confirm round that covered these reads was given up: want again.
struct ConfirmGivenUp {
    Term term;
};
// Writes up to `rows` dirty rows in key order; answered by Swept (docs/design.md, "Storage").
struct Sweep {
    std::size_t rows = 64;
};

using PartitionEvent =
    std::variant<Submit, ReadsConfirmed, ConfirmGivenUp, Sweep, Tick, Append, FromPeer, Beat,
                 BeatRefused, Persisted, Fetched, CrashEvidence, EvidenceDropped, PeerReady,
                 PeerStands, OwnClock, TransferLeadership, DiskAge>;

struct PartitionStatus {
    PartitionId group;
    Role role = Role::Follower;
    Term term;
    std::optional<NodeId> leader;
    LogIndex base, commit, applied, last, durable;
    bool ready = false;
    bool damaged = false;
    std::size_t active_entities = 0;
    std::size_t dirty_entities = 0;
    std::size_t sessions = 0;
    std::size_t mailbox = 0;
    bool blocked = false;  // holds an entry of a later weft: cannot lead, perhaps not apply
};

class Partition {
public:
    Partition(PartitionOptions options, storage::RecoveredGroup recovered,
              const entity::TypeTable& types, Random random, weft::Log log);
    ~Partition();
    Partition(Partition&&) noexcept;

    void step(Now now, PartitionEvent event, Effects& out);
    Instant next_deadline() const;

    PartitionStatus status() const;
    const Replica& replica() const;
    // True when this node leads the group and may run handlers: no-op committed and all before it
    // applied.
    bool ready() const;
    // Bytes of memory held for dirty state: what a sweep would free.
    std::size_t dirty_bytes() const;
    // Full check of every invariant (the simulator: after every step; a node: every 1,024 steps).
    void check() const;
    // Hash over the replicated state as of status().applied: sessions, and the entities changed
    // since the base. Equal on replicas with equal base and applied index (simulator: I12).
    std::uint64_t state_hash() const;
    // False for a while after a start: the rows of sessions are still to be read, or rows written
    // before the stop contain effects of entries that are yet to be applied again.
    bool state_settled() const;

    // ---- administrative reads: rows of this group to scan, and what memory adds to them
    // Key prefix of the group's rows in `table` (Entity or Journal), for storage::RowScan.
    std::string row_prefix(storage::Table table) const;
    struct EntityLine {
        std::string row_key;
        std::string type, id;
        Standing standing;
        std::size_t bytes = 0;
    };
    // Decodes a scanned Entity row; nothing for rows that are not entity headers.
    std::optional<EntityLine> entity_line(std::string_view key, std::string_view value) const;
    // Committed state in memory that rows on disk may not hold yet and whose row key comes behind
    // `after`: of those whose id begins with `id_prefix` the first `most`, in key order. Taken
    // before a scan of the rows, together with it, it misses nothing: what is not in it was on
    // disk.
    std::vector<EntityLine> unwritten_lines(std::string_view type, std::string_view id_prefix,
                                            std::string_view after, std::size_t most) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace weft::replication
