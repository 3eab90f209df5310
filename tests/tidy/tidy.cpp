#include "tests/tidy/tidy.h"

#include "tests/tidy/source_text.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

namespace weft::tidy {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileLinesMax = 400;
constexpr std::size_t kPublicHeaderLinesMax = 200;
constexpr std::size_t kFunctionLinesMax = 70;
constexpr std::size_t kColumnsMax = 100;

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

// Characters, not bytes.
std::size_t columns_of(std::string_view line) {
    return static_cast<std::size_t>(std::ranges::count_if(
        line, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// How far a line is indented; the whole length for a blank one.
std::size_t indent_of(std::string_view line) {
    return std::min(line.find_first_not_of(' '), line.size());
}

// A function's last line of signature, as clang-format writes it: "...) {", "...) const {".
bool opens_function(std::string_view line) {
    if (!line.ends_with("{") || line.find(')') == std::string_view::npos) return false;
    const std::string_view text = line.substr(indent_of(line));
    for (const std::string_view other : {"if", "for", "while", "switch", "} else", "catch", "do",
                                         "namespace", "class", "struct", "enum", "union", "#"})
        if (text.starts_with(other)) return false;
    return indent_of(line) <= 8;
}

void check_functions(const SourceFile& file, std::vector<Violation>& found) {
    const std::string code = code_of(file.text);
    const auto lines = lines_of(code);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (!opens_function(lines[i])) continue;
        // The closing brace stands where the signature began; a wrapped one is indented further,
        // and so is a constructor's list of members.
        std::size_t first = i;
        const auto goes_on = [&](std::string_view line, std::string_view before) {
            const std::size_t indent = indent_of(line);
            return (indent > 4 && before.ends_with(",")) || line.substr(indent).starts_with(": ");
        };
        while (first > 0 && goes_on(lines[first], lines[first - 1])) --first;
        const std::string close = std::string(indent_of(lines[first]), ' ') + "}";
        std::size_t end = i + 1;
        while (end < lines.size() && !lines[end].starts_with(close)) ++end;
        if (end - first + 1 > kFunctionLinesMax)
            found.push_back({file.path, first + 1,
                             "function of " + std::to_string(end - first + 1) + " lines"});
    }
}

// The names that a CMakeLists.txt mentions, by blank-separated word.
bool lists(const std::string& cmake, const std::string& name) {
    return std::ranges::any_of(lines_of(cmake), [&name](std::string_view line) {
        const std::string_view text = line.substr(0, line.find('#'));
        for (std::size_t at = text.find(name); at != std::string_view::npos;
             at = text.find(name, at + 1)) {
            const std::size_t end = at + name.size();
            const bool begins =
                at == 0 || text[at - 1] == ' ' || text[at - 1] == '(' || text[at - 1] == '/';
            const bool ends = end == text.size() || text[end] == ' ' || text[end] == ')';
            if (begins && ends) return true;
        }
        return false;
    });
}

constexpr const char* kFolders[] = {"include", "core",        "membership",  "routing", "entity",
                                    "storage", "replication", "flatbuffers", "node",    "transport",
                                    "sim",     "client",      "cli",         "tests",   "examples"};

std::string text_of(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

void load(const fs::path& root, const char* top, bool (*wanted)(const fs::path&),
          std::vector<SourceFile>& files) {
    std::error_code missing;
    for (const auto& entry : fs::recursive_directory_iterator(root / top, missing))
        if (entry.is_regular_file() && wanted(entry.path()))
            files.push_back(
                {fs::relative(entry.path(), root).generic_string(), text_of(entry.path())});
}

}  // namespace

std::vector<SourceFile> load_tree(const fs::path& root) {
    std::vector<SourceFile> files;
    for (const char* top : kFolders)
        load(
            root, top,
            [](const fs::path& path) {
                return path.extension() == ".h" || path.extension() == ".cpp" ||
                       path.filename() == "CMakeLists.txt";
            },
            files);
    std::ranges::sort(files, {}, &SourceFile::path);
    return files;
}

std::vector<SourceFile> load_pages(const fs::path& root) {
    std::vector<SourceFile> files;
    const auto is_page = [](const fs::path& path) {
        return path.extension() == ".md" || path.extension() == ".sh";
    };
    for (const char* top : kFolders) load(root, top, is_page, files);
    for (const char* top : {"docs", "scripts", "packaging"}) load(root, top, is_page, files);
    for (const char* name : {"README.md", "CHANGELOG.md"})
        files.push_back({name, text_of(root / name)});
    std::ranges::sort(files, {}, &SourceFile::path);
    return files;
}

std::vector<Violation> check_listed(const std::vector<SourceFile>& files) {
    std::map<std::string, std::string> cmake;  // folder -> text
    for (const SourceFile& file : files)
        if (file.path.ends_with("/CMakeLists.txt")) cmake[parent_of(file.path)] = file.text;
    std::vector<Violation> found;
    for (const SourceFile& file : files) {
        if (!is_source(file.path)) continue;
        // The nearest folder above that has a CMakeLists.txt must name the file.
        std::string folder = parent_of(file.path);
        while (!cmake.contains(folder) && folder.find('/') != std::string::npos)
            folder = parent_of(folder);
        const std::string name = file.path.substr(std::min(folder.size() + 1, file.path.size()));
        if (!cmake.contains(folder))
            found.push_back({file.path, 0, "no CMakeLists.txt above it"});
        else if (!lists(cmake[folder], name) && !lists(cmake[folder], file.path))
            found.push_back({file.path, 0, "not listed in " + folder + "/CMakeLists.txt"});
    }
    return found;
}

std::vector<Violation> check_sizes(const std::vector<SourceFile>& files) {
    std::vector<Violation> found;
    for (const SourceFile& file : files) {
        if (!is_header(file.path) && !is_source(file.path)) continue;
        const auto lines = lines_of(file.text);
        const std::size_t lines_max =
            folder_of(file.path) == "include/weft" ? kPublicHeaderLinesMax : kFileLinesMax;
        if (lines.size() > lines_max)
            found.push_back(
                {file.path, 0,
                 std::to_string(lines.size()) + " lines, more than " + std::to_string(lines_max)});
        for (std::size_t i = 0; i < lines.size(); ++i)
            if (columns_of(lines[i]) > kColumnsMax)
                found.push_back({file.path, i + 1, "wider than 100 columns"});
        check_functions(file, found);
    }
    return found;
}

std::vector<Violation> check_words(const std::vector<SourceFile>& files) {
    std::vector<Violation> found;
    for (const SourceFile& file : files) {
        const bool header = is_header(file.path);
        if (!header && !is_source(file.path)) continue;
        if (header && file.text.find("#pragma once\n") == std::string::npos)
            found.push_back({file.path, 1, "a header begins with #pragma once"});
        const std::string code = code_of(file.text);
        const auto lines = lines_of(file.text);
        const auto code_lines = lines_of(code);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            if (has_word(code_lines[i], "thread_local"))
                found.push_back({file.path, i + 1, "thread_local state"});
            if (code_lines[i].find("DISABLED_") != std::string_view::npos)
                found.push_back({file.path, i + 1, "a test that is switched off"});
            // A TODO names an issue: "TODO(#12)".
            if (code_lines[i] != lines[i] && has_word(lines[i], "TODO") &&
                lines[i].find("TODO(#") == std::string_view::npos &&
                lines[i].find("\"") == std::string_view::npos)
                found.push_back({file.path, i + 1, "a TODO without an issue"});
        }
    }
    return found;
}

std::string describe(const std::vector<Violation>& violations) {
    std::string text;
    for (const Violation& violation : violations)
        text +=
            violation.path + ":" + std::to_string(violation.line) + ": " + violation.what + "\n";
    return text;
}

}  // namespace weft::tidy
