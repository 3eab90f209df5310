#include "cli/mesh_view.h"
#include "cli/verbs.h"
#include "weft/types.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <map>

namespace weft::cli {

namespace {

struct ShowOptions {
    std::string number;
};

std::uint64_t number_in(const std::string& text) {
    std::uint64_t number = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

// A leader's row says more than a follower's, and a newer term more than an older one.
bool says_more(const Table& table, std::size_t row, std::size_t than) {
    const auto rank = [&table](std::size_t r) {
        return std::pair(cell(table, r, "role") == "leader", number_in(cell(table, r, "term")));
    };
    return rank(row) > rank(than);
}

// One row per partition out of one per node and partition.
Table best_rows(const Table& all) {
    std::map<std::uint64_t, std::size_t> best;
    for (std::size_t r = 0; r < all.rows.size(); ++r) {
        const auto [at, fresh] = best.emplace(number_in(cell(all, r, "partition")), r);
        if (!fresh && says_more(all, r, at->second)) at->second = r;
    }
    Table table{all.columns, all.numeric, {}, all.flags};
    for (const auto& [number, row] : best) table.rows.push_back(all.rows[row]);
    return table;
}

// Every answer's rows with the node that gave them in front.
Table with_node(const std::vector<NodeAnswer>& answers) {
    Table table;
    for (const NodeAnswer& answer : answers) {
        if (!answer.table) continue;
        if (table.columns.empty()) {
            table = {{"node"}, {false}, {}};
            for (std::size_t c = 0; c < answer.table->columns.size(); ++c)
                add_column(table, *answer.table, c);
        }
        for (const auto& cells : answer.table->rows) {
            auto& row = table.rows.emplace_back(std::vector<std::string>{answer.name});
            row.insert(row.end(), cells.begin(), cells.end());
        }
    }
    return table;
}

int list(Shell& shell) {
    auto mesh = shell.connect();
    if (!mesh) return shell.fail(mesh.error());
    const auto answers = ask_each(*mesh, {"partitions", {}, shell.timeout()});
    shell.print(render(shell.format(), best_rows(joined(answers))));
    return report_missing(shell, answers);
}

int show(Shell& shell, const ShowOptions& options) {
    const auto& text = options.number;
    std::uint32_t number = 0;
    if (const auto [at, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
        bad != std::errc{} || at != text.data() + text.size())
        return shell.usage(fmt::format("'{}' is not the number of a partition", text));
    auto mesh = shell.connect();
    if (!mesh) return shell.fail(mesh.error());
    const auto answers = ask_each(*mesh, {"partition", {text}, shell.timeout()});
    const Table table = with_node(answers);
    if (table.rows.empty()) return shell.fail(telling_error(answers));
    shell.print(render(shell.format(), table));
    return report_missing(shell, answers);
}

}  // namespace

void add_partition(Command& root) {
    Command& noun = root.verb("partition", "look at the partitions that hold the entities");
    Command& all = noun.verb("list", "every partition and who leads it");
    all.example("weft partition list");
    all.run([](Shell& shell) { return list(shell); });
    Command& one = noun.verb("show", "what each replica of a partition says");
    auto& options = one.state<ShowOptions>();
    one.argument("NUMBER", options.number, "of the partition");
    one.example("weft partition show 12");
    one.run([&options](Shell& shell) { return show(shell, options); });
}

}  // namespace weft::cli
