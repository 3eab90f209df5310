#pragma once
// Invariants are for our own mistakes and are on in every build. What a peer, a disk or a user
// supplies is checked into a Result instead.

#include <fmt/core.h>

#include <string>
#include <string_view>

namespace weft {

struct BrokenInvariant {
    std::string_view condition;
    std::string_view file;
    int line = 0;
    std::string message;
};

// Called once per broken invariant; must not return to continue the step: it throws (simulator) or
// ends the process (default: prints and aborts).
using InvariantHandler = void (*)(const BrokenInvariant&);

// Installed by main() or by the simulator before any core exists; returns the one before.
InvariantHandler set_invariant_handler(InvariantHandler handler);
[[noreturn]] void invariant_broken(const BrokenInvariant& broken);

// Marks a rare path; the simulator lists those never reached.
using ProbeHandler = void (*)(std::string_view name);
ProbeHandler set_probe_handler(ProbeHandler handler);
void probe_reached(std::string_view name);

}  // namespace weft

#define WEFT_INVARIANT(condition, ...)                                         \
    do {                                                                       \
        if (!(condition)) [[unlikely]]                                         \
            ::weft::invariant_broken(                                          \
                {#condition, __FILE__, __LINE__, ::fmt::format(__VA_ARGS__)}); \
    } while (false)

#define WEFT_PROBE(name) ::weft::probe_reached(name)
