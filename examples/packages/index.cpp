#include "examples/packages/index.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <unordered_set>

namespace packages {

namespace {

std::string output_of(const std::string& command) {
    std::string text;
    const auto close = [](std::FILE* pipe) { ::pclose(pipe); };
    const std::unique_ptr<std::FILE, decltype(close)> pipe(::popen(command.c_str(), "r"), close);
    if (!pipe) return text;
    std::array<char, 65536> part{};
    for (std::size_t got = 0; (got = std::fread(part.data(), 1, part.size(), pipe.get())) > 0;)
        text.append(part.data(), got);
    return text;
}

// The value of "Field: value" in a stanza.
std::string_view field(std::string_view stanza, std::string_view name) {
    for (std::size_t at = 0; at < stanza.size();) {
        const std::size_t end = std::min(stanza.find('\n', at), stanza.size());
        const std::string_view line = stanza.substr(at, end - at);
        if (line.starts_with(name) && line.substr(name.size()).starts_with(": "))
            return line.substr(name.size() + 2);
        at = end + 1;
    }
    return {};
}

}  // namespace

std::vector<Package> parse_index(std::string_view text) {
    std::vector<Package> packages;
    std::unordered_set<std::string> seen;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find("\n\n"), text.size());
        const std::string_view stanza = text.substr(0, end);
        text.remove_prefix(std::min(end + 2, text.size()));
        const std::string_view name = field(stanza, "Package");
        if (name.empty()) continue;
        std::string key = std::string(name) + ":" + std::string(field(stanza, "Architecture"));
        if (seen.insert(key).second) packages.push_back({std::move(key), std::string(stanza)});
    }
    return packages;
}

Index load_index(const std::string& bundled) {
    Index index{parse_index(output_of("apt-cache dumpavail 2>/dev/null")),
                "this machine's package index (apt-cache dumpavail)"};
    if (!index.packages.empty()) return index;
    std::ifstream file(bundled, std::ios::binary);
    index.packages = parse_index(std::string(std::istreambuf_iterator<char>(file), {}));
    index.source = "the small bundled index: this machine has none";
    return index;
}

std::uint64_t checksum(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return hash;
}

}  // namespace packages
