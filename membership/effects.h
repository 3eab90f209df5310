#pragma once
// What a member is told and what it asks of its driver.

#include "membership/messages.h"
#include "weft/types.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weft::membership {

struct Tick {};
// Out of the UDP socket, unsealed; from wherever.
struct PacketReceived {
    std::string_view bytes;
};
// Out of a connection whose other end is `from`.
struct StreamReceived {
    NodeId from;
    std::string_view bytes;
};
// The host of `node` refused our connection: nothing listens there.
struct ConnectionRefused {
    NodeId node;
};
struct Leave {};
struct RosterChanged {
    std::vector<NodeId> nodes;
};
using Event =
    std::variant<Tick, PacketReceived, StreamReceived, ConnectionRefused, Leave, RosterChanged>;

// Bytes of `Effects::bytes`.
struct Outgoing {
    NodeId to;
    std::size_t at = 0;
    std::size_t size = 0;
};
struct MemberChanged {
    NodeId node;
    MemberState from = MemberState::Unseen;
    MemberState to = MemberState::Unseen;
    Incarnation incarnation;
    NodeId accuser;  // of Suspect and Dead
    bool operator==(const MemberChanged&) const = default;
};

// Used again from step to step.
struct Effects {
    std::string bytes;
    std::vector<Outgoing> packets;
    std::vector<Outgoing> streams;
    std::vector<MemberChanged> changes;
    bool left = false;        // what was to be said is said: the process may end
    bool superseded = false;  // a later boot of this very node runs: this one should stop itself

    std::string_view view(const Outgoing& out) const {
        return std::string_view(bytes).substr(out.at, out.size);
    }
    void clear() {
        bytes.clear();
        packets.clear();
        streams.clear();
        changes.clear();
        left = superseded = false;
    }
};

// What was dropped, and why; and what shows how a member fares.
struct Counts {
    std::uint64_t malformed = 0;
    std::uint64_t foreign = 0;      // of another mesh, or for another receiver
    std::uint64_t unknown = 0;      // from or about somebody whom the roster does not list
    std::uint64_t replayed = 0;     // seen before, too late, or meant for a former boot
    std::uint64_t former_boot = 0;  // from a former boot of the sender
    std::uint64_t unanswered = 0;   // of those two kinds, beyond what is answered
    std::uint64_t implausible = 0;  // too large a step
    std::uint64_t limited = 0;      // accusations of a member that accuses too much
    std::uint64_t cloned = 0;       // words of ours that we did not say
    std::uint64_t too_large = 0;    // messages that can never fit
    std::uint64_t refuted = 0;      // by this member, of itself
    std::uint64_t probes = 0;
    std::uint64_t probes_failed = 0;
    std::uint64_t probes_relayed = 0;  // answered, but not directly
    std::uint64_t pauses = 0;          // steps that came far too late
};

}  // namespace weft::membership
