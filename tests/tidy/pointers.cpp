// What a comment or page points at can be read in this repository.

#include "tests/tidy/source_text.h"
#include "tests/tidy/tidy.h"

#include <algorithm>
#include <map>
#include <set>

namespace weft::tidy {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_small(char c) { return c >= 'a' && c <= 'z'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

// A line and the next one, whose comment mark is left out: what is wrapped is read as one.
std::string with_next(const std::vector<std::string_view>& lines, std::size_t at) {
    std::string text(lines[at]);
    if (at + 1 == lines.size()) return text;
    const std::string_view next = lines[at + 1];
    const std::size_t begin = next.find_first_not_of(" /");
    return text + " " + std::string(next.substr(std::min(begin, next.size())));
}

// What stands behind `word` and a blank; empty when another word is at `at`.
std::string_view behind(std::string_view text, std::size_t at, std::string_view word) {
    if (!text.substr(at).starts_with(word)) return {};
    const std::string_view rest = text.substr(at + word.size());
    return rest.starts_with(' ') ? rest.substr(1) : std::string_view();
}

// A pointer into a text that is not part of the project; empty when there is none at `at`.
std::string_view foreign_at(std::string_view text, std::size_t at) {
    if (const auto rest = behind(text, at, "DESIGN"); !rest.empty() && is_digit(rest[0]))
        return "DESIGN";
    for (const std::string_view word : {"scenario", "scenarios", "Scenario", "Scenarios"})
        if (const auto rest = behind(text, at, word); !rest.empty() && is_digit(rest[0]))
            return "a scenario by its number";
    for (const std::string_view word : {"trap", "traps"})
        if (const auto rest = behind(text, at, word);
            !rest.empty() && is_small(rest[0]) && (rest.size() < 2 || !is_part_of_name(rest[1])))
            return "a trap by its letter";
    if (const auto rest = behind(text, at, "reference"); !rest.empty()) {
        const bool chapter = rest.size() > 2 && is_capital(rest[0]) && rest[1] == '.';
        if ((chapter && is_digit(rest[2])) || rest.starts_with("for membership"))
            return "a reference that is not here";
    }
    for (const std::string_view word : {"Security", "security"})
        if (behind(text, at, word).starts_with("reference")) return "a reference that is not here";
    return {};
}

// The headings of a page, without marks and numbers.
std::set<std::string> headings_of(std::string_view text) {
    std::set<std::string> headings;
    for (std::string_view line : lines_of(text)) {
        if (!line.starts_with('#')) continue;
        line.remove_prefix(std::min(line.find_first_not_of("# 0123456789."), line.size()));
        headings.emplace(line);
    }
    return headings;
}

// "P-once" at `at`.
std::string_view promise_at(std::string_view text, std::size_t at) {
    if ((at > 0 && text[at - 1] == '-') || !text.substr(at).starts_with("P-")) return {};
    std::size_t end = at + 2;
    while (end < text.size() && is_small(text[end])) ++end;
    return end > at + 2 ? text.substr(at, end - at) : std::string_view();
}

// The promises that have a row in a page: "| P-once | ...".
std::set<std::string> promises_of(std::string_view text) {
    std::set<std::string> promises;
    for (const std::string_view line : lines_of(text))
        if (line.starts_with("| P-")) promises.emplace(promise_at(line, 2));
    return promises;
}

struct Pointer {
    std::string page, heading;
};

// "docs/x.md, "Heading"" or "[x.md](x.md), "Heading"", the page's name ending at `at`.
Pointer pointer_at(std::string_view text, std::size_t at) {
    constexpr std::string_view kEnd = ".md";
    if (!text.substr(at).starts_with(kEnd)) return {};
    std::string_view rest = text.substr(at + kEnd.size());
    if (rest.starts_with(')')) rest.remove_prefix(1);
    if (!rest.starts_with(", \"")) return {};
    rest.remove_prefix(3);
    const std::size_t end = rest.find('"');
    if (end == rest.npos || !is_capital(rest[0])) return {};
    std::size_t begin = at;
    while (begin > 0 && (is_part_of_name(text[begin - 1]) || text[begin - 1] == '-')) --begin;
    return {std::string(text.substr(begin, at + kEnd.size() - begin)),
            std::string(rest.substr(0, end))};
}

}  // namespace

std::vector<Violation> check_pointers(const std::vector<SourceFile>& files) {
    std::map<std::string, std::set<std::string>> pages;  // by name, without their folder
    std::set<std::string> promises;
    for (const SourceFile& file : files) {
        if (!file.path.starts_with("docs/")) continue;
        pages[file.path.substr(file.path.rfind('/') + 1)] = headings_of(file.text);
        if (file.path == "docs/design.md") promises = promises_of(file.text);
    }
    std::vector<Violation> found;
    for (const SourceFile& file : files) {
        // Decisions are history and quote what they amend; the checks plant what they look for.
        if (file.path.starts_with("docs/adr/") || file.path.starts_with("tests/tidy/")) continue;
        const auto lines = lines_of(file.text);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const std::string text = with_next(lines, i);
            for (std::size_t at = 0; at < lines[i].size(); ++at) {
                // All that is looked for begins a word, or ends a page's name.
                if (text[at] != '.' && at > 0 && is_part_of_name(text[at - 1])) continue;
                if (const auto what = foreign_at(text, at); !what.empty())
                    found.push_back({file.path, i + 1, "points at " + std::string(what)});
                const std::string promise(promise_at(text, at));
                if (!promise.empty() && !promises.contains(promise))
                    found.push_back(
                        {file.path, i + 1, promise + " is no promise of docs/design.md"});
                const Pointer pointer = pointer_at(text, at);
                const auto page = pages.find(pointer.page);
                if (page != pages.end() && !page->second.contains(pointer.heading))
                    found.push_back(
                        {file.path, i + 1, pointer.page + " has no \"" + pointer.heading + "\""});
            }
        }
    }
    return found;
}

}  // namespace weft::tidy
