#pragma once
// Who the nodes of the mesh are: the one answer to "who is that node". The founders come from the
// genesis; nothing in production admits or retires a node yet.

#include "routing/genesis.h"
#include "routing/messages.h"
#include "weft/types.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weft::node {

// Draining: it is still of the mesh and shall lead nothing. Retired: for good, an id is never given
// twice.
enum class NodeState : std::uint8_t { Founder, Admitted, Draining, Retired };

class Roster {
public:
    explicit Roster(const routing::Genesis& genesis);

    // Each of these says whether it changed anything.
    // Of one that is known: it has moved, or its record was corrected. A retired one stays retired.
    bool admit(const routing::NodeRecord& record);
    bool drain(NodeId node);
    bool retire(NodeId node);
    // Of the genesis: 1. Rises with every change.
    std::uint64_t version() const { return version_; }

    // Of the mesh now, which a retired node is not. Rising by id.
    const std::vector<routing::NodeRecord>& records() const { return records_; }
    std::vector<NodeId> nodes() const;
    // Nothing: it is of no mesh that we know of, or not any more.
    const routing::NodeRecord* find(NodeId node) const;
    // Nothing: it never was of this mesh.
    std::optional<NodeState> state(NodeId node) const;
    // It may be asked to lead.
    bool in_service(NodeId node) const;
    // What people call it: its name, also of a retired one, or the beginning of its id.
    std::string name_of(NodeId node) const;
    // Of ids, names and client addresses, in order; never 0. Who has a list of that digest has this
    // one, whichever node sent it.
    std::uint64_t digest() const { return digest_; }
    // Writes the nodes into the answer to a client, unless it has this list.
    void tell(const routing::ClientHello& hello, routing::HelloReply& reply) const;

private:
    struct Known {
        std::string name;
        NodeState state{};
    };
    bool add(const routing::NodeRecord& record, NodeState state);
    // True.
    bool changed();

    std::vector<routing::NodeRecord> records_;
    std::map<NodeId, Known> known_;
    std::uint64_t version_ = 0;
    std::uint64_t digest_ = 0;
};

}  // namespace weft::node
