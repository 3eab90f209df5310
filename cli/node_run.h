#pragma once
// `weft node run`: from a folder to a running node.

#include "cli/shell.h"

namespace weft::cli {

// `flags`: what the command line says of settings; without node.folder in any of them it is a usage
// error. Returns the process's exit code: 0 after SIGTERM, 74 when the disk failed to sync.
int run_node(Shell& shell, const ConfigFlags& flags);

}  // namespace weft::cli
