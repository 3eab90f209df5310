#pragma once
// A file of settings in TOML: tables of keys, each of settings().

#include "cli/config.h"

#include <utility>

namespace weft::cli {

// In the order of the file, each with FILE:LINE as its origin. BadConfiguration with
// FILE:LINE:COLUMN: the syntax, an unknown table or key with the nearest known one, or a value of a
// type that its key does not have.
Result<std::vector<std::pair<const Setting*, SettingValue>>> read_config_file(
    const std::filesystem::path& file);

}  // namespace weft::cli
