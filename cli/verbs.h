#pragma once
// The verb table: each function stands in verb_<name>.cpp and adds one verb to the grammar.

#include "cli/command.h"
#include "cli/shell.h"

namespace weft::cli {

void add_bench(Command& root);
void add_call(Command& root);
void add_cas(Command& root);
void add_check(Command& root);
void add_completions(Command& root);
void add_config(Command& root);
void add_data(Command& root);
void add_delete(Command& root);
void add_dev(Command& root);
void add_entity(Command& root);
void add_events(Command& root);
void add_explain(Command& root);
void add_get(Command& root);
void add_health(Command& root);
void add_journal(Command& root);
void add_log(Command& root);
void add_man(Command& root);
void add_members(Command& root);
void add_mesh(Command& root);
void add_node(Command& root);
void add_outcome(Command& root);
void add_partition(Command& root);
void add_peers(Command& root);
void add_put(Command& root);
void add_sim(Command& root);
void add_status(Command& root);
void add_torture(Command& root);
void add_version(Command& root);

// All of the above, in the order of the help text, and the global options.
void add_verbs(Command& root, GlobalOptions& globals);

}  // namespace weft::cli
