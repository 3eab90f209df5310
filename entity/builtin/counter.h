#pragma once
// The built-in event-sourced type `counter`: one signed 64-bit number.

#include "entity/type.h"

#include <memory>

namespace weft::entity {

// Commands: add (payload = decimal i64; a sum outside i64 is rejected) and get; both answer the
// number in decimal text. An event is the added amount, the state the sum: 8 bytes little-endian.
std::unique_ptr<const EntityType> make_counter();

}  // namespace weft::entity
