#pragma once
// Which folder a person means, for verbs that look into the files of stopped nodes.

#include "cli/shell.h"
#include "weft/result.h"

#include <filesystem>
#include <string>

namespace weft::cli {

// A dev node's name, or the path of a node's folder or of another one that exists. With -c the name
// comes first: a folder of that name in the working directory is not what was meant. NotThere:
// neither.
Result<std::filesystem::path> find_folder(const Shell& shell, const std::string& given);

}  // namespace weft::cli
