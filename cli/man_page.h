#pragma once
// Manual pages in roff, made from the grammar: one for the program, one for each noun and verb.

#include "cli/command.h"

#include <string>

namespace weft::cli {

// "weft-dev-kill".
std::string man_name(const Command& command);
// For section 1 of the manual.
std::string man_page(const Command& command);

}  // namespace weft::cli
