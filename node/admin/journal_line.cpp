#include "node/admin/journal_line.h"

#include <fmt/core.h>

#include <algorithm>

namespace weft::node {

std::string counted(std::size_t count, std::string_view one) {
    return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

void JournalLine::show_value(std::string_view stored) {
    value = stored.substr(0, std::min(stored.size(), kShownBytesMax));
    left_out = std::to_string(stored.size() - value.size());
}

void JournalLine::show_events(std::span<const std::string_view> all) {
    std::size_t shown = 0, size = 0;
    events.clear();
    for (const std::string_view event : all) {
        size += event.size();
        if (shown == kShownBytesMax) continue;
        const auto part = event.substr(0, std::min(event.size(), kShownBytesMax - shown));
        shown += part.size();
        if (!events.empty()) events += ' ';
        for (const char byte : part)
            events += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    }
    left_out = std::to_string(size - shown);
}

}  // namespace weft::node
