#pragma once
// What two nodes say of themselves before anything else counts, and why they cannot be of one mesh.

#include "core/ids.h"
#include "entity/type.h"
#include "node/events.h"
#include "weft/types.h"

#include <string>

namespace weft::node {

// Of this node: what the other one judges. The types go along with the kind of each.
PeerHello hello_of(const Digest& genesis, const entity::TypeTable& types);
// Why who says this and a node with `genesis` and `types` cannot be of one mesh; empty: they can. A
// type that only one side has is no conflict.
std::string hello_conflict(const PeerHello& hello, const Digest& genesis,
                           const entity::TypeTable& types);

}  // namespace weft::node
