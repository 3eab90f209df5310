#include "sim/fault_event.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace weft::sim {
namespace {

constexpr std::array<std::string_view, kFaultKinds> kNames = {"crash",      "crash_at_effect",
                                                              "crash_loop", "power_loss",
                                                              "pause",      "split",
                                                              "sides",      "cut",
                                                              "mesh",       "flap",
                                                              "clog",       "slow_peer",
                                                              "loss",       "duplicate",
                                                              "reorder",    "delay",
                                                              "ghost",      "former_boot",
                                                              "stall",      "slow_disk",
                                                              "slow_fetch", "bit_flip",
                                                              "vanish",     "swap",
                                                              "sync_error", "full",
                                                              "wipe",       "rollback",
                                                              "clock_rate", "clock_offset",
                                                              "clock_jump", "clock_freeze"};
static_assert(kNames[static_cast<std::size_t>(FaultKind::ClockFreeze)] == "clock_freeze");

std::string end_name(std::uint32_t end) {
    if (end == kLeader) return "leader";
    return end == kEveryone ? std::string("all") : fmt::format("n{}", end);
}

}  // namespace

std::string_view fault_name(FaultKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

std::optional<FaultKind> fault_kind(std::string_view name) {
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    if (found == kNames.end()) return std::nullopt;
    return static_cast<FaultKind>(found - kNames.begin());
}

std::string fault_text(const FaultEvent& event) {
    return fmt::format("{:.6f} {} {} {} for {:.6f} amount {} salt {}",
                       static_cast<double>(event.at.count()) / 1e9, fault_name(event.kind),
                       end_name(event.a), end_name(event.b),
                       static_cast<double>(event.lasts.count()) / 1e9, event.amount, event.salt);
}

}  // namespace weft::sim
