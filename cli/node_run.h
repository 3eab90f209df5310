#pragma once
// `weft node run`: from a folder to a running node.

#include "cli/shell.h"

#include <filesystem>

namespace weft::cli {

// Returns the process's exit code: 0 after SIGTERM, 74 when the disk failed to sync.
int run_node_folder(Shell& shell, const std::filesystem::path& folder);

}  // namespace weft::cli
