#include "cli/verbs.h"

namespace weft::cli {

void add_verbs(Command& root, GlobalOptions& globals) {
    root.option("-o,--output", globals.output, "table, json, ndjson or csv");
    root.option("--addr", globals.addr, "client addresses of the mesh, HOST:PORT,...");
    root.option("-c,--context", globals.context, "folder of a dev mesh or of a node");
    root.option("--timeout", globals.timeout, "how long to wait: 500ms, 10s, 2m");
    add_dev(root);
    add_node(root);
    add_mesh(root);
    add_status(root);
    add_health(root);
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
    add_bench(root);
    add_check(root);
    add_sim(root);
    add_torture(root);
    add_version(root);
}

}  // namespace weft::cli
