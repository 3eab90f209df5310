#pragma once
// How administrative answers name things.

#include "node/disk/health.h"
#include "node/peer.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::node {

std::string_view disk_name(DiskState disk, bool full);
// Why nothing passes between us and it; empty: nothing is against it.
std::string why_not(const Peer& peer);

// Digits and nothing else.
std::optional<std::uint64_t> parse_number(std::string_view text);

// "3, 7-9, 20 and 12 more": rising numbers, the runs among them, at most a line of it.
std::string number_list(const std::vector<std::uint32_t>& numbers);

}  // namespace weft::node
