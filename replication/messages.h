#pragma once
// What nodes say to each other about groups, as plain structs. flatbuffers/ carries them. All
// messages of one kind that a round produced for one peer travel as one vector.

#include "core/ids.h"
#include "weft/bytes.h"
#include "weft/types.h"

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

namespace weft::replication {

// The election rule is the default comparison (Raft paper 5.4.1).
struct LogPosition {
    Term term;
    LogIndex index;
    auto operator<=>(const LogPosition&) const = default;
};

struct VoteAsk {
    PartitionId group;
    Term term;         // of the election; for a pre-vote the term it would have
    LogPosition last;  // last durable entry of the candidate (S4)
    bool pre = false;
    bool transfer = false;  // asked for by the leader itself: the lease rule does not apply
};
struct VoteAnswer {
    PartitionId group;
    Term term;  // of the election answered when granted, else the voter's own
    bool pre = false;
    bool granted = false;
    LogIndex sender_since{};  // number of the replica that answers (S17; Member::since)
};

// Entries follow `prev`; they lie back to back in the batch's blob at [offset, offset + bytes).
struct AppendItem {
    PartitionId group;
    Term term;
    LogPosition prev;
    LogIndex commit;  // capped by the receiver at the last matching index (S21)
    std::uint32_t count = 0;
    std::uint32_t offset = 0;
    std::uint32_t bytes = 0;
    LogIndex receiver_since{};  // number of the replica that shall take it (S17)
};
struct AppendAnswer {
    PartitionId group;
    Term term;
    bool accepted = false;
    bool damaged = false;      // send again from `index` even if it was acknowledged before
    LogIndex index;            // accepted: durable match; else: where to go on from (hint)
    Term hint_term;            // refused: term of the entry at `index` there
    bool stamp_ahead = false;  // refused: the entry behind `index` comes from the future (S29)
    LogIndex sender_since{};   // number of the replica that answers (S17)
};

struct TimeoutNow {
    PartitionId group;
    Term term;
};

// One piece of a group's rows (format: docs/journal-format.md). `base` is the encoded LogBase.
struct SnapshotChunk {
    PartitionId group;
    Term term;
    LogPosition at;  // of the base
    std::uint32_t sequence = 0;
    bool last = false;
    Bytes base;  // in the first chunk
    Bytes rows;
    TransferId transfer{};      // its number, of its leader in this term; 0: it has none
    LogIndex receiver_since{};  // number of the replica that shall take it (S17)
};
struct SnapshotAnswer {
    PartitionId group;
    Term term;
    LogPosition at;
    std::uint32_t next = 0;   // chunk wanted next; all before are durable
    bool refused = false;     // start again later
    TransferId transfer{};    // that of the chunk
    LogIndex sender_since{};  // number of the replica that answers (S17)
};

// Contact: one per peer and interval (docs/design.md, "Replication").
struct GroupBeat {
    PartitionId group;
    Term term;
    LogIndex commit;
};
struct GroupTerm {
    PartitionId group;
    Term term;
};
struct Heartbeat {
    ContactRound round;
    std::vector<GroupBeat> listed;
    std::uint32_t unlisted = 0;       // groups this node leads with the peer as voter, not listed
    std::uint64_t unlisted_hash = 0;  // over their (group, term)
    std::uint32_t disk_age_ms = 0;    // age of the oldest Persist
    std::int64_t wall_ms = 0;         // the sender's clock; 0: not told
};
struct HeartbeatAnswer {
    ContactRound round;
    std::vector<GroupTerm> refused;  // with the receiver's own term
    bool want_all = false;           // the hash differs: list everything
    std::uint32_t disk_age_ms = 0;
    std::int64_t wall_ms = 0;  // the sender's clock; 0: not told
    std::vector<PartitionId>
        cannot_stand{};  // groups it would not campaign in, whoever asks; rising
};
struct Confirm {
    ConfirmRound round;
    std::vector<GroupTerm> groups;
};
struct ConfirmAnswer {
    ConfirmRound round;
    std::vector<GroupTerm> refused;
};

struct VoteAsks {
    std::vector<VoteAsk> items;
};
// Of one batch: a round that holds more sends several.
inline constexpr std::size_t kBatchItemsMax = 4096;
struct VoteAnswers {
    std::vector<VoteAnswer> items;
};
struct AppendBatch {
    std::vector<AppendItem> items;
    Bytes blob;
};
struct AppendAnswers {
    std::vector<AppendAnswer> items;
};

using GroupMessage =
    std::variant<VoteAsk, VoteAnswer, AppendAnswer, TimeoutNow, SnapshotChunk, SnapshotAnswer>;
using PeerMessage =
    std::variant<VoteAsks, VoteAnswers, AppendBatch, AppendAnswers, TimeoutNow, SnapshotChunk,
                 SnapshotAnswer, Heartbeat, HeartbeatAnswer, Confirm, ConfirmAnswer>;

}  // namespace weft::replication
