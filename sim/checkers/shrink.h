#pragma once
// The smallest part of a wrong history that is still wrong.

#include "sim/checkers/history.h"
#include "sim/checkers/linearizability.h"

#include <cstddef>

namespace weft::sim {

struct ShrinkLimits {
    std::size_t steps_max = 20'000'000;  // of all searches together
    std::size_t search_steps_max = 1'000'000;
};

// A part of `history`, which is not linearizable, that is not linearizable either, and from which
// nothing more can be taken. An operation is only taken when that cannot make a right history
// wrong, so the part is wrong because of the whole; above all, no write goes whose value is still
// read. Returns `history` when that is linearizable or undecided. When the limits are reached the
// part may be larger than need be.
History smallest_impossible(const History& history, Model model, ShrinkLimits limits = {});

}  // namespace weft::sim
