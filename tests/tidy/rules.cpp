// The numbers of rules that code and pages mention, and the page that says what they mean.

#include "tests/tidy/source_text.h"
#include "tests/tidy/tidy.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace weft::tidy {

namespace {

using Names = std::vector<std::string>;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
    text.remove_prefix(begin);
    return text.substr(0, text.find_last_not_of(' ') + 1);
}

std::vector<std::string_view> parts_of(std::string_view text, char between) {
    std::vector<std::string_view> parts;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(between, begin), text.size());
        parts.push_back(trimmed(text.substr(begin, end - begin)));
        begin = end + 1;
    }
    return parts;
}

// "S4" or "I12" at `at`, as a whole word that begins with one of `letters`; empty when there is
// none.
std::string_view number_at(std::string_view text, std::size_t at, std::string_view letters) {
    if (!letters.contains(text[at]) || (at > 0 && is_part_of_name(text[at - 1]))) return {};
    std::size_t end = at + 1;
    while (end < text.size() && is_digit(text[end])) ++end;
    const bool whole = end == text.size() || !is_part_of_name(text[end]);
    return whole && end > at + 1 && end <= at + 3 ? text.substr(at, end - at) : std::string_view();
}

struct Row {
    std::string number, keepers;
    Names tests, mutants;
    std::size_t line = 0;
    bool is_built() const { return !keepers.starts_with("**not built**"); }
};

// The names of a cell, without what stands in parentheses behind them; "-" is none.
Names names_of(std::string_view cell) {
    Names names;
    for (const std::string_view part : parts_of(cell, ','))
        if (const auto name = trimmed(part.substr(0, part.find('('))); !name.empty() && name != "-")
            names.emplace_back(name);
    return names;
}

// "| S4 | in short | source | kept by | tests | mutants |"
std::vector<Row> rows_of(const SourceFile& page, std::string_view letters) {
    std::vector<Row> rows;
    const auto lines = lines_of(page.text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (!lines[i].starts_with("| ")) continue;
        const std::string_view number = number_at(lines[i], 2, letters);
        if (number.empty()) continue;
        const auto cells = parts_of(lines[i], '|');
        Row row{std::string(number), {}, {}, {}, i + 1};
        if (cells.size() == 8) {
            row.keepers = cells[4];
            row.tests = names_of(cells[5]);
            row.mutants = names_of(cells[6]);
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

std::string identifier_at(std::string_view text, std::size_t at) {
    std::size_t end = at;
    while (end < text.size() && is_part_of_name(text[end])) ++end;
    return std::string(text.substr(at, end - at));
}

// "Suite.Name" of every test, and "Suite.*".
std::set<std::string> tests_of(const std::vector<SourceFile>& files) {
    std::set<std::string> tests;
    for (const SourceFile& file : files) {
        if (!file.path.starts_with("tests/") || !is_source(file.path)) continue;
        for (const std::string_view macro :
             {"\nTEST(", "\nTEST_F(", "\nTEST_P(", "\nRC_GTEST_PROP("})
            for (std::size_t at = file.text.find(macro); at != file.text.npos;
                 at = file.text.find(macro, at + 1)) {
                const std::size_t suite = at + macro.size();
                const std::size_t comma = file.text.find(',', suite);
                if (comma == file.text.npos) break;
                const std::size_t name = file.text.find_first_not_of(" \n", comma + 1);
                const std::string of = identifier_at(file.text, suite) + ".";
                tests.insert(of + "*");
                tests.insert(of + identifier_at(file.text, std::min(name, file.text.size())));
            }
    }
    return tests;
}

// Mutant -> what it breaks: "WEFT_ROW(Name, "S4: ...")".
std::map<std::string, std::string> mutants_of(const std::vector<SourceFile>& files) {
    constexpr std::string_view kRow = "WEFT_ROW(";
    std::map<std::string, std::string> mutants;
    for (const SourceFile& file : files) {
        if (file.path != "core/mutant.cpp") continue;
        for (std::size_t at = file.text.find(kRow); at != file.text.npos;
             at = file.text.find(kRow, at + 1)) {
            const std::size_t quote = file.text.find_first_of("\")", at);
            if (quote == file.text.npos || file.text[quote] == ')') continue;  // the macro itself
            mutants[identifier_at(file.text, at + kRow.size())] =
                identifier_at(file.text, quote + 1);
        }
    }
    return mutants;
}

// "`file` function, function (why); `file` function": what is not there.
Names missing_keepers(const std::map<std::string, std::string>& code, std::string_view keepers) {
    Names missing;
    for (const std::string_view keeper : parts_of(keepers, ';')) {
        const auto pieces = parts_of(keeper, '`');
        const std::string path(pieces.size() == 3 ? pieces[1] : keeper);
        const auto file = code.find(path);
        if (file == code.end()) {
            missing.push_back(path);
            continue;
        }
        for (const std::string& function : names_of(pieces[2]))
            if (!has_word(file->second, function)) missing.push_back(path + " " + function);
    }
    return missing;
}

}  // namespace

std::vector<Violation> check_rules(const std::vector<SourceFile>& files, const SourceFile& page,
                                   std::size_t not_built) {
    std::vector<Violation> found;
    std::map<std::string, std::string> code;
    for (const SourceFile& file : files) code[file.path] = code_of(file.text);
    const auto tests = tests_of(files);
    const auto mutants = mutants_of(files);
    std::map<std::string, std::set<std::string>> broken_by;
    std::size_t count = 0;
    for (const Row& row : rows_of(page, "SI")) {
        const auto lacks = [&](const std::string& what) {
            found.push_back({page.path, row.line, row.number + ": " + what});
        };
        if (broken_by.contains(row.number)) lacks("a second row");
        broken_by[row.number] = {row.mutants.begin(), row.mutants.end()};
        for (const std::string& test : row.tests)
            if (!tests.contains(test)) lacks("no test " + test);
        for (const std::string& mutant : row.mutants)
            if (!mutants.contains(mutant)) lacks("no mutant " + mutant);
        if (!row.is_built()) {
            ++count;
            continue;
        }
        if (row.tests.empty()) lacks("built, and no test");
        for (const std::string& keeper : missing_keepers(code, row.keepers))
            lacks("not found: " + keeper);
    }
    for (const auto& [mutant, rule] : mutants) {
        const bool anywhere = std::ranges::any_of(
            broken_by, [&](const auto& row) { return row.second.contains(mutant); });
        const auto own = broken_by.find(rule);
        if (!anywhere || (own != broken_by.end() && !own->second.contains(mutant)))
            found.push_back({page.path, 0, "no row of its rule names the mutant " + mutant});
    }
    if (count != not_built)
        found.push_back({page.path, 0,
                         std::to_string(count) + " rules are not built, the test says " +
                             std::to_string(not_built) + ": it may only fall"});
    return found;
}

std::vector<Violation> check_rule_numbers(const std::vector<SourceFile>& files,
                                          const SourceFile& page, std::string_view letters) {
    std::set<std::string> known;
    for (const Row& row : rows_of(page, letters)) known.insert(row.number);
    std::vector<Violation> found;
    for (const SourceFile& file : files) {
        if (file.path.starts_with("tests/tidy/")) continue;  // plants them
        const auto lines = lines_of(file.text);
        for (std::size_t i = 0; i < lines.size(); ++i)
            for (std::size_t at = 0; at < lines[i].size(); ++at) {
                const std::string number(number_at(lines[i], at, letters));
                if (!number.empty() && !known.contains(number))
                    found.push_back({file.path, i + 1, number + " is not in " + page.path});
            }
    }
    return found;
}

}  // namespace weft::tidy
