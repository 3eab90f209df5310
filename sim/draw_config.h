#pragma once
// The part of a drawn schedule that is no fault. Private to sim.

#include "core/random.h"
#include "sim/run_config.h"

namespace weft::sim {

RunConfig draw_config(Random random);

}  // namespace weft::sim
