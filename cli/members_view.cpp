#include "cli/members_view.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

namespace weft::cli {

namespace {

struct Seen {
    std::map<std::string, std::size_t> states;  // how many nodes hold it for that
    std::set<std::string> accusers;
    std::pair<std::uint64_t, std::uint64_t> newest;        // incarnation
    std::map<std::string, std::string, std::less<>> told;  // by whoever had it first
    std::string version = "-";                             // by itself
};

std::uint64_t number(const Table& table, std::size_t row, std::string_view column) {
    const std::string text = cell(table, row, column);
    std::uint64_t value = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

void add_words(std::set<std::string>& words, const std::string& text) {
    std::istringstream in(text);
    for (std::string word; in >> word;)
        if (word != "-") words.insert(word);
}

std::string joined_words(const std::set<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text.empty() ? "-" : text;
}

std::string states_text(const std::map<std::string, std::size_t>& states) {
    if (states.size() == 1) return states.begin()->first;
    std::string text;
    for (const auto& [state, count] : states)
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", state, count);
    return text;
}

void look(std::map<std::string, Seen>& members, const std::string& by, const Table& table) {
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
        const std::string member = cell(table, row, "member");
        Seen& seen = members[member];
        if (member == by && column_of(table, "version")) seen.version = cell(table, row, "version");
        ++seen.states[cell(table, row, "state")];
        add_words(seen.accusers, cell(table, row, "accusers"));
        const std::pair incarnation(number(table, row, "boot"), number(table, row, "refutations"));
        if (!seen.told.empty() && incarnation <= seen.newest) continue;
        seen.newest = incarnation;
        for (std::size_t c = 0; c < table.columns.size(); ++c)
            seen.told[table.columns[c]] = table.rows[row][c];
    }
}

std::string members_of(const Table& status, std::size_t row) {
    std::string text;
    for (const std::string_view state : {"alive", "suspect", "dead", "left", "unseen"}) {
        const std::string count = cell(status, row, fmt::format("members_{}", state));
        if (count == "0" && state != "alive") continue;
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, state);
    }
    const std::string others = cell(status, row, "members_not_alive");
    return others == "-" ? text : text + ": " + others;
}

}  // namespace

std::string members_text(const Table& status) {
    std::map<std::string, std::set<std::string>> views;  // and whose they are
    for (std::size_t row = 0; row < status.rows.size(); ++row) {
        const std::string alive = cell(status, row, "members_alive");
        if (alive.empty() || alive == "-") continue;  // silent, or of an older version
        views[members_of(status, row)].insert(cell(status, row, "node"));
    }
    std::string text;
    for (const auto& [view, nodes] : views)
        text += fmt::format("members{}: {}\n",
                            views.size() == 1 ? "" : " by " + joined_words(nodes), view);
    return text;
}

Table merged_members(const std::vector<NodeAnswer>& answers) {
    static constexpr std::string_view kShown[] = {"member",   "state",   "boot",    "refutations",
                                                  "accusers", "quality", "version", "zone",
                                                  "host",     "address"};
    static constexpr std::string_view kNumbers[] = {"boot", "refutations"};
    std::map<std::string, Seen> members;
    for (const NodeAnswer& answer : answers)
        if (answer.table) look(members, answer.name, *answer.table);
    Table table;
    for (const std::string_view column : kShown) {
        table.columns.emplace_back(column);
        table.numeric.push_back(std::ranges::find(kNumbers, column) != std::end(kNumbers));
    }
    for (auto& [name, seen] : members) {
        auto& row = table.rows.emplace_back();
        for (const std::string_view column : kShown)
            row.push_back(column == "state"      ? states_text(seen.states)
                          : column == "accusers" ? joined_words(seen.accusers)
                          : column == "version"  ? seen.version
                                                 : seen.told[std::string(column)]);
    }
    return table;
}

}  // namespace weft::cli
