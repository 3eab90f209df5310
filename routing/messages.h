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

// First message of a client on a connection; the node answers with HelloReply. Also sent again to
// refresh the routes.
struct ClientHello {
    ClientId client;
    std::uint16_t wire_version = 1;
    std::string program;  // for logs
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
    std::vector<HelloNode> nodes;
    // For group g (0..groups): index into `nodes` of the leader as this node knows it, 255 = none,
    // and the term of that knowledge.
    std::vector<std::uint8_t> leaders;
    std::vector<std::uint64_t> terms;
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
