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
// May stand in a name: a letter, a digit or "_".
bool is_part_of_name(char c);
// `word` as a whole: not a part of a longer name.
bool has_word(std::string_view text, std::string_view word);
bool is_header(std::string_view path);
bool is_source(std::string_view path);

}  // namespace weft::tidy
