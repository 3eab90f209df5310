#pragma once
// What a node knows of one other node, and what the round has to say to it.

#include "core/ids.h"
#include "node/contact/peer_contact.h"
#include "node/events.h"
#include "node/evidence.h"
#include "node/handshake.h"
#include "node/peer_requests.h"
#include "node/told_eligibility.h"
#include "replication/messages.h"
#include "routing/genesis.h"
#include "weft/types.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace weft::node {

// A round's messages to one peer. Per group and message the wire would cost a table each; merged,
// a round costs one message of each kind.
class Outbox {
public:
    void add(replication::GroupMessage message);
    void add(const replication::AppendItem& item, Bytes entries);
    void add(MeshMessage message) { others_.push_back(std::move(message)); }
    void add(PeerHello hello) { hellos_.push_back(std::move(hello)); }
    bool empty() const;
    void clear();
    void keep_only_hellos();
    // Hands everything over as few messages, hellos first, and is empty afterwards.
    // `batch_bytes`: of appends in one message, unless one entry alone is more.
    void flush(NodeId to, std::size_t batch_bytes, std::vector<Effect>& out);

private:
    struct Append {
        replication::AppendItem item;
        Bytes entries;
    };
    void flush_appends(NodeId to, std::size_t batch_bytes, std::vector<Effect>& out);

    std::vector<replication::VoteAsk> asks_;
    std::vector<replication::VoteAnswer> votes_;
    std::vector<replication::AppendAnswer> answers_;
    std::vector<Append> appends_;
    std::vector<MeshMessage> others_;
    std::vector<PeerHello> hellos_;
};

struct Peer {
    // `first_round`: see PeerContact.
    Peer(routing::NodeRecord known, ContactRound first_round)
        : record(std::move(known)), contact(record.node, first_round) {}

    const Witness& witness() const { return handshake.witness(); }
    const Greeting& greeting() const { return handshake.greeting(); }

    routing::NodeRecord record;
    PeerContact contact;
    Outbox outbox;
    std::vector<PartitionId> shared;  // groups that we both hold, rising
    Handshake handshake;              // on our link to it
    Lsn told;                         // our disk's, with what was last sent to it
    Evidence evidence;                // that its process is gone
    ToldEligibility eligibility;      // in which partitions it would lead
    PeerRequests requests;            // which it has asked of us
};

}  // namespace weft::node
