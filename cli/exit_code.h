#pragma once
// The exit codes that the program promises (docs/operating.md).

#include "core/error.h"
#include "weft/client.h"
#include "weft/result.h"

#include <span>
#include <string_view>

namespace weft::cli {

enum class Exit : int {
    Ok = 0,
    Usage = 2,        // the command line, an address or a payload is wrong
    CannotReach = 3,  // no node answers
    Denied = 4,       // kept for access rules
    NotFound = 5,
    Conflict = 6,        // rejected, or another state than expected
    OutcomeUnknown = 7,  // perhaps done: 'weft outcome ID' tells
    TryLater = 8,        // certainly not done
    Partial = 9,         // some of it
    Unhealthy = 10,
    Internal = 70,       // a fault of weft itself
    IoFailed = 74,       // a node's disk failed, or the output could not be written
    Configuration = 78,  // a file or the environment is wrong, or the data is of another kind
};

constexpr int exit_code(Exit code) { return static_cast<int>(code); }
Exit exit_for(ErrorCode code);
// The same, but for the few errors that mean something else to the program than to a mesh.
Exit exit_for(ErrorNumber number, ErrorCode code);

struct ExitPage {
    Exit code;
    std::string_view meaning;
};
// All that a verb can end with, in order.
std::span<const ExitPage> exit_pages();
std::string_view exit_meaning(Exit code);

}  // namespace weft::cli
