#include "cli/interrupt_watch.h"
#include "cli/mesh_view.h"
#include "cli/verbs.h"
#include "core/sort_stably.h"

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::cli {

namespace {

using namespace std::chrono_literals;

struct EventsOptions {
    bool follow = false;
    std::uint64_t lines = 50;
};

// How far the events of a node have been shown: number and boot, as they stand in its answer.
using Shown = std::map<std::string, std::pair<std::string, std::string>>;

constexpr std::string_view kColumns[] = {"at_ms", "node", "event", "subject", "detail"};

std::int64_t number(const std::string& text) {
    std::int64_t value = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// UTC, as in logs.
std::string clock_text(const std::string& at_ms) {
    const std::int64_t ms = number(at_ms);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                       fmt::gmtime(static_cast<std::time_t>(ms / 1000)), ms % 1000);
}

// The next events of one node, as rows of kColumns; empty when there are no more now.
Result<std::vector<std::vector<std::string>>> next_of(const Mesh& mesh, const std::string& name,
                                                      const std::string& address, Shown& shown) {
    const auto& [last, boot] = shown.try_emplace(name, "0", "0").first->second;
    const auto table = mesh.admin("events", {last, boot}, address, 1000ms);
    if (!table) return std::unexpected(table.error());
    std::vector<std::vector<std::string>> rows;
    for (std::size_t r = 0; r < table->rows.size(); ++r) {
        auto& row = rows.emplace_back();
        for (const std::string_view column : kColumns)
            row.push_back(column == "node" ? name : cell(*table, r, column));
        shown[name] = {cell(*table, r, "number"), cell(*table, r, "boot")};
    }
    return rows;
}

// `missing`: names of nodes that did not answer; their events come when they do.
Table next_events(const Mesh& mesh, Shown& shown, std::vector<std::string>& missing) {
    Table table;
    for (const std::string_view column : kColumns) {
        table.columns.emplace_back(column);
        table.numeric.push_back(column == "at_ms");
    }
    for (const auto& [name, address] : mesh.nodes()) {
        auto rows = next_of(mesh, name, address, shown);
        for (; rows && !rows->empty(); rows = next_of(mesh, name, address, shown))
            table.rows.insert(table.rows.end(), rows->begin(), rows->end());
        if (!rows) missing.push_back(name);
    }
    sort_stably(table.rows, [](const auto& row) { return std::pair(number(row[0]), row[1]); });
    return table;
}

void print(const Shell& shell, const Table& table) {
    if (!shell.human()) return shell.print(render(shell.format(), table));
    for (const auto& row : table.rows)
        shell.print(fmt::format("{}  {:<4} {:<18} {:<6} {}\n", clock_text(row[0]), row[1], row[2],
                                row[3], row[4]));
}

int events(Shell& shell, const EventsOptions& options) {
    std::optional<InterruptWatch> interrupts;
    if (options.follow) interrupts.emplace();  // before the threads of the mesh
    auto mesh = shell.connect();
    if (!mesh) return shell.fail(mesh.error());
    Shown shown;
    for (bool first = true;; first = false) {
        std::vector<std::string> missing;
        Table table = next_events(*mesh, shown, missing);
        if (first && table.rows.size() > options.lines)
            table.rows.erase(table.rows.begin(),
                             table.rows.end() - static_cast<std::ptrdiff_t>(options.lines));
        if (first || !table.rows.empty()) print(shell, table);
        if (first && !missing.empty())
            shell.note(fmt::format("no answer from {}\n", fmt::join(missing, ", ")));
        if (!options.follow || shell.output_failed())
            return exit_code(missing.empty() ? Exit::Ok : Exit::Partial);
        if (interrupts->arrived_within(500ms)) return exit_code(Exit::Ok);
    }
}

}  // namespace

void add_events(Command& root) {
    Command& verb = root.verb("events", "what lately happened to members and leaders");
    auto& options = verb.state<EventsOptions>();
    verb.flag("-f,--follow", options.follow, "go on with what happens, until Ctrl-C");
    verb.option("-n,--lines", options.lines, "how many of the last ones");
    verb.example("weft events");
    verb.example("weft events -f -n 0", "only what happens from now on");
    verb.run([&options](Shell& shell) { return events(shell, options); });
}

}  // namespace weft::cli
