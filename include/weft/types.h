#pragma once
/// Identities and counters of weft. Every id and protocol counter is a type of its own: explicit to
/// make, comparable only with its kind.

#include "weft/config.h"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace weft {

template <class Tag, class Rep = std::uint64_t>
struct Strong {
    Rep value{};
    constexpr auto operator<=>(const Strong&) const = default;
};

using PartitionId = Strong<struct PartitionTag, std::uint32_t>;  ///< 0 is P0, the mesh's own
using Term = Strong<struct TermTag>;                             ///< Raft term of one partition
using LogIndex = Strong<struct LogIndexTag>;      ///< position in one partition's log, from 1
using Lsn = Strong<struct LsnTag>;                ///< position in a node's whole log
using Boot = Strong<struct BootTag>;              ///< durable start counter of a node
using Epoch = Strong<struct EpochTag>;            ///< version of the placement table
using Revision = Strong<struct RevisionTag>;      ///< log index of an entity's last change
using Version = Strong<struct VersionTag>;        ///< changes since the entity's creation
using Generation = Strong<struct GenerationTag>;  ///< log index of the entity's creation

constexpr LogIndex next(LogIndex i) { return LogIndex{i.value + 1}; }
constexpr LogIndex previous(LogIndex i) { return LogIndex{i.value - 1}; }

/// 128 bits, of one kind of thing.
template <class Tag>
struct Id128 {
    std::array<std::uint8_t, 16> bytes{};
    constexpr auto operator<=>(const Id128&) const = default;
    constexpr bool is_zero() const { return *this == Id128{}; }

    /// 32 lower-case hex digits.
    std::string hex() const {
        static constexpr char kDigits[] = "0123456789abcdef";
        std::string text;
        text.reserve(32);
        for (const std::uint8_t byte : bytes) {
            text.push_back(kDigits[byte >> 4]);
            text.push_back(kDigits[byte & 15]);
        }
        return text;
    }
    /// The reverse of `hex()`; anything else than 32 hex digits gives nothing.
    static std::optional<Id128> from_hex(std::string_view text) {
        if (text.size() != 32) return std::nullopt;
        Id128 id;
        for (std::size_t i = 0; i < 32; ++i) {
            const char c = text[i];
            int digit = -1;
            if (c >= '0' && c <= '9') digit = c - '0';
            if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
            if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
            if (digit < 0) return std::nullopt;
            id.bytes[i / 2] = static_cast<std::uint8_t>(id.bytes[i / 2] << 4 | digit);
        }
        return id;
    }
};

using NodeId = Id128<struct NodeTag>;        ///< first 128 bits of BLAKE2b(public signing key)
using ClusterId = Id128<struct ClusterTag>;  ///< BLAKE2b-128 of the genesis bytes
using ClientId = Id128<struct ClientTag>;    ///< random, one per client session object
using Digest = Id128<struct DigestTag>;      ///< XXH3-128 of {type, id, command, payload}
using Chain = Id128<struct ChainTag>;        ///< running hash of one partition's log

inline constexpr std::size_t kTypeBytesMax = 48;
inline constexpr std::size_t kIdBytesMax = 200;
inline constexpr std::size_t kCommandNameBytesMax = 64;
inline constexpr std::size_t kPayloadBytesMax = std::size_t{1} << 20;

/// The address of an entity. `type`: 1..48 of [a-z0-9_.-], "!" in front is reserved for weft's own.
/// `id`: 1..200 bytes of UTF-8 without NUL.
struct EntityId {
    std::string type;
    std::string id;
    auto operator<=>(const EntityId&) const = default;
};

/// Names one command of one client session for ever. `start` is log time in milliseconds taken from
/// a node's hello; `seq` counts per (client, start, partition) from 1.
struct RequestId {
    ClientId client;
    std::int64_t start_ms = 0;
    PartitionId group;
    std::uint64_t seq = 0;
    auto operator<=>(const RequestId&) const = default;

    /// `<client hex>-<start>-<partition>-<seq>`, as the CLI prints and reads it.
    std::string text() const {
        return client.hex() + "-" + std::to_string(start_ms) + "-" + std::to_string(group.value) +
               "-" + std::to_string(seq);
    }
    /// The reverse of `text()`; nothing when malformed.
    WEFT_API static std::optional<RequestId> parse(std::string_view text);
};

/// How a call ended. NotDone: certainly no effect, safe to retry. Unknown: perhaps done;
/// call again with the same RequestId or ask `outcome(request)`.
enum class Outcome : std::uint8_t { Done = 1, Rejected = 2, NotDone = 3, Unknown = 4 };

}  // namespace weft

template <class Tag, class Rep>
struct std::hash<weft::Strong<Tag, Rep>> {
    std::size_t operator()(const weft::Strong<Tag, Rep>& v) const noexcept {
        return std::hash<Rep>{}(v.value);
    }
};

template <class Tag>
struct std::hash<weft::Id128<Tag>> {
    std::size_t operator()(const weft::Id128<Tag>& v) const noexcept {
        std::size_t h = 0;
        for (const std::uint8_t byte : v.bytes) h = h * 0x100000001b3ULL ^ byte;
        return h;
    }
};
