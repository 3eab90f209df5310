#include "cli/mesh_view.h"
#include "cli/verbs.h"
#include "routing/key.h"

#include <charconv>

namespace weft::cli {

namespace {

// Stamps are milliseconds for programs; people get a time in their place, programs both.
Table with_times(Table table, bool human) {
    const auto stamp = column_of(table, "stamp");
    if (!stamp) return table;
    const auto at = static_cast<std::ptrdiff_t>(*stamp) + (human ? 0 : 1);
    table.columns.insert(table.columns.begin() + at, "time");
    table.numeric.insert(table.numeric.begin() + at, false);
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
        auto& row = table.rows[r];
        const std::string ms = row[*stamp];
        std::int64_t number = 0;
        const auto [end, bad] = std::from_chars(ms.data(), ms.data() + ms.size(), number);
        const bool known = bad == std::errc{} && end == ms.data() + ms.size() && number > 0;
        row.insert(row.begin() + at, known ? utc_time(number) : "-");
        if (human) row.erase(row.begin() + at + 1);
    }
    if (!human) return table;
    table.columns.erase(table.columns.begin() + at + 1);
    table.numeric.erase(table.numeric.begin() + at + 1);
    return table;
}

}  // namespace

void add_journal(Command& root) {
    struct Options {
        std::string address;
    };
    Command& verb = root.verb("journal", "what happened to an entity: its rows and the log's tail");
    auto& options = verb.state<Options>();
    verb.argument("TYPE_ID", options.address, "TYPE/ID; '!mesh/facts' is the mesh's own history");
    verb.example("weft journal kv/alice");
    verb.example("weft journal '!mesh/facts'", "the mesh's own history");
    verb.run([&options](Shell& shell) {
        const auto entity = routing::parse_entity_id(options.address, true);
        if (!entity) return shell.fail(entity.error());
        auto mesh = shell.connect();
        if (!mesh) return shell.fail(mesh.error());
        const auto table = ask_any(*mesh, {"journal", {entity->type, entity->id}, shell.timeout()});
        if (!table) return shell.fail(table.error());
        shell.print(render(shell.format(), with_times(*table, shell.human())));
        return exit_code(Exit::Ok);
    });
}

}  // namespace weft::cli
