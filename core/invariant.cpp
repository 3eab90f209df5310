#include "core/invariant.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace weft {

namespace {

void print_and_abort(const BrokenInvariant& broken) {
    fmt::print(stderr, "invariant broken: {} at {}:{}: {}\n", broken.condition, broken.file,
               broken.line, broken.message);
    std::fflush(stderr);
    std::abort();
}

// The only mutable statics of weft. A broken invariant or a rare path may be met anywhere, in code
// that holds no reference to a runtime; main() installs the handlers before any core exists.
constinit std::atomic<InvariantHandler> invariant_handler{&print_and_abort};
constinit std::atomic<ProbeHandler> probe_handler{nullptr};

}  // namespace

InvariantHandler set_invariant_handler(InvariantHandler handler) {
    return invariant_handler.exchange(handler == nullptr ? &print_and_abort : handler);
}

void invariant_broken(const BrokenInvariant& broken) {
    invariant_handler.load(std::memory_order_acquire)(broken);
    std::abort();  // A handler that returns must not let the step go on.
}

ProbeHandler set_probe_handler(ProbeHandler handler) { return probe_handler.exchange(handler); }

void probe_reached(std::string_view name) {
    if (const ProbeHandler handler = probe_handler.load(std::memory_order_acquire)) handler(name);
}

}  // namespace weft
