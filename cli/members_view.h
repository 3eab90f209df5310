#pragma once
// Who is there by the word of each node, put together.

#include "cli/mesh_view.h"
#include "weft/client.h"

#include <string>
#include <vector>

namespace weft::cli {

// One row for each member. `state` is what the nodes that answered hold of it: one word when they
// agree, else "alive 2, suspect 1". Accusers are those of all; the version is what the member says
// of itself, "-" when it did not answer; the rest is what the first node with the newest
// incarnation says.
Table merged_members(const std::vector<NodeAnswer>& answers);

// "members: 2 alive, 1 dead: b" of the rows of "status": who is not alive stands at the end. A line
// for each view when nodes differ: "members by a c: ...". Empty: no row tells of members.
std::string members_text(const Table& status);

}  // namespace weft::cli
