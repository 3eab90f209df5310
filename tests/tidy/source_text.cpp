#include "tests/tidy/source_text.h"

#include <algorithm>
#include <cctype>

namespace weft::tidy {

namespace {

// Where a literal or comment that begins at `at` ends (one past it).
std::size_t end_of_literal(std::string_view text, std::size_t at) {
    const char quote = text[at];
    for (std::size_t i = at + 1; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (text[i] == quote || text[i] == '\n') {
            return i + 1;
        }
    }
    return text.size();
}

std::size_t end_of_raw_literal(std::string_view text, std::size_t at) {
    const std::size_t open = text.find('(', at);
    if (open == std::string_view::npos) return text.size();
    const std::string close = ")" + std::string(text.substr(at + 2, open - at - 2)) + "\"";
    const std::size_t end = text.find(close, open);
    return end == std::string_view::npos ? text.size() : end + close.size();
}

bool is_digit_separator(std::string_view text, std::size_t at) {
    return text[at] == '\'' && at > 0 && text[at - 1] >= '0' && text[at - 1] <= '9';
}

}  // namespace

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::vector<Include> includes_of(std::string_view text) {
    std::vector<Include> includes;
    const auto lines = lines_of(text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string_view line = lines[i];
        if (!line.starts_with("#include ") || line.size() < 12) continue;
        const char open = line[9];
        const std::size_t close = line.find(open == '<' ? '>' : '"', 10);
        if ((open != '<' && open != '"') || close == std::string_view::npos) continue;
        includes.push_back({i + 1, std::string(line.substr(10, close - 10)), open == '"'});
    }
    return includes;
}

std::string code_of(std::string_view text) {
    std::string code(text);
    const auto blank = [&code](std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to && i < code.size(); ++i)
            if (code[i] != '\n') code[i] = ' ';
    };
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at + 1;
        if (text.substr(at).starts_with("//")) {
            end = std::min(text.find('\n', at), text.size());
            blank(at, end);
        } else if (text.substr(at).starts_with("/*")) {
            end = std::min(text.find("*/", at), text.size() - 2) + 2;
            blank(at, end);
        } else if (text.substr(at).starts_with("R\"")) {
            end = end_of_raw_literal(text, at);
            blank(at, end);
        } else if (text[at] == '"' || (text[at] == '\'' && !is_digit_separator(text, at))) {
            end = end_of_literal(text, at);
            blank(at + 1, end - 1);
        }
        at = end;
    }
    return code;
}

bool is_part_of_name(char c) {
    return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0;
}

bool has_word(std::string_view text, std::string_view word) {
    for (std::size_t at = text.find(word); at != std::string_view::npos;
         at = text.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        if ((at == 0 || !is_part_of_name(text[at - 1])) &&
            (end == text.size() || !is_part_of_name(text[end])))
            return true;
    }
    return false;
}

bool is_header(std::string_view path) { return path.ends_with(".h"); }
bool is_source(std::string_view path) { return path.ends_with(".cpp"); }

}  // namespace weft::tidy
