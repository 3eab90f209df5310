#pragma once
// The words of a line of a shell, from "weft" to the first redirection or pipe.

#include <string>
#include <string_view>
#include <vector>

namespace weft::test {

inline std::vector<std::string> shell_words(std::string_view line) {
    std::vector<std::string> words{""};
    char quote = '\0';
    bool open = false;  // a word has begun, though it may be empty: ''
    for (const char c : line) {
        if (quote != '\0' && c == quote) {
            quote = '\0';
        } else if (quote == '\0' && (c == '\'' || c == '"')) {
            quote = c;
            open = true;
        } else if (quote == '\0' && (c == ' ' || c == '|' || c == '<' || c == '>')) {
            if (open) words.emplace_back();
            open = false;
            if (c == ' ') continue;
            if (words.front() == "weft") break;
            words = {""};  // what stands before the pipe is another program's
        } else {
            words.back() += c;
            open = true;
        }
    }
    if (!open) words.pop_back();
    if (words.empty() || words.front() != "weft") return {};
    return words;
}

}  // namespace weft::test
