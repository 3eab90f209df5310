#include "cli/input.h"
#include "cli/journal_view.h"
#include "cli/mesh_view.h"
#include "cli/verbs.h"
#include "routing/key.h"

namespace weft::cli {

void add_journal(Command& root) {
    struct Options {
        Input input;
        bool full = false;
    };
    Command& verb = root.verb("journal", "what happened to an entity: its rows and the log's tail");
    auto& options = verb.state<Options>();
    options.input.add_address(verb, "TYPE_ID", "TYPE/ID; '!mesh/facts' is the mesh's own history");
    verb.flag("--full", options.full, "do not cut values and events; 4 KiB of each are kept");
    verb.example("weft journal kv/alice");
    verb.example("weft journal '!mesh/facts'", "the mesh's own history");
    verb.run([&options](Shell& shell) {
        const auto address = options.input.address();
        if (!address) return shell.fail(address.error());
        const auto entity = routing::parse_entity_id(*address, true);
        if (!entity) return shell.fail(entity.error());
        auto mesh = shell.connect();
        if (!mesh) return shell.fail(mesh.error());
        const auto table = ask_any(*mesh, {"journal", {entity->type, entity->id}, shell.timeout()});
        if (!table) return shell.fail(table.error());
        if (shell.human())
            shell.print(render(shell.format(), journal_table(*table, options.full)));
        else
            shell.print(
                render(shell.format(), journal_records(*table, shell.format() == Format::Csv)));
        return exit_code(Exit::Ok);
    });
}

}  // namespace weft::cli
