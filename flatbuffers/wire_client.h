#pragma once
// Codec of the messages between clients and nodes.

#include "flatbuffers/wire_frame.h"
#include "routing/messages.h"

#include <cstddef>
#include <optional>
#include <utility>

namespace weft::wire {

// What a client may call itself; a longer name is refused with the whole hello.
inline constexpr std::size_t kProgramBytesMax = 128;
// A weft that knows no versions of routes has a byte for a leader's place, and this for none.
inline constexpr std::uint8_t kNoByte = 255;
inline constexpr std::size_t kByteNodesMax = 254;
// What a question may be made of: its verb, its arguments and the cursor of the page before. Larger
// ones are refused unread, and thus without an answer that names them.
inline constexpr std::size_t kVerbBytesMax = 32;
inline constexpr std::size_t kArgumentsMax = 64;
inline constexpr std::size_t kArgumentBytesMax = std::size_t{32} << 10;  // all together

// As FrameWriter::add(). Requests are checked against weft/types.h before, and admin answers are
// pages; whatever is too large all the same is refused by a message of its own, see too_large().
[[nodiscard]] Result<void> write(FrameWriter& frame, const routing::ToNode& message);
[[nodiscard]] Result<void> write(FrameWriter& frame, const routing::ToClient& message);

// A reply as a frame of its own, whose payload is not copied. As FrameWriter::add().
[[nodiscard]] Result<SharedFrame> shared_frame(const Reply& reply, const FrameHeader& header);

// What the other end is told in place of a message that fits no frame; `why` is what write() said.
// A reply that was the outcome of a command does not call it undone.
routing::ToClient too_large(const routing::ToClient& message, const Error& why);
// The same for what a client would have asked: it is certainly not done.
routing::ToClient too_large(const routing::ToNode& message, const Error& why);

// Verified with the budget of the type and checked semantically (sizes, enum ranges; the characters
// of ids are routing's to judge). Nothing: an unknown type that may be skipped. Malformed (4003,
// 4004) or Unsupported (4005) otherwise; an entity id or payload over its limit is refused as 3001
// or 3002, see request_id_of(). Payload slices share the frame's block.
Result<std::optional<routing::ToNode>> read_to_node(const RawMessage& message);
Result<std::optional<routing::ToClient>> read_to_client(const RawMessage& message);

// The request id of a verified Request whose other fields read_to_node() may have refused, so that
// the refusal can be an answer. Nothing: not a request, or damaged.
std::optional<RequestId> request_id_of(const RawMessage& message);

// What nodes ask each other is made of the same tables, and checked as what clients say.
[[nodiscard]] Result<void> write_node_request(FrameWriter& frame, const Request& request,
                                              OwnTag tag);
[[nodiscard]] Result<void> write_node_reply(FrameWriter& frame, const Reply& reply, OwnTag tag);
// What is told in place of a reply that fits no frame; `why` is what write_node_reply() said.
Reply too_large(const Reply& reply, const Error& why);
Result<std::pair<Request, OwnTag>> read_node_request(const RawMessage& raw);
Result<std::pair<Reply, OwnTag>> read_node_reply(const RawMessage& raw);

}  // namespace weft::wire
