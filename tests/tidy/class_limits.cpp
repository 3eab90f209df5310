// What is too large, too widely included or too bare; how dense the assertions are.

#include "tests/tidy/classes.h"
#include "tests/tidy/source_text.h"

#include <algorithm>
#include <map>
#include <regex>
#include <set>

namespace weft::tidy {

namespace {

constexpr std::size_t kClassLinesMax = 500;
constexpr std::size_t kClassFunctionsMax = 30;
constexpr std::size_t kClassFieldsMax = 15;
constexpr std::size_t kRecordFunctionsMax = 2;
constexpr std::size_t kHeaderLinesMax = 150;
constexpr std::size_t kInsideIncludesMax = 3;

std::string text_of(const ClassSize& size) {
    return size.name + ": " + std::to_string(size.lines) + " lines, " +
           std::to_string(size.functions) + " functions, " + std::to_string(size.fields) +
           " fields over all its files";
}

bool is_above(const ClassSize& size, std::size_t lines, std::size_t functions, std::size_t fields) {
    return size.lines > lines || size.functions > functions ||
           (size.functions > kRecordFunctionsMax && size.fields > fields);
}

// A ceiling that a class could grow under unseen: ceilings follow what they are for.
bool is_loose(std::size_t ceiling, std::size_t actual, std::size_t limit) {
    return ceiling > limit && ceiling > actual + actual / 20 + 1;
}

bool is_loose(const LargeClass& known, const ClassSize& size) {
    return is_loose(known.lines, size.lines, kClassLinesMax) ||
           is_loose(known.functions, size.functions, kClassFunctionsMax) ||
           is_loose(known.fields, size.fields, kClassFieldsMax);
}

bool is_internal_header(const SourceFile& file) {
    return is_header(file.path) && !file.path.starts_with("tests/") &&
           !file.path.starts_with("include/");
}

// The exceptions that nothing needs any more.
void add_stale(std::span<const LargeHeader> exceptions, const std::set<std::string_view>& needed,
               std::vector<Violation>& found) {
    for (const LargeHeader& exception : exceptions)
        if (!needed.contains(exception.path))
            found.push_back({std::string(exception.path), 0, "needs no exception any more"});
}

// At most `most` by itself, or what its exception allows.
template <class What>
void judge(const SourceFile& file, std::size_t count, std::size_t most,
           std::span<const LargeHeader> exceptions, std::set<std::string_view>& needed,
           std::vector<Violation>& found, What what) {
    if (count <= most) return;
    const auto at = std::ranges::find(exceptions, file.path, &LargeHeader::path);
    if (at != exceptions.end()) {
        needed.insert(at->path);
        if (is_loose(at->most, count, most))
            found.push_back({file.path, 0,
                             "its exception allows " + std::to_string(at->most) + ", and it has " +
                                 std::to_string(count)});
        most = at->most;
    }
    if (count > most) found.push_back({file.path, 0, what(count, most)});
}

}  // namespace

std::vector<Violation> check_classes(const std::vector<ClassSize>& sizes,
                                     std::span<const LargeClass> large) {
    std::vector<Violation> found;
    std::set<const LargeClass*> needed;
    for (const ClassSize& size : sizes) {
        if (!is_above(size, kClassLinesMax, kClassFunctionsMax, kClassFieldsMax)) continue;
        const auto at = std::ranges::find_if(large, [&](const LargeClass& known) {
            return known.folder == size.folder && known.name == size.name;
        });
        if (at == large.end()) {
            found.push_back({size.header, size.line, text_of(size)});
            continue;
        }
        needed.insert(&*at);
        if (is_above(size, std::max(at->lines, kClassLinesMax),
                     std::max(at->functions, kClassFunctionsMax),
                     std::max(at->fields, kClassFieldsMax)))
            found.push_back(
                {size.header, size.line, text_of(size) + ", more than its exception allows"});
        else if (is_loose(*at, size))
            found.push_back({size.header, size.line,
                             text_of(size) + ", and its exception allows a twentieth more"});
    }
    for (const LargeClass& known : large)
        if (!needed.contains(&known))
            found.push_back({std::string(known.folder), 0,
                             std::string(known.name) + " needs no exception any more"});
    return found;
}

std::vector<Violation> check_headers(const std::vector<SourceFile>& files,
                                     std::span<const LargeHeader> large) {
    std::vector<Violation> found;
    std::set<std::string_view> needed;
    for (const SourceFile& file : files)
        if (is_internal_header(file))
            judge(file, lines_of(file.text).size(), kHeaderLinesMax, large, needed, found,
                  [](std::size_t count, std::size_t most) {
                      return "header of " + std::to_string(count) + " lines, at most " +
                             std::to_string(most);
                  });
    add_stale(large, needed, found);
    return found;
}

std::vector<Violation> check_insides(const std::vector<SourceFile>& files,
                                     std::span<const LargeHeader> wide) {
    static const std::regex inside(R"((^|\n)(struct|class) \w+::\w+[^;\n]*\{)");
    std::map<std::string, std::size_t> includes;
    for (const SourceFile& file : files)
        if (!file.path.starts_with("tests/"))
            for (const Include& include : includes_of(file.text)) ++includes[include.header];
    std::vector<Violation> found;
    std::set<std::string_view> needed;
    for (const SourceFile& file : files)
        if (is_internal_header(file) && std::regex_search(code_of(file.text), inside))
            judge(file, includes[file.path], kInsideIncludesMax, wide, needed, found,
                  [](std::size_t count, std::size_t most) {
                      return "the inside of a class in " + std::to_string(count) +
                             " files, at most " + std::to_string(most);
                  });
    add_stale(wide, needed, found);
    return found;
}

std::vector<Violation> check_raw_ids(const std::vector<SourceFile>& files,
                                     std::span<const RawId> raw) {
    static const std::regex bare(R"(\b(u?int(?:32|64)_t|std::size_t) )"
                                 R"(((?:\w+_)?(?:id|seq|round|ticket|token|slot|seat)_?)\b(?!\())");
    std::vector<Violation> found;
    std::set<const RawId*> needed;
    for (const SourceFile& file : files) {
        if (!is_header(file.path) || !is_pure(folder_of(file.path))) continue;
        const std::string code = code_of(file.text);
        const auto lines = lines_of(code);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            std::match_results<std::string_view::const_iterator> match;
            if (!std::regex_search(lines[i].begin(), lines[i].end(), match, bare)) continue;
            const std::string name = match[2].str();
            const auto known = std::ranges::find_if(
                raw, [&](const RawId& id) { return id.path == file.path && id.name == name; });
            if (known == raw.end())
                found.push_back({file.path, i + 1, "an id that is a bare integer: " + name});
            else
                needed.insert(&*known);
        }
    }
    for (const RawId& id : raw)
        if (!needed.contains(&id))
            found.push_back(
                {std::string(id.path), 0, std::string(id.name) + " needs no exception any more"});
    return found;
}

double Density::per_thousand() const {
    return lines == 0 ? 0 : 1000.0 * static_cast<double>(assertions) / static_cast<double>(lines);
}

std::vector<Density> assertion_density(const std::vector<SourceFile>& files) {
    std::map<std::string, Density> by_folder;
    for (const SourceFile& file : files) {
        const bool code = is_header(file.path) || is_source(file.path);
        const std::string folder = folder_of(file.path);
        if (!code || folder.empty() || folder == "tests" || folder == "examples") continue;
        Density& density = by_folder[folder];
        density.folder = folder;
        const std::string text = code_of(file.text);
        for (const std::string_view line : lines_of(text)) {
            if (line.find_first_not_of(" ") == line.npos) continue;
            ++density.lines;
            const bool asserts = line.find("WEFT_INVARIANT(") != line.npos ||
                                 line.find("static_assert(") != line.npos;
            if (asserts && line.find("#define") == line.npos) ++density.assertions;
        }
    }
    std::vector<Density> all;
    for (auto& [folder, density] : by_folder) all.push_back(density);
    return all;
}

}  // namespace weft::tidy
