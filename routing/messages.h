#pragma once
// What clients and nodes say to each other, as plain structs. flatbuffers/ carries them.

#include "core/command.h"
#include "core/hash.h"
#include "weft/result.h"
#include "weft/types.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weft::routing {

// Nodes of a mesh that a client can know.
inline constexpr std::size_t kHelloNodesMax = 4096;
// Groups of one hello that are told whatever has changed; a client that waits for more asks for
// everything.
inline constexpr std::size_t kWantedMax = 1024;
// In a list of leaders: none is known.
inline constexpr std::uint16_t kNoPlace = 0xffff;

// A state of what a node knows of leaders: its version in that node's life. Zero: nothing.
struct RoutesKnown {
    NodeId node;
    Boot boot;
    std::uint64_t version = 0;
    bool operator==(const RoutesKnown&) const = default;
};

// First message of a client on a connection; the node answers with HelloReply. Also sent again to
// refresh the routes.
struct ClientHello {
    ClientId client;
    std::uint16_t wire_version = 1;
    std::string program;  // for logs
    // False: an older weft, which reads leaders as bytes and is told everything each time.
    bool by_version = false;
    RoutesKnown known = {};                // what has changed since is told
    std::uint64_t nodes_digest = 0;        // of the list of nodes that the client has
    std::vector<PartitionId> wanted = {};  // told in any case: calls wait for their leaders
};

struct HelloNode {
    NodeId node;
    std::string name;
    std::string client_address;
};

struct HelloReply {
    ClusterId cluster;
    NodeId node;
    Boot boot;
    std::int64_t log_time_ms = 0;  // the wall clock of the node: start of a client session
    HashKey hash_key{};
    std::uint32_t groups = 0;
    Epoch epoch;
    std::vector<HelloNode> nodes;  // empty: the client has the list of that digest
    // For each group in `told`, rising: the leader as this node knows it, by its place in the list
    // of nodes, and the term of that knowledge. `told` empty: of all groups, or of none.
    std::vector<std::uint16_t> leaders;
    std::vector<std::uint64_t> terms;
    std::vector<PartitionId> told = {};
    std::uint64_t version = 0;       // of this knowledge; 0: to or from an older weft
    std::uint64_t nodes_digest = 0;  // 0: the list is to be sent every time
};

// Administrative questions, answered from what the node knows: "status", "health", "partitions",
// "partition", "journal", "entities", "transfer" (argument each; see docs/operating.md).
struct AdminRequest {
    std::uint64_t id = 0;
    std::string verb;
    std::vector<std::string> arguments;
};

enum class CellKind : std::uint8_t { Text = 0, Number = 1, Flag = 2 };
struct AdminReply {
    std::uint64_t id = 0;
    std::optional<Error> error;
    std::vector<std::string> columns;
    std::vector<CellKind> kinds;     // one per column
    std::vector<std::string> cells;  // row by row
    bool last = true;                // false: ask again with `cursor` as last argument
    std::string cursor;
};

using ToNode = std::variant<ClientHello, Request, AdminRequest>;
using ToClient = std::variant<HelloReply, Reply, AdminReply>;

}  // namespace weft::routing
