#pragma once
// The part of a drawn schedule that is no fault. Private to sim.

#include "core/random.h"
#include "sim/run_config.h"

#include <cstdint>

namespace weft::sim {

RunConfig draw_config(Random random);
// What a page of a snapshot takes there and back when nothing disturbs it: with less patience no
// transfer would ever end.
std::uint64_t undisturbed_page_ms(const RunConfig& config);

}  // namespace weft::sim
