#pragma once
// `weft sim swim`: membership alone in its simulated world, and its figures.

#include "cli/command.h"

namespace weft::cli {

void add_sim_swim_verbs(Command& noun);

}  // namespace weft::cli
