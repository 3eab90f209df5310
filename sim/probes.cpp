#include "sim/probes.h"

#include "core/invariant.h"

#include <algorithm>
#include <atomic>

namespace weft::sim {
namespace {

// A probe is reached in code that holds no reference to a run, as with the handlers of core.
constinit std::atomic<ProbeSet> reached_probes{0};

void note(std::string_view name) {
    const auto at = std::ranges::lower_bound(kProbes, name);
    if (at != kProbes.end() && *at == name)
        reached_probes.fetch_or(ProbeSet{1} << (at - kProbes.begin()), std::memory_order_relaxed);
}

}  // namespace

ProbeWatch::ProbeWatch() : before_(set_probe_handler(note)) { reached_probes = 0; }
ProbeWatch::~ProbeWatch() { set_probe_handler(before_); }
ProbeSet ProbeWatch::reached() const { return reached_probes; }

}  // namespace weft::sim
