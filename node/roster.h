#pragma once
// Who the nodes of the mesh are: the one answer to "who is that node". They are the founders, from
// the genesis; nobody joins or leaves yet.

#include "routing/genesis.h"
#include "weft/types.h"

#include <cstdint>
#include <string>
#include <vector>

namespace weft::node {

class Roster {
public:
    explicit Roster(const routing::Genesis& genesis);

    // Rising by id.
    const std::vector<routing::NodeRecord>& records() const { return records_; }
    // Nothing: it is of no mesh that we know of.
    const routing::NodeRecord* find(NodeId node) const;
    // What people call it: its name, or the beginning of its id.
    std::string name_of(NodeId node) const;
    // Of ids, names and client addresses, in order; never 0. Who has a list of that digest has this
    // one, whichever node sent it.
    std::uint64_t digest() const { return digest_; }

private:
    std::vector<routing::NodeRecord> records_;
    std::uint64_t digest_ = 0;
};

}  // namespace weft::node
