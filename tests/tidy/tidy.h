#pragma once
// What a machine can check of docs/design.md, "Folders and layers", and of style: the edges between
// folders, sizes, words that must not occur, and that CMake lists every file. Works on text in
// memory, so that a planted violation is an ordinary test.

#include <compare>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace weft::tidy {

struct SourceFile {
    std::string path;  // from the root of the project, with slashes
    std::string text;
};

struct Violation {
    std::string path;
    std::size_t line = 0;
    std::string what;
    auto operator<=>(const Violation&) const = default;
};

// All .h, .cpp and CMakeLists.txt of the project's own folders.
std::vector<SourceFile> load_tree(const std::filesystem::path& root);
// All pages and shell scripts.
std::vector<SourceFile> load_pages(const std::filesystem::path& root);

// The folder of the layers that a file belongs to ("node/runtime"); "" for files elsewhere.
std::string folder_of(std::string_view path);
// The folder is a core's: it touches nothing of the world.
bool is_pure(std::string_view folder);

// One list per rule; empty when all is well.
std::vector<Violation> check_layers(const std::vector<SourceFile>& files);
std::vector<Violation> check_third_party(const std::vector<SourceFile>& files);
std::vector<Violation> check_listed(const std::vector<SourceFile>& files);
std::vector<Violation> check_sizes(const std::vector<SourceFile>& files);
std::vector<Violation> check_words(const std::vector<SourceFile>& files);
// In sim/ and the cores: no expression draws twice, or takes two numbers, in an order that is the
// compiler's to choose.
std::vector<Violation> check_draws(const std::vector<SourceFile>& files);
// Every WEFT_INVARIANT outside tests has its row in `page` ("| `file` | `message` | ..."), and
// every row its WEFT_INVARIANT.
std::vector<Violation> check_invariants(const std::vector<SourceFile>& files,
                                        const SourceFile& page);
// Every rule in `page` that is built names files, functions, tests and mutants that exist, every
// mutant is in the row of the rule that it breaks, and `not_built` rules are not built.
std::vector<Violation> check_rules(const std::vector<SourceFile>& files, const SourceFile& page,
                                   std::size_t not_built);
// Every "S4" and "I12" in `files` ("SI" being `letters`) has a row in `page`.
std::vector<Violation> check_rule_numbers(const std::vector<SourceFile>& files,
                                          const SourceFile& page, std::string_view letters);
// Nothing points into texts that are not here ("DESIGN 5", "scenario 12"), a page that is named
// with a heading (docs/rules.md, "Replication and its storage") has it, and docs/design.md has
// every promise that is named ("P-once").
std::vector<Violation> check_pointers(const std::vector<SourceFile>& files);
// Every field of Node::State whose class has a deadline() is asked for it in next_deadline(), and
// every one whose class has a check() in check().
std::vector<Violation> check_switchboard(const std::vector<SourceFile>& files);

// One line per violation, for a test's message.
std::string describe(const std::vector<Violation>& violations);

}  // namespace weft::tidy
