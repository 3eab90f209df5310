#pragma once
// Reading C++ and CMake text line by line.

#include <string>
#include <string_view>
#include <vector>

namespace weft::tidy {

struct Include {
    std::size_t line = 0;
    std::string header;
    bool quoted = false;
};

std::vector<std::string_view> lines_of(std::string_view text);
std::vector<Include> includes_of(std::string_view text);
// The text without comments and without what string literals hold; lines stay where they are.
std::string code_of(std::string_view text);
bool is_header(std::string_view path);
bool is_source(std::string_view path);

}  // namespace weft::tidy
