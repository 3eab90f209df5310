#pragma once
// What a check says of a fault that was planted.

#include "core/invariant.h"

#include <string>

namespace weft::node::test {

// Empty: `check` found nothing.
template <class Check>
std::string said_by(const Check& check) {
    struct Broken {
        std::string message;
    };
    const InvariantHandler before =
        set_invariant_handler([](const BrokenInvariant& broken) { throw Broken{broken.message}; });
    std::string said;
    try {
        check();
    } catch (const Broken& broken) {
        said = broken.message;
    }
    set_invariant_handler(before);
    return said;
}

}  // namespace weft::node::test
