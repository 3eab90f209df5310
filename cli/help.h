#pragma once
// The help of a verb as text, made from what the grammar knows of it.

#include "cli/command.h"

#include <string>
#include <string_view>

namespace weft::cli {

// Usage, arguments, options with their defaults, the global options and examples; 80 columns.
std::string help_text(const Command& command);

// "weft put [OPTIONS] KV_ID [VALUE]".
std::string usage_line(const Command& command);
// "--file FILE", "-o, --output OUTPUT", "KV_ID".
std::string heading_of(const Parameter& parameter);
// Its help and its default.
std::string sentence_of(const Parameter& parameter);

// `text` with lines of at most 80 columns.
std::string wrapped_lines(std::string_view text);

// The options that every command line has and no verb declares.
inline constexpr std::string_view kHelpText = "show this text";
inline constexpr std::string_view kVersionText = "show version and build, like 'weft version'";

}  // namespace weft::cli
