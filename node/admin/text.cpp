#include "node/admin/text.h"

#include "node/past.h"

#include <fmt/core.h>

#include <charconv>
#include <system_error>

namespace weft::node {

namespace {

constexpr std::size_t kRunsMax = 16;

}  // namespace

std::string_view disk_name(DiskState disk, bool full) {
    if (full) return "full";
    switch (disk) {
        case DiskState::Well:
            return "well";
        case DiskState::Slow:
            return "slow";
        case DiskState::Stalled:
            return "stalled";
    }
    return "unknown";
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::string why_not(const Peer& peer) {
    if (!peer.witness().sound()) return std::string(verdict_text(peer.witness().verdict()));
    if (!peer.handshake.conflict().empty()) return peer.handshake.conflict();
    if (peer.greeting().greeted() || peer.greeting().refuses_us() == Verdict::Sound) return {};
    return fmt::format("it refuses this node: {}", verdict_text(peer.greeting().refuses_us()));
}

std::string number_list(const std::vector<std::uint32_t>& numbers) {
    std::string list;
    std::size_t runs = 0;
    for (std::size_t first = 0; first < numbers.size();) {
        if (runs++ == kRunsMax) return list + fmt::format(" and {} more", numbers.size() - first);
        std::size_t last = first;
        while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
        list += (list.empty() ? "" : ", ") + std::to_string(numbers[first]);
        if (last > first) list += "-" + std::to_string(numbers[last]);
        first = last + 1;
    }
    return list;
}

}  // namespace weft::node
