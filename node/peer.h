#pragma once
// What a node knows of one other node, and what the round has to say to it.

#include "core/time.h"
#include "node/events.h"
#include "replication/contact.h"
#include "replication/messages.h"
#include "routing/genesis.h"
#include "weft/types.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft::node {

// A round's messages to one peer. Per group and message the wire would cost a table each; merged,
// a round costs one message of each kind (DESIGN 5, batched per peer).
class Outbox {
public:
    void add(replication::GroupMessage message);
    void add(const replication::AppendItem& item, Bytes entries);
    void add(MeshMessage message) { others_.push_back(std::move(message)); }
    bool empty() const;
    void clear();
    // Hands everything over as few messages and is empty afterwards.
    void flush(NodeId to, std::vector<Effect>& out);

private:
    struct Append {
        replication::AppendItem item;
        Bytes entries;
    };
    void flush_appends(NodeId to, std::vector<Effect>& out);

    std::vector<replication::VoteAsk> asks_;
    std::vector<replication::VoteAnswer> votes_;
    std::vector<replication::AppendAnswer> answers_;
    std::vector<Append> appends_;
    std::vector<MeshMessage> others_;
};

struct Peer {
    // `first_round`: see PeerContact.
    Peer(routing::NodeRecord known, std::uint64_t first_round)
        : record(std::move(known)), contact(record.node, first_round) {}

    routing::NodeRecord record;
    replication::PeerContact contact;
    Outbox outbox;
    std::vector<std::uint32_t> shared;  // places of the groups we both hold
    Boot boot;                          // the newest seen; 0 = none yet
    Lsn durable;                        // the highest it claimed
    bool up = false;                    // our link to it
    bool greeted = false;               // it answered our hello on this link
    Instant greeted_at{};
    Instant hello_due = Instant::never();
    std::vector<GroupId> cannot_stand;     // groups it would not campaign in, rising
    std::optional<std::int64_t> clock_ms;  // its wall clock minus our monotonic one
    bool behind = false;                   // our stamps are too far ahead for it
    std::string refused;                   // why nothing of it is taken; empty: it is welcome
    bool rolled_back = false;              // then for good
    bool evidence = false;
    Instant evidence_until = Instant::never();
};

}  // namespace weft::node
