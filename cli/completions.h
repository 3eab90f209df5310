#pragma once
// Scripts that let a shell complete weft's command lines, made from the grammar.

#include "cli/command.h"

#include <string>

namespace weft::cli {

std::string bash_completions(const Command& root);
std::string zsh_completions(const Command& root);
std::string fish_completions(const Command& root);

}  // namespace weft::cli
