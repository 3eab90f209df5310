#include "cli/mesh_view.h"
#include "cli/verbs.h"

#include <algorithm>

namespace weft::cli {

namespace {

// What each node holds of each other one; a node that does not answer has one row.
Table view_of(const std::vector<NodeAnswer>& answers, bool narrow) {
    static constexpr std::string_view kShown[] = {"peer", "state",       "link",
                                                  "boot", "durable_lsn", "reason"};
    Table table;
    for (const NodeAnswer& answer : answers) {
        if (!answer.table || !table.columns.empty()) continue;
        table.columns.push_back("node");
        table.numeric.push_back(false);
        for (std::size_t c = 0; c < answer.table->columns.size(); ++c) {
            const std::string& column = answer.table->columns[c];
            if (narrow && std::ranges::find(kShown, column) == std::end(kShown)) continue;
            add_column(table, *answer.table, c);
        }
    }
    if (table.columns.empty()) {
        table.columns = {"node", "peer", "state", "reason"};
        table.numeric = {false, false, false, false};
    }
    for (const NodeAnswer& answer : answers) {
        const std::size_t rows = answer.table ? answer.table->rows.size() : 1;
        for (std::size_t r = 0; r < rows; ++r) {
            auto& row = table.rows.emplace_back();
            for (const std::string& column : table.columns) {
                if (column == "node")
                    row.push_back(answer.name);
                else if (answer.table)
                    row.push_back(cell(*answer.table, r, column));
                else
                    row.push_back(column == "state" ? "no answer" : "-");
            }
        }
    }
    return table;
}

}  // namespace

void add_peers(Command& root) {
    Command& verb =
        root.verb("peers", "what every node holds of every other: state, and why it is refused");
    verb.example("weft peers");
    verb.run([](Shell& shell) {
        auto mesh = shell.connect();
        if (!mesh) return shell.fail(mesh.error());
        const auto answers = ask_each(
            *mesh, {"peers", {}, std::min(shell.timeout(), std::chrono::milliseconds(2000))});
        shell.print(render(shell.format(), view_of(answers, shell.human())));
        return report_missing(shell, answers);
    });
}

}  // namespace weft::cli
