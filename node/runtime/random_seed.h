#pragma once
// Where the deterministic generators of a process begin.

#include <sys/random.h>

#include <cstdint>

namespace weft::node {

inline std::uint64_t random_seed() {
    std::uint64_t seed = 0;
    // Fails only before the kernel's own start-up is over; time-outs need no better then. Not for
    // secrets.
    [[maybe_unused]] const ssize_t got = getrandom(&seed, sizeof seed, 0);
    return seed;
}

}  // namespace weft::node
