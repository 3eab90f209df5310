// Every WEFT_INVARIANT was judged: what input could reach it, and why none does.

#include "tests/tidy/source_text.h"
#include "tests/tidy/tidy.h"

#include <algorithm>
#include <set>
#include <utility>

namespace weft::tidy {

namespace {

constexpr std::string_view kMacro = "WEFT_INVARIANT(";

// The literals of one use, joined: a condition holds none, so they are the message. `at` is behind
// the macro's parenthesis.
std::string message_of(std::string_view text, std::size_t at) {
    std::string message;
    bool begun = false;
    for (int depth = 1; at < text.size() && depth > 0; ++at) {
        const char c = text[at];
        if (c == '"') {
            begun = true;
            for (++at; at < text.size() && text[at] != '"'; ++at) message += text[at];
            continue;
        }
        if (begun && c == ',') break;
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    }
    return message;
}

// The cells of a row: "| `file` | `message` | ... |".
std::vector<std::string> quoted_cells(std::string_view line) {
    std::vector<std::string> cells;
    while (cells.size() < 2) {
        const std::size_t begin = line.find('`');
        const std::size_t end = begin == line.npos ? line.npos : line.find('`', begin + 1);
        if (end == line.npos) break;
        cells.emplace_back(line.substr(begin + 1, end - begin - 1));
        line.remove_prefix(end + 1);
    }
    return cells;
}

}  // namespace

std::vector<Violation> check_invariants(const std::vector<SourceFile>& files,
                                        const SourceFile& page) {
    std::set<std::pair<std::string, std::string>> judged, used;
    for (const std::string_view line : lines_of(page.text)) {
        if (!line.starts_with("| `")) continue;
        const auto cells = quoted_cells(line);
        if (cells.size() == 2) judged.insert({cells[0], cells[1]});
    }
    std::vector<Violation> found;
    for (const SourceFile& file : files) {
        const bool code = is_header(file.path) || is_source(file.path);
        if (!code || file.path.starts_with("tests/") || file.path == "core/invariant.h") continue;
        for (std::size_t at = file.text.find(kMacro); at != file.text.npos;
             at = file.text.find(kMacro, at + 1)) {
            const std::pair use(file.path, message_of(file.text, at + kMacro.size()));
            used.insert(use);
            if (judged.contains(use)) continue;
            const auto line = static_cast<std::size_t>(std::count(
                file.text.begin(), file.text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
            found.push_back({file.path, line + 1, "no row in " + page.path + ": " + use.second});
        }
    }
    for (const auto& [file, message] : judged)
        if (!used.contains({file, message}))
            found.push_back({page.path, 0, "no such invariant: " + file + ": " + message});
    return found;
}

}  // namespace weft::tidy
