#pragma once
// How a torture ended, in words, numbers and an exit code.

#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/torture.h"

#include <string>

namespace weft::cli {

// Everything but the folder and the verdict; docs/torture.md explains the fields.
Record torture_record(const TortureOptions& options, const TortureReport& report, double seconds);
// The first violations and of each the operations that are impossible together; a line each.
std::string violations_text(const TortureReport& report);
Exit torture_exit(const TortureReport& report);

}  // namespace weft::cli
