#pragma once
// What the members of a mesh say to each other about who is there (SWIM, DSN'02; Lifeguard, arXiv
// 1707.00788). Plain structs; datagram.h carries them.

#include "weft/types.h"

#include <array>
#include <compare>
#include <cstdint>
#include <variant>

namespace weft::membership {

using Counter = Strong<struct CounterTag>;    // refutations within one boot
using Sequence = Strong<struct SequenceTag>;  // of the datagrams from one member to another
using ProbeNumber = Strong<struct ProbeNumberTag, std::uint32_t>;
using Stamp = Strong<struct StampTag, std::uint32_t>;  // microseconds of the sender's clock, wraps
using ViewDigest = Strong<struct ViewDigestTag>;       // order-free sum over a member table

// A restart outranks whatever was said before it, because the boot is durable; within a boot only
// the member itself counts on.
struct Incarnation {
    Boot boot;
    Counter counter;
    auto operator<=>(const Incarnation&) const = default;
};

// In the order of rank: of two claims with one incarnation the later state wins. Unseen is said by
// nobody: the roster lists the member and nothing was heard of it.
enum class MemberState : std::uint8_t { Unseen = 0, Alive = 1, Suspect = 2, Dead = 3, Left = 4 };
// Somebody else says it, and his name is part of the claim.
constexpr bool accuses(MemberState state) {
    return state == MemberState::Suspect || state == MemberState::Dead;
}

// Why a member is suspected. Refused: the accuser's connection was refused by the member's host, so
// the process is gone.
enum class Evidence : std::uint8_t { Silence = 0, Refused = 1 };

// How a member that lives fares. Slow: it answers, and late. Degraded: a large part of the pings is
// lost (Rapid, ATC'18 4.1: 40 % of the last ten).
enum class Quality : std::uint8_t { Good = 0, Slow = 1, Degraded = 2 };

struct Claim {
    MemberState state = MemberState::Alive;
    Evidence evidence = Evidence::Silence;
    NodeId subject;
    Incarnation incarnation;
    NodeId accuser;  // whose observation it is; the subject itself for Alive and Left
    bool operator==(const Claim&) const = default;
};

struct Ping {
    ProbeNumber number;
    Stamp stamp;
    ViewDigest digest;
    bool operator==(const Ping&) const = default;
};
// Echoes number and stamp, so that an answer to an older ping is known for one.
struct Ack {
    ProbeNumber number;
    Stamp stamp;
    ViewDigest digest;
    bool operator==(const Ack&) const = default;
};
// "Ping `target` for me" (SWIM 4.1); answered by RelayedAck or Nack.
struct PingRequest {
    ProbeNumber number;
    NodeId target;
    bool operator==(const PingRequest&) const = default;
};
struct RelayedAck {
    ProbeNumber number;
    bool operator==(const RelayedAck&) const = default;
};
// The target did not answer the relay: so the asker is not deaf (Lifeguard IV-A).
struct Nack {
    ProbeNumber number;
    bool operator==(const Nack&) const = default;
};
struct Rumour {
    Claim claim;
    bool operator==(const Rumour&) const = default;
};

// The members whose ids begin with the first `depth` hex digits of `prefix`.
struct Bucket {
    std::uint8_t depth = 0;
    NodeId prefix;  // zeros behind the first `depth` digits
    bool operator==(const Bucket&) const = default;
};
inline constexpr std::size_t kBucketParts = 16;
inline constexpr std::uint8_t kBucketDepthMax = 31;
// The sums of a bucket's sixteen parts, by the next hex digit.
struct BucketSums {
    Bucket bucket;
    std::array<std::uint32_t, kBucketParts> sums{};
    bool operator==(const BucketSums&) const = default;
};
// All that the sender knows of a bucket follows as Facts in the same message: what is missing or
// older there comes back.
struct BucketFacts {
    Bucket bucket;
    bool operator==(const BucketFacts&) const = default;
};
// A claim out of a view, not on its first way: it keeps its accuser, and a Dead among facts is an
// accusation only (a stale view must not kill).
struct Fact {
    Claim claim;
    bool operator==(const Fact&) const = default;
};

using Message =
    std::variant<Ping, Ack, PingRequest, RelayedAck, Nack, Rumour, BucketSums, BucketFacts, Fact>;

// In front of every datagram. It is the sender's own word that it is alive.
struct Header {
    std::uint32_t mesh = 0;  // mesh_tag(): whose datagram this is, and for whom
    Boot to_boot;            // of the receiver as the sender knows it; 0: not known
    NodeId sender;
    Incarnation incarnation;          // of the sender
    Sequence sequence;                // rises with each datagram to this receiver
    Quality quality = Quality::Good;  // of the sender, in its own eyes
    bool operator==(const Header&) const = default;
};

}  // namespace weft::membership
