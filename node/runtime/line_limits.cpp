#include "node/runtime/line_limits.h"

#include <algorithm>
#include <utility>

namespace weft::node {

namespace {

constexpr Duration kSecond = std::chrono::seconds(1);
constexpr std::string_view kOfInput[] = {
    "partition.snapshot_receiving",
    "partition.snapshot_refused",
    "peer.boot",
    "peer.hello",
    "peer.refused",
    "replica.conflict",
    "replica.entry_refused",
    "replica.snapshot_refused",
    "replica.two_leaders",
    "self.refused",
};

}  // namespace

bool LineLimits::is_of_input(std::string_view event) {
    return std::ranges::binary_search(kOfInput, event);
}

bool LineLimits::admit(std::string_view event, Instant now) {
    auto found = events_.find(event);
    if (found == events_.end()) found = events_.try_emplace(std::string(event)).first;
    Second& second = found->second;
    if (now - second.begun >= kSecond) {
        second.begun = now;
        second.lines = 0;
    }
    if (++second.lines <= kLinesPerSecond) return true;
    ++second.left_out;
    any_left_out_ = true;
    return false;
}

std::vector<LineLimits::LeftOut> LineLimits::take_left_out(Instant now) {
    std::vector<LeftOut> all;
    if (!any_left_out_) return all;
    any_left_out_ = false;
    for (auto& [event, second] : events_) {
        if (second.left_out == 0) continue;
        if (now - second.begun >= kSecond)
            all.push_back({event, std::exchange(second.left_out, 0)});
        else
            any_left_out_ = true;
    }
    return all;
}

}  // namespace weft::node
