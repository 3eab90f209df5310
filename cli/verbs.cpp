#include "cli/verbs.h"

#include <string>
#include <vector>

namespace weft::cli {

void add_verbs(Command& root, GlobalOptions& globals) {
    root.option("-o,--output", globals.output, "table, json, ndjson or csv")
        .one_of({"table", "json", "ndjson", "csv"});
    root.option("--addr", globals.addr, "client addresses of the mesh, HOST:PORT,...");
    root.option("-c,--context", globals.context,
                "folder of a dev mesh or of a node, or a file of settings; default: your dev mesh")
        .is_file();
    root.option("--timeout", globals.timeout, "how long to wait: 500ms, 10s, 2m");
    root.option("--color", globals.color, "auto, always or never; auto: at a terminal")
        .one_of({"auto", "always", "never"});
    add_dev(root);
    add_node(root);
    add_mesh(root);
    add_status(root);
    add_health(root);
    add_members(root);
    add_events(root);
    add_peers(root);
    add_partition(root);
    add_put(root);
    add_get(root);
    add_delete(root);
    add_cas(root);
    add_call(root);
    add_outcome(root);
    add_journal(root);
    add_entity(root);
    add_data(root);
    add_log(root);
    add_config(root);
    add_bench(root);
    add_check(root);
    add_sim(root);
    add_torture(root);
    add_explain(root);
    add_completions(root);
    add_man(root);
    add_version(root);
    // The grammar itself knows what this does: "help VERB" is "VERB --help".
    Command& help = root.verb("help", "show the help of a verb");
    help.optional_arguments("VERB", help.state<std::vector<std::string>>(), "such as: dev kill")
        .is_verbs();
    help.example("weft help dev kill");
}

}  // namespace weft::cli
