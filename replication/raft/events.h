#pragma once
// What happens to a replica, and its settings.

#include "core/ids.h"
#include "core/time.h"
#include "replication/effects.h"
#include "replication/messages.h"
#include "replication/raft/config.h"
#include "weft/bytes.h"
#include "weft/types.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

namespace weft::replication {

enum class Role : std::uint8_t { Follower, PreCandidate, Candidate, Leader };

struct Timings {
    Duration election_min = std::chrono::milliseconds(500);
    Duration election_max = std::chrono::milliseconds(1000);
    Duration heartbeat = std::chrono::milliseconds(100);
    Duration start_stagger = std::chrono::milliseconds(150);  // replica r waits r times this
};

struct Limits {
    std::size_t uncommitted_bytes = std::size_t{16} << 20;   // per group; beyond: proposals refused
    std::size_t peer_inflight_bytes = std::size_t{8} << 20;  // per peer and group, unacknowledged
    std::size_t cached_log_bytes = std::size_t{256} << 10;   // applied tail kept for laggards
    std::size_t append_bytes = std::size_t{256} << 10;       // one catch-up append
    std::uint32_t append_entries = 4096;                     // the same
};

struct ReplicaOptions {
    PartitionId group;
    NodeId self;
    Config config;  // in force at the base when the recovered base has none (genesis)
    Timings timings;
    Limits limits;
    // The number of this replica, which it is made with: its own log does not tell it before it has
    // reached the entry that added it, and may name a former replica of this node until then (S17).
    LogIndex since{};
};

// Followers take a stamp no further ahead of their own clock than this (S29).
inline constexpr std::int64_t kStampAheadMs = 5000;

// Contact with other members, by node: when the last answered round was *sent* (leader's view) or
// the last message of the leader arrived (follower's view). With who is not in it there was none
// lately.
class ContactTimes {
public:
    void set(NodeId node, Instant at) {
        for (std::size_t i = 0; i < size_; ++i)
            if (times_[i].first == node) return void(times_[i].second = at);
        if (size_ < times_.size()) times_[size_++] = {node, at};
    }
    Instant of(NodeId node) const {
        for (std::size_t i = 0; i < size_; ++i)
            if (times_[i].first == node) return times_[i].second;
        return Instant::long_ago();
    }

private:
    // All members, and the node itself when it is none of them any more.
    std::array<std::pair<NodeId, Instant>, kMembersMax + 1> times_{};
    std::size_t size_ = 0;
};

// ---- events -----------------------------------------------------------------------------------
struct Tick {
    ContactTimes contact{};
};
struct Append {
    NodeId from;
    AppendItem item;
    Bytes entries;
};
struct FromPeer {
    NodeId from;
    // VoteAsk, VoteAnswer, AppendAnswer, TimeoutNow; of a snapshot's messages only who leads.
    GroupMessage message;
};
// A heartbeat of `from` names this group (or covers it by hash): it leads in `term`.
struct Beat {
    NodeId from;
    Term term;
    LogIndex commit;
};
// `from` refused our beat or confirm and holds `term`.
struct BeatRefused {
    NodeId from;
    Term term;
};
struct Persisted {
    PersistSeq seq;
};
struct Fetched {
    FetchId id;
    FetchResult result;
};
// (node, boot) is gone (S5): pre-votes may be asked and granted early.
struct CrashEvidence {
    NodeId node;
};
// The evidence is void: a frame of a newer boot arrived.
struct EvidenceDropped {
    NodeId node;
};
// The node has said hello to this process: counts toward the first campaign's quorum.
struct PeerReady {
    NodeId node;
};
struct TransferLeadership {
    std::optional<NodeId> to;  // nothing: the most caught-up voter
};
// Whether the node would campaign if it were asked to; what it said last counts (true at first).
struct PeerStands {
    NodeId node;
    bool stands = true;
};
// What the node thinks of its own clock.
struct OwnClock {
    bool ahead = false;               // of a quorum's, by more than followers take stamps (S29)
    std::int64_t stamps_back_ms = 0;  // what stamps stay behind it so that a quorum takes them
};
// Age of the node's oldest Persist (stalled-disk rule).
struct DiskAge {
    Duration age{};
};

using ReplicaEvent =
    std::variant<Tick, Append, FromPeer, Beat, BeatRefused, Persisted, Fetched, CrashEvidence,
                 EvidenceDropped, PeerReady, PeerStands, OwnClock, TransferLeadership, DiskAge>;

}  // namespace weft::replication
