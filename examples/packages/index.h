#pragma once
// The Debian package index: stanzas of "Field: value" lines, as `apt-cache dumpavail` prints them.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace packages {

struct Package {
    std::string key;     // "name:arch", unique
    std::string stanza;  // all its lines
};

struct Index {
    std::vector<Package> packages;
    std::string source;  // for people: where it came from
};

std::vector<Package> parse_index(std::string_view text);

// This machine's index; where it has none, the small one in the file `bundled`.
Index load_index(const std::string& bundled);

// A checksum good enough to tell whether what came back is what went in (FNV-1a, 64 bits).
std::uint64_t checksum(std::string_view text);

}  // namespace packages
