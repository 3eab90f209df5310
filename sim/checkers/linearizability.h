#pragma once
// Is there an order of these operations that explains every answer and respects real time?
// (Herlihy, Wing 1990.) Judged per entity, which is enough (locality). The search is the one of
// Wing and Gong with the memory of Lowe: states already tried with the same set of operations are
// not tried again.

#include "sim/checkers/history.h"

#include <cstddef>
#include <string>

namespace weft::sim {

enum class Model : std::uint8_t { Kv, Counter };

struct Verdict {
    bool linearizable = true;
    // The search gave up after `steps_max`; nothing is known.
    bool undecided = false;
    // The operation no order could place, in words; empty when linearizable.
    std::string reason;
    std::size_t steps = 0;
};

// Operations with outcome NotDone must have had no effect and are left out; Unknown ones may take
// effect at any moment after their start, or never.
Verdict check_linearizable(const History& history, Model model, std::size_t steps_max = 20'000'000);

}  // namespace weft::sim
