#pragma once
// What this node knows of the groups' leaders, in versions: a client that has an earlier one is
// told what has changed since. Hellos cost nothing to send and an answer may name every group: the
// leaders are learned once in a round, and one answer serves all hellos of a connection in it.

#include "core/indexed.h"
#include "routing/genesis.h"
#include "routing/messages.h"
#include "weft/types.h"

#include <cstdint>
#include <set>
#include <vector>

namespace weft::node {

class ToldRoutes {
public:
    struct Known {
        NodeId leader;  // zero: none
        Term term;
        bool operator==(const Known&) const = default;
    };

    // `self` in its life `boot`: what another one has told says nothing about this one.
    ToldRoutes(NodeId self, Boot boot, std::uint32_t groups);

    enum class Turn : std::uint8_t {
        First,    // of the round: the leaders are to be learned
        Further,  // of another connection
        Again     // it was answered in this round
    };
    Turn hello_of(ClientRef from);
    void end_round() { answered_.clear(); }

    // The version rises when that is something else than before.
    void learn(PartitionId group, const Known& known);
    std::uint64_t version() const { return version_; }

    struct Told {
        bool all = false;  // every group
        std::vector<PartitionId> groups;
    };
    // What to tell: all, unless it is certain what the client has; rising.
    Told since(const routing::ClientHello& hello) const;
    // Writes that into an answer which names nodes by their place in `nodes` (rising by id).
    void tell(const routing::ClientHello& hello, const std::vector<routing::NodeRecord>& nodes,
              routing::HelloReply& reply) const;

private:
    struct Row {
        Known known;
        std::uint64_t changed = 0;  // with this version
    };

    NodeId self_;
    Boot boot_;
    std::uint64_t version_ = 1;  // 0 on the wire: no versions
    Indexed<PartitionId, Row> rows_;
    std::set<ClientRef> answered_;  // in this round
};

}  // namespace weft::node
