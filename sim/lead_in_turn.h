#pragma once
// Leaderships handed to one replica of each group after the other: what was acknowledged must be
// readable at all of them.

#include "sim/world.h"

#include <cstddef>

namespace weft::sim {

// Asks every leader to hand over to the replica of that slot, as an administrator would. Who is
// down, lost or damaged is not asked for.
void ask_to_lead(World& world, std::size_t slot);
// All that ask_to_lead() asks for has come to pass.
bool leads_all(const World& world, std::size_t slot);

}  // namespace weft::sim
