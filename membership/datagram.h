#pragma once
// The bytes of a datagram (grammar: docs/membership.md; ADR 0009). Hand-written, because who fills
// 1,200 bytes must know what each message takes. Everything read is hostile.

#include "membership/messages.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::membership {

// On the wire, without the headers of UDP and IP: passes wherever IPv6 does.
inline constexpr std::size_t kDatagramBytesMax = 1200;
// What sealing adds: magic, version, flags, key id, nonce, tag.
inline constexpr std::size_t kSealBytes = 48;
inline constexpr std::size_t kBodyBytesMax = kDatagramBytesMax - kSealBytes;
// The same bytes over a stream, where a whole view travels.
inline constexpr std::size_t kStreamBytesMax = std::size_t{256} << 10;
inline constexpr std::size_t kDatagramMessagesMax = 64;
inline constexpr std::size_t kStreamMessagesMax = 8192;
inline constexpr std::size_t kHeaderBytesMax = 1 + 4 + 16 + 4 * 10 + 1;
inline constexpr std::size_t kAckBytes = 1 + 4 + 4 + 8;
inline constexpr std::size_t kClaimBytesMax = 1 + 1 + 16 + 2 * 10 + 16;
static_assert(kHeaderBytesMax + 4 * kClaimBytesMax < kBodyBytesMax);

// Tells meshes and receivers apart, so that what was meant for one never counts at another. Guards
// against mix-ups; against forgery only the seal does.
std::uint32_t mesh_tag(const ClusterId& cluster, const NodeId& receiver);

enum class Carrier : std::uint8_t { Datagram, Stream };

// Appends to `out`; a datagram begins with begin() and ends where the next one begins.
class DatagramWriter {
public:
    DatagramWriter(std::string& out, Carrier carrier);
    void begin(const Header& header);
    // False, and nothing written, when it does not fit any more.
    bool add(const Message& message);
    std::size_t room() const;
    std::size_t messages() const { return messages_; }
    std::size_t bytes() const { return out_.size() - begin_; }

private:
    std::string& out_;
    std::size_t begin_;
    std::size_t bytes_max_;
    std::size_t messages_max_;
    std::size_t messages_ = 0;
};

struct Datagram {
    Header header;
    std::vector<Message> messages;
};

// False when any byte is wrong: nothing of such a datagram counts. `out` is used again from call to
// call, so that reading allocates nothing. One content has one spelling.
bool read_datagram(std::string_view bytes, Carrier carrier, Datagram& out);

}  // namespace weft::membership
