#pragma once
// `weft node run`: from a folder to a running node.

#include "cli/shell.h"

#include <optional>
#include <string>

namespace weft::cli {

// `flags`: what the command line says of settings; without node.folder in any of them it is a usage
// error. `fault_socket`: where a test may set faults of its links. Returns the process's exit code:
// 0 after SIGTERM, 74 when the disk failed to sync.
int run_node(Shell& shell, const ConfigFlags& flags,
             const std::optional<std::string>& fault_socket);

}  // namespace weft::cli
