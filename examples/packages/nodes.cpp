#include "examples/packages/nodes.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace packages {

namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 2s;

std::string quoted(const std::string& word) {
    std::string out = "'";
    for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::vector<std::string> split(const std::string& line, char separator) {
    std::vector<std::string> parts(1);
    for (const char c : line) {
        if (c == separator)
            parts.emplace_back();
        else if (c != '\n')
            parts.back() += c;
    }
    return parts;
}

// The cell of `column` in `row` of an administrative answer.
std::string cell(const weft::Table& table, const std::vector<std::string>& row,
                 const std::string& column) {
    const auto at = std::find(table.columns.begin(), table.columns.end(), column);
    const auto index = static_cast<std::size_t>(at - table.columns.begin());
    return index < row.size() ? row[index] : std::string();
}

unsigned long long number(const std::string& text) {
    unsigned long long value = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// The output of a node's own verb is for its terminal, not for ours.
bool run(const std::string& command) { return std::system((command + " >/dev/null").c_str()) == 0; }

}  // namespace

std::vector<Node> dev_nodes(const std::string& weft_program) {
    std::vector<Node> nodes;
    const std::string command = quoted(weft_program) + " -o csv dev status 2>/dev/null";
    const auto close = [](std::FILE* pipe) { ::pclose(pipe); };
    const std::unique_ptr<std::FILE, decltype(close)> pipe(::popen(command.c_str(), "r"), close);
    std::array<char, 1024> line{};
    std::vector<std::string> columns;
    while (pipe && std::fgets(line.data(), line.size(), pipe.get()) != nullptr) {
        const auto cells = split(line.data(), ',');
        if (columns.empty()) {
            columns = cells;
            continue;
        }
        const weft::Table table{columns, {}, {}};
        nodes.push_back({cell(table, cells, "node"), cell(table, cells, "client")});
    }
    return nodes;
}

std::optional<Node> busiest(const weft::Mesh& mesh, const std::vector<Node>& nodes) {
    std::optional<Node> best;
    unsigned long long most = 0;
    for (const Node& node : nodes) {
        const auto status = mesh.admin("status", {}, node.client_address, kPatience);
        if (!status || status->rows.empty()) continue;
        const auto leads = number(cell(*status, status->rows.front(), "leads"));
        if (best && leads <= most) continue;
        best = node;
        most = leads;
    }
    return best;
}

bool kill_node(const std::string& weft_program, const std::string& name) {
    return run(quoted(weft_program) + " dev kill " + quoted(name));
}

bool start_node(const std::string& weft_program, const std::string& name) {
    return run(quoted(weft_program) + " dev start --timeout 30s " + quoted(name));
}

Commits commits_of(const weft::Mesh& mesh, const std::vector<Node>& nodes) {
    Commits commits;
    for (const Node& node : nodes) {
        const auto table = mesh.admin("partitions", {}, node.client_address, kPatience);
        if (!table) continue;
        for (const auto& row : table->rows) {
            auto& commit = commits[cell(*table, row, "partition")];
            commit = std::max(commit, number(cell(*table, row, "commit")));
        }
    }
    return commits;
}

bool has_applied(const weft::Mesh& mesh, const Node& node, const Commits& wanted) {
    const auto table = mesh.admin("partitions", {}, node.client_address, kPatience);
    if (!table) return false;
    Commits applied;
    for (const auto& row : table->rows)
        applied[cell(*table, row, "partition")] = number(cell(*table, row, "applied"));
    return std::all_of(applied.begin(), applied.end(),
                       [&wanted](const auto& entry) {
                           const auto needed = wanted.find(entry.first);
                           return needed == wanted.end() || entry.second >= needed->second;
                       }) &&
           !applied.empty();
}

}  // namespace packages
