#pragma once
// The seeds that a command line names.

#include <cstdint>
#include <optional>
#include <string_view>

namespace weft::cli {

struct SeedRange {
    std::uint64_t first = 1, last = 1;
};

// "A..B", or one number for that seed alone.
std::optional<SeedRange> parse_seeds(std::string_view text);

}  // namespace weft::cli
