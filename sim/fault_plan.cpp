#include "sim/fault_plan.h"

#include <algorithm>

namespace weft::sim {
namespace {

constexpr std::array<std::string_view, kFamilies> kNames = {
    "crash",      "power_loss",  "pause",      "partition",  "one_way",
    "clog",       "loss",        "duplicate",  "reorder",    "slow_net",
    "disk_stall", "disk_damage", "clock_skew", "small_sizes"};

}  // namespace

std::string_view family_name(Family family) { return kNames[static_cast<std::size_t>(family)]; }

bool FaultPlan::any() const {
    return std::any_of(on.begin(), on.end(), [](bool family) { return family; });
}

std::string FaultPlan::text() const {
    std::string out;
    for (std::size_t i = 0; i < kFamilies; ++i) {
        if (!on[i]) continue;
        if (!out.empty()) out += ',';
        out += kNames[i];
    }
    return out.empty() ? "none" : out;
}

FaultPlan FaultPlan::draw(Random& random) {
    FaultPlan plan;
    if (random.chance(1, 10)) return plan;
    for (bool& family : plan.on) family = random.chance(1, 3);
    plan.pause_between_max = std::chrono::milliseconds(200 + random.below(2800));
    return plan;
}

}  // namespace weft::sim
