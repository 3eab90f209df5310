#pragma once
// What is wrong with a request before any partition sees it. Never trusted: a client with a wrong
// map would write where nobody reads.

#include "core/command.h"
#include "entity/type.h"
#include "routing/genesis.h"
#include "weft/result.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace weft::node {

// Nothing: it names one of the mesh's `groups`, has a whole id, and its entity lives there.
// `of_node`: another node asks, or this one; clients may only describe the facts of the mesh.
std::optional<Error> check_request(const Request& request, const routing::Genesis& genesis,
                                   std::uint32_t groups, bool of_node);

// A read leaves no session behind, and writes nothing.
bool only_reads(const Request& request, const entity::TypeTable& types);

// What this node as a whole has room for, though a partition that it leads might take on more.
struct Room {
    bool disk_full = false;
    std::size_t waiting = 0;  // bytes, for the disk
    std::size_t at_hand = 0;  // and those of the round that is not closed
    std::size_t bytes_max = 0;

    bool any() const { return !disk_full && waiting + at_hand <= bytes_max; }
};
// With no room it takes on nothing but reads.
bool takes_on(const Request& request, const Room& room, const entity::TypeTable& types);
// Why it takes on no more. `can_hand_over`: somebody else could lead.
Error no_room(const Room& room, bool can_hand_over);

}  // namespace weft::node
