#pragma once
// Sealing of gossip datagrams with keys that all nodes of a mesh share: XChaCha20-Poly1305 with a
// random nonce of 192 bits for each. Without keys a datagram is in the open and names its mesh, so
// that meshes that meet at an address stay apart. Pure but for the nonces; not thread-safe.

#include "weft/result.h"
#include "weft/types.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::transport {

// What fits every path without being split (IPv6's 1,280 less the headers, rounded down).
inline constexpr std::size_t kDatagramBytesMax = 1200;
// Of them for header, nonce and tag; in the open fewer are used, and none of them is given away.
inline constexpr std::size_t kSealBytes = 48;
inline constexpr std::size_t kGossipBytesMax = kDatagramBytesMax - kSealBytes;

// 32 secret bytes, wiped when they go.
class GossipKey {
public:
    static constexpr std::size_t kBytes = 32;
    explicit GossipKey(std::span<const std::uint8_t, kBytes> bytes);
    GossipKey(GossipKey&& other) noexcept;
    GossipKey& operator=(GossipKey&&) = delete;
    ~GossipKey();
    static GossipKey random();

    const std::uint8_t* bytes() const { return bytes_.data(); }
    // Tells keys apart in a header, and gives away nothing of them.
    std::uint32_t id() const { return id_; }
    // As a line of a key file.
    std::string hex() const;

private:
    std::array<std::uint8_t, kBytes> bytes_{};
    std::uint32_t id_ = 0;
};

// The first key seals, all of them open: a new one is added behind at all nodes, then moved to the
// front, then the old one goes.
struct GossipKeys {
    static constexpr std::size_t kMax = 8;
    std::vector<GossipKey> keys;
};
// A key file: lines of 64 hex digits; empty lines and what follows '#' do not count. Configuration
// (1005), naming the line, for anything else, no key, more than kMax, or one twice.
Result<GossipKeys> parse_gossip_keys(std::string_view text);

// Why a datagram was not opened. Nothing of it may be believed, and nobody is answered.
enum class SealFault : std::uint8_t {
    Garbage,     // not of weft, of a later version, cut short, or too long
    InTheOpen,   // and we have keys
    Sealed,      // and we have none
    OtherMesh,   // in the open, for another mesh
    UnknownKey,  // sealed with a key that we do not have
    Forged,      // damaged, of another mesh with the same key, or made without the key
};
inline constexpr std::size_t kSealFaults = 6;
std::string_view seal_fault_name(SealFault fault);

class GossipSeal {
public:
    // Without keys: in the open.
    GossipSeal(ClusterId mesh, GossipKeys keys);

    // Replaces `out`. At most kGossipBytesMax of `content`: an invariant.
    void seal(std::string_view content, std::string& out) const;
    // Opens it where it lies: the content is a part of `datagram`, whose bytes are lost when a key
    // does not fit.
    std::expected<std::string_view, SealFault> open(std::span<char> datagram) const;
    bool sealed() const { return keys() != 0; }
    std::size_t keys() const { return keys_.keys.size(); }

private:
    ClusterId mesh_;
    GossipKeys keys_;
};

}  // namespace weft::transport
