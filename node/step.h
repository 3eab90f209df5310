#pragma once
// What is given to whatever a node does in one step: the time, and where it puts what it wants.

#include "core/time.h"
#include "node/events.h"

namespace weft::node {

struct Step {
    Now now;
    Effects& out;
};

}  // namespace weft::node
