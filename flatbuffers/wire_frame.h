#pragma once
// The frame around all messages: a 96-byte little-endian header with a checksum over all else, then
// messages {type u16, version u8, flags u8, length u32, FlatBuffer, padding to 8}. Grammar:
// docs/wire-format.md.

#include "weft/bytes.h"
#include "weft/result.h"
#include "weft/types.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace flatbuffers {
class FlatBufferBuilder;
}

namespace weft::wire {

inline constexpr std::uint32_t kFrameMagic = 0x54464557;  // "WEFT"
inline constexpr std::uint8_t kFrameVersion = 1;
inline constexpr std::size_t kFrameHeaderBytes = 96;
inline constexpr std::size_t kMessageHeaderBytes = 8;
inline constexpr std::size_t kFrameBytesMax = std::size_t{4} << 20;
// A frame closes here unless one message alone is bigger.
inline constexpr std::size_t kFrameCloseBytes = std::size_t{256} << 10;
inline constexpr std::uint8_t kMustUnderstand = 1;

enum class Channel : std::uint8_t { Peer = 1, Bulk = 2, Client = 3, Gossip = 4 };

struct FrameHeader {
    Channel channel = Channel::Client;
    std::uint16_t flags = 0;
    std::uint32_t body_bytes = 0;
    std::uint32_t messages = 0;
    ClusterId cluster;  // zero: a client that does not know it yet
    NodeId sender;      // zero: a client
    Boot sender_boot;
    NodeId receiver;  // zero: whoever listens there (client's first frame)
    Lsn durable;
    std::uint32_t feature_level = 1;
};

// An outgoing frame of one message, of which a part stays in memory of its own: what goes out is
// begin, shared and end, one behind the other.
struct SharedFrame {
    std::string begin;
    Bytes shared;
    std::string end;
};
// `flatbuffer` has room for `shared` at `at`, with anything in it. LimitExceeded (4001): larger
// than kFrameBytesMax.
[[nodiscard]] Result<SharedFrame> shared_frame(FrameHeader header, std::uint16_t type,
                                               std::uint8_t flags, std::string_view flatbuffer,
                                               std::size_t at, Bytes shared);

// An outgoing frame; reusable: its buffers keep their room, so that a message costs no allocation.
// The codecs append messages, finish() or seal() puts the header in front.
class FrameWriter {
public:
    FrameWriter();
    FrameWriter(FrameWriter&&) noexcept;
    FrameWriter& operator=(FrameWriter&&) noexcept;
    ~FrameWriter();

    // LimitExceeded (4001) when the frame would grow past kFrameBytesMax: nothing is added then.
    // The message may still fit a frame of its own, see add_or_begin_anew().
    [[nodiscard]] Result<void> add(std::uint16_t type, std::uint8_t flags,
                                   std::string_view flatbuffer);
    bool empty() const { return messages_ == 0; }
    // Size the finished frame will have.
    std::size_t bytes() const { return messages_ == 0 ? kFrameHeaderBytes : buffer_.size(); }
    std::uint32_t messages() const { return messages_; }
    // The whole frame; the writer is empty afterwards. body_bytes and messages are filled in.
    std::string finish(FrameHeader header);
    // The same without giving the buffer away: valid until the next add().
    std::string_view seal(FrameHeader header);
    // Drops the messages.
    void clear() { messages_ = 0; }

    // Where a codec builds one message before it is added.
    flatbuffers::FlatBufferBuilder& builder();

private:
    std::string buffer_;
    std::uint32_t messages_ = 0;
    std::unique_ptr<flatbuffers::FlatBufferBuilder> builder_;  // made at the first message
};

// What `add` does to `frame`; where the message does not fit behind those that the frame holds
// already, `send` takes the frame away and it is tried once more. LimitExceeded (4001): it fits no
// frame, and what to do instead is the caller's to know.
template <class Add, class Send>
[[nodiscard]] Result<void> add_or_begin_anew(FrameWriter& frame, Add add, Send send) {
    Result<void> added = add();
    if (added || frame.empty()) return added;
    send();
    frame.clear();
    return add();
}

// A message still unverified: only the codecs may look inside.
struct RawMessage {
    std::uint16_t type = 0;
    std::uint8_t version = 0;
    std::uint8_t flags = 0;
    Bytes body;  // 8-aligned slice of the frame
};

// A received frame whose size, magic, version, counts and checksum hold.
class FrameReader {
public:
    // Copies to an 8-aligned block: received payloads begin at any address and end with the
    // next receive. Malformed (4002), LimitExceeded (4001) or Unsupported (4005: newer header
    // version, naming both).
    static Result<FrameReader> open(std::string_view frame);
    const FrameHeader& header() const { return header_; }
    // The next message; nothing at the end. Malformed when a message header breaks its bounds.
    Result<std::optional<RawMessage>> next();

private:
    FrameHeader header_;
    Bytes frame_;
    std::size_t offset_ = kFrameHeaderBytes;
    std::uint32_t left_ = 0;
};

}  // namespace weft::wire
