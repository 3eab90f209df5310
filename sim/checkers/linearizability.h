#pragma once
// Is there an order of these operations that explains every answer and respects real time?
// (Herlihy, Wing 1990.) Judged per entity, which is enough (locality). The search is the one of
// Wing and Gong with the memory of Lowe: states already tried with the same set of operations are
// not tried again.

#include "sim/checkers/history.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::sim {

// What an entity does. All but Counter hold one value, at first none, and know these operations:
// Kv put, get, delete, cas; Register put, get; Cas put, get, cas. Counter knows add and get, and
// begins at 0; sums are those of 64 bits.
enum class Model : std::uint8_t { Kv, Counter, Register, Cas };

// "kv", "counter", "register", "cas".
std::optional<Model> parse_model(std::string_view name);
// Why an operation has no meaning in the model, in words; empty when it has one.
std::string why_unknown_to(Model model, const Operation& operation);
// A number of 64 bits in decimal and nothing else.
std::optional<std::int64_t> decimal(std::string_view text);

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
