#include "node/runtime/rejects.h"

#include <fmt/core.h>

namespace weft::node {

std::string_view reject_name(Reject reason) {
    constexpr std::array<std::string_view, static_cast<std::size_t>(Reject::kCount)> kNames = {
        "bad_frame",      "wrong_channel", "wrong_cluster", "wrong_receiver",
        "unknown_sender", "unproven",      "other_sender",  "bad_message",
        "skipped",        "not_delivered", "too_large"};
    return kNames[static_cast<std::size_t>(reason)];
}

void Rejects::add(Reject reason, std::string_view port, const Error& error, Instant now) {
    add(reason);
    if (!log_.admit(now)) return;
    const bool output = reason == Reject::TooLarge;
    log_.log().warn(output ? "output.dropped" : "input.rejected",
                    {{"port", port},
                     {"reason", reject_name(reason)},
                     {"error", fmt::format("WEFT-{:04}", error.number)},
                     {"what", error.message}});
}

void Rejects::summarize() const {
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        if (counts_[i] == 0) continue;
        log_.log().info(
            "input.rejected_total",
            {{"reason", reject_name(Reject{static_cast<std::uint8_t>(i)})}, {"count", counts_[i]}});
    }
}

}  // namespace weft::node
