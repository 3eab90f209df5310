#include "cli/mesh_view.h"
#include "cli/verbs.h"

#include <algorithm>
#include <map>

namespace weft::cli {

namespace {

struct ListOptions {
    std::string type;
    std::optional<std::string> prefix;
};

// Every replica knows its groups' entities: one row each, by id.
Table without_repeats(const Table& all) {
    std::map<std::string, std::size_t> by_id;
    for (std::size_t r = 0; r < all.rows.size(); ++r) by_id.emplace(cell(all, r, "id"), r);
    Table table{all.columns, all.numeric, {}, all.flags};
    for (const auto& [id, row] : by_id) table.rows.push_back(all.rows[row]);
    return table;
}

}  // namespace

void add_entity(Command& root) {
    Command& noun = root.verb("entity", "look at entities");
    Command& list = noun.verb("list", "entities of a type, by id");
    auto& options = list.state<ListOptions>();
    list.argument("TYPE", options.type, "the entity type");
    list.optional_argument("PREFIX", options.prefix, "only ids that begin so");
    list.example("weft entity list kv");
    list.example("weft entity list kv user- -o csv",
                 "ids that begin with user-, for a spreadsheet");
    list.run([&options](Shell& shell) {
        auto mesh = shell.connect();
        if (!mesh) return shell.fail(mesh.error());
        const auto answers = ask_each(
            *mesh, {"entities", {options.type, options.prefix.value_or("")}, shell.timeout()});
        const auto answered =
            std::ranges::count_if(answers, [](const NodeAnswer& a) { return a.table.has_value(); });
        if (answered == 0 && !answers.empty()) return shell.fail(telling_error(answers));
        shell.print(render(shell.format(), without_repeats(joined(answers))));
        return report_missing(shell, answers);
    });
}

}  // namespace weft::cli
