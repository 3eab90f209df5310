#include "cli/seed_range.h"

#include <charconv>
#include <system_error>

namespace weft::cli {

namespace {

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::optional<SeedRange> parse_seeds(std::string_view text) {
    const std::size_t dots = text.find("..");
    const auto first = parse_number(text.substr(0, dots));
    const auto last = dots == std::string_view::npos ? first : parse_number(text.substr(dots + 2));
    if (!first || !last || *last < *first) return std::nullopt;
    return SeedRange{*first, *last};
}

}  // namespace weft::cli
