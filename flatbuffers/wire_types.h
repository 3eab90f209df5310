#pragma once
// Numbers of the message types. A number is never reused; a change that old builds would misread
// gets a new number or raises kMessageVersion of that type.

#include <cstdint>

namespace weft::wire {

enum class MessageType : std::uint16_t {
    // Clients' frames to nodes.
    ClientHello = 1,
    Request = 2,
    AdminRequest = 3,
    // Nodes' frames to clients.
    HelloReply = 17,
    Reply = 18,
    AdminReply = 19,
    // Between nodes.
    PeerHello = 64,
    VoteAsks = 65,
    VoteAnswers = 66,
    AppendBatch = 67,
    AppendAnswers = 68,
    TimeoutNow = 69,
    SnapshotChunk = 70,
    SnapshotAnswer = 71,
    Heartbeat = 72,
    HeartbeatAnswer = 73,
    Confirm = 74,
    ConfirmAnswer = 75,
    LinkChallenge = 76,
    LinkAnswer = 77,
    MemberMessage = 78,
    // Tables of Request and Reply.
    NodeRequest = 120,
    NodeReply = 121,
};

// Every type is in its first version.
inline constexpr std::uint8_t kMessageVersion = 1;

// Terms, indexes and sequence numbers above this are refused, so that no peer can make a counter
// wrap.
inline constexpr std::uint64_t kCounterMax = std::uint64_t{1} << 62;

}  // namespace weft::wire
