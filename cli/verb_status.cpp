#include "cli/members_view.h"
#include "cli/mesh_view.h"
#include "cli/verbs.h"

#include <algorithm>

namespace weft::cli {

namespace {

// All nodes in one table; a silent one has a row too, or it would be missed by the reader.
Table with_silent_nodes(const std::vector<NodeAnswer>& answers) {
    Table table = joined(answers);
    if (table.columns.empty()) {
        table.columns = {"node", "ready"};
        table.numeric = {false, false};
        table.flags = {false, true};
    }
    for (const NodeAnswer& answer : answers) {
        if (answer.table) continue;
        std::vector<std::string> row(table.columns.size(), "-");
        if (const auto at = column_of(table, "node")) row[*at] = answer.name;
        if (const auto at = column_of(table, "ready")) row[*at] = "no answer";
        table.rows.push_back(std::move(row));
    }
    std::ranges::sort(table.rows);
    return table;
}

// The counters are for tools: people get the columns that fit a terminal.
Table narrowed(const Table& wide) {
    Table table;
    for (std::size_t c = 0; c < wide.columns.size(); ++c) {
        static constexpr std::string_view kShown[] = {"node",  "id",    "address", "boot",
                                                      "ready", "leads", "hosts"};
        if (std::ranges::find(kShown, wide.columns[c]) == std::end(kShown)) continue;
        add_column(table, wide, c);
    }
    for (std::size_t r = 0; r < wide.rows.size(); ++r) {
        auto& row = table.rows.emplace_back();
        for (const std::string& column : table.columns) row.push_back(cell(wide, r, column));
    }
    return table;
}

}  // namespace

void add_status(Command& root) {
    Command& verb = root.verb(
        "status", "show every node of the mesh and who is alive; -o json has its counters");
    verb.example("weft status");
    verb.example("weft status --addr 127.0.0.1:7341 -o json",
                 "every counter of a mesh at this address");
    verb.run([](Shell& shell) {
        auto mesh = shell.connect();
        if (!mesh) return shell.fail(mesh.error());
        const auto answers = ask_each(
            *mesh, {"status", {}, std::min(shell.timeout(), std::chrono::milliseconds(2000))});
        const Table table = with_silent_nodes(answers);
        shell.print(shell.human() ? render(shell.format(), narrowed(table)) + members_text(table)
                                  : render(shell.format(), table));
        return report_missing(shell, answers);
    });
}

}  // namespace weft::cli
