#pragma once
// The durability and exactly-once oracle (I4, I8, I11): quick rules on one entity's history that
// need no search and name the operation at fault. They are weaker than linearizability and written
// independently of it.

#include "sim/checkers/history.h"

#include <optional>
#include <string>
#include <string_view>

namespace weft::sim {

// What the history of `entity` ("type/id") breaks, in words; nothing when it keeps the rules:
// - a value that was seen was written by a call that is done or unknown, never by one that is
//   certainly not done, and not before its call began;
// - what a done call wrote is seen by every later read, unless another call may have replaced it;
// - a counter lies between the sum of the done additions before a read and the sum of all that may
//   have happened by its end.
std::optional<std::string> ledger_error(std::string_view entity, const History& history);

}  // namespace weft::sim
