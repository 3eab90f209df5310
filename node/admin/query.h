#pragma once
// An administrative question on its way, and what a piece of work on one comes to.

#include "node/events.h"
#include "replication/effects.h"
#include "replication/partition/partition.h"
#include "routing/messages.h"
#include "weft/types.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace weft::node {

// Waits for rows or log entries.
struct AdminQuery {
    ClientRef from;
    routing::AdminReply reply;  // as far as it has come
    std::string type, text;     // entities: the prefix; journal: the id
    PartitionId group;
    std::string after;  // last row key seen
    // Entities: what rows may not have held when their scan began; at most kLinesMax.
    std::vector<replication::Partition::EntityLine> unwritten;
    bool journal = false;        // else: entities
    bool in_log = false;         // journal: the rows are read, the log is next
    LogIndex next;               // journal: next log entry to read
    LogIndex rows_hold;          // journal: where the log began when the rows were read
    std::size_t page_bytes = 0;  // of the cells of `reply`
};

// To be read for a question, which goes on with what comes of it.
struct FetchWish {
    AdminQuery query;
    replication::FetchRequest what;
};
// To be handed over, whereupon the question is answered with what became of it.
struct TransferWish {
    ClientRef from;
    std::uint64_t id = 0;
    PartitionId group;
    std::optional<NodeId> to;
};
using DeskStep = std::variant<SendClient, FetchWish, TransferWish>;

DeskStep refusal(ClientRef to, std::uint64_t id, Error error);
// `last`: else the reply says where to go on.
DeskStep end_page(AdminQuery query, bool last);

}  // namespace weft::node
