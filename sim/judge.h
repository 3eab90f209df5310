#pragma once
// What the histories of all clients say together.

#include "sim/client_actor.h"

#include <cstddef>
#include <optional>
#include <string>

namespace weft::sim {

// Seeds need some thousands; a search that needs more than this says nothing, and a run that
// nobody can judge has failed.
inline constexpr std::size_t kSearchStepsMax = 20'000'000;

struct WrongHistory {
    std::string entity;
    std::string rule;  // what is broken, in words
};

// The first entity whose history breaks a rule of the ledger, or is in no order that explains it,
// or for which the search found neither an order nor that there is none within `steps_max`.
std::optional<WrongHistory> wrong_history(const Histories& histories,
                                          std::size_t steps_max = kSearchStepsMax);

}  // namespace weft::sim
