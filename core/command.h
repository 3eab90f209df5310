#pragma once
// A command on its way through a node and the answer to it: shared by routing (clients' messages)
// and replication (which runs it).

#include "core/ids.h"
#include "weft/bytes.h"
#include "weft/result.h"
#include "weft/types.h"

#include <cstdint>
#include <string_view>
#include <variant>

namespace weft {

// How a request is to be run.
enum class RequestKind : std::uint8_t {
    Command = 1,  // run or read, as the type says of the command
    Tell = 2,     // as Command, the reply payload is dropped
    Resolve = 3,  // outcome(request_id): type, entity, command and payload are empty
};

// The views point into `owner`. Sizes are checked by the codec against weft/types.h.
struct Request {
    RequestId id;
    std::uint64_t lowest_open = 0;  // every lower seq of this session and group is settled
    Digest digest;
    RequestKind kind = RequestKind::Command;
    std::uint32_t deadline_ms = 0;  // remaining time at sending; 0 = none
    std::uint8_t leaders_lost = 0;  // connections that died under this request
    bool forced = false;            // run it whatever died under it
    Bytes owner;
    std::string_view type, entity, command, payload;
};

struct RequestTexts {
    std::string_view type, entity, command, payload;
};
// Copies the texts into one block that `request` owns from now on; its views point there.
void own_texts(Request& request, const RequestTexts& texts);

// Consistency level a reply met.
enum class Level : std::uint8_t { None = 0, Linearizable = 1 };

// Replies with a larger payload are made and leave one by one: each keeps a node for a millisecond
// or more, most of it for memory that was not used before.
inline constexpr std::size_t kLargeReplyBytes = std::size_t{64} << 10;

// Answer to one request. For Outcome::Done and Rejected the entity's reply is in `payload`; for
// Rejected, NotDone and Unknown `error` says why. Replies are parts: unary = part 0 with last.
struct Reply {
    RequestId id;
    std::uint32_t part = 0;
    bool last = true;
    Outcome outcome = Outcome::NotDone;
    Error error;  // message empty for Done
    Bytes payload;
    LogIndex index;
    Revision revision;
    Version version;
    Generation generation;
    bool exists = false;
    Level level = Level::None;
    // NotLeader only: who leads as far as this node knows (zero = unknown) and in which term.
    NodeId leader_hint;
    Term hint_term;
};

// Names the connection a request came in on; made by the transport, never reused within a boot.
using ClientRef = Strong<struct ClientRefTag>;
// This node asks on its own account, and is whom it asks.
struct ThisNode {
    OwnTag tag;
    bool operator==(const ThisNode&) const = default;
};
// Another node does. Its next process knows nothing of it.
struct NodeRef {
    NodeId node;
    Boot boot;
    OwnTag tag;
    bool operator==(const NodeRef&) const = default;
};
// Who asked, and so where the answer goes; a new kind does not compile before everybody who sends
// answers knows it.
using Origin = std::variant<ClientRef, ThisNode, NodeRef>;

}  // namespace weft
