#pragma once
// What a check says of a fault that was planted.

#include "core/invariant.h"

#include <string>

namespace weft::test {

// The message of the invariant that `act` breaks, which ends it there; empty: none.
template <class Act>
std::string said_by(const Act& act) {
    struct Broken {
        std::string message;
    };
    // Whatever ends the act, the one who listened before listens again.
    struct Listening {
        InvariantHandler before = set_invariant_handler(
            [](const BrokenInvariant& broken) { throw Broken{broken.message}; });
        ~Listening() { set_invariant_handler(before); }
    } listening;
    try {
        act();
    } catch (const Broken& broken) {
        return broken.message;
    }
    return {};
}

}  // namespace weft::test
