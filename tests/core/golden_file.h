#pragma once
// Reads tests/golden: lines of hex digits, lines that begin with '#' are remarks.

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>

namespace weft::test {

inline std::string hex_of(std::string_view bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text.push_back(kDigits[byte >> 4]);
        text.push_back(kDigits[byte & 15]);
    }
    return text;
}

// The hex digits of a golden file; empty when it is missing.
inline std::string golden_hex(const std::string& name) {
    std::ifstream file(std::filesystem::path(WEFT_SOURCE_DIR) / "tests/golden" / name);
    std::string digits, line;
    while (std::getline(file, line)) {
        if (!line.starts_with('#')) digits += line;
    }
    return digits;
}

inline std::string bytes_of(std::string_view hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    return bytes;
}

// A file of several items: "= NAME", and the hex digits below it.
inline std::map<std::string, std::string> golden_items(const std::string& file_name) {
    std::ifstream file(std::filesystem::path(WEFT_SOURCE_DIR) / "tests/golden" / file_name);
    std::map<std::string, std::string> items;
    std::string line, name;
    while (std::getline(file, line)) {
        if (line.starts_with("= ")) {
            name = line.substr(2);
            items.try_emplace(name);
        } else if (!line.starts_with('#')) {
            items[name] += bytes_of(line);
        }
    }
    return items;
}

}  // namespace weft::test
