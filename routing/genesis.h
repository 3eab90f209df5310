#pragma once
// The birth certificate of a mesh: written once by `weft mesh create`, the same bytes on every
// founder. Its BLAKE2b-128 is the cluster id in every frame. Grammar: docs/wire-format.md.

#include "core/hash.h"
#include "weft/result.h"
#include "weft/types.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::routing {

inline constexpr std::uint32_t kGroupsMax = 16384;
inline constexpr std::uint32_t kReplicasMax = 7;
inline constexpr std::size_t kFoundersMax = 64;

// What `weft node init` prints as one line and everybody may know of a node.
struct NodeRecord {
    NodeId node;
    std::array<std::uint8_t, 32> signing_key{};    // Ed25519, public
    std::array<std::uint8_t, 32> transport_key{};  // X25519, public
    std::string mesh_address;                      // "127.0.0.1:7340"
    std::string client_address;                    // "127.0.0.1:7341"
    std::string name;                              // for people: "a"
    std::string zone;
    std::string host;
    bool operator==(const NodeRecord&) const = default;
};

// Name, zone, host and addresses as a line may hold them: printable, without blanks, not too long.
Result<void> check_texts(const NodeRecord& record);
// One line, fields separated by blanks, "weft-node-1" first.
std::string node_line(const NodeRecord& record);
Result<NodeRecord> parse_node_line(std::string_view line);

struct Genesis {
    HashKey hash_key{};
    std::uint32_t groups = 1024;       // user groups 1..groups; a power of two up to kGroupsMax
    std::uint32_t replicas = 3;        // wanted; in force is min(replicas, founders)
    std::vector<NodeRecord> founders;  // sorted by NodeId, distinct
    bool operator==(const Genesis&) const = default;
};

// Canonical bytes; founders are sorted first. Malformed: bad counts, duplicate nodes or addresses.
Result<std::string> encode_genesis(Genesis genesis);
Result<Genesis> decode_genesis(std::string_view bytes);
ClusterId cluster_id(std::string_view genesis_bytes);

}  // namespace weft::routing
