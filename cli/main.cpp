// The program `weft`: reads the command line and runs one verb.

#include "cli/command.h"
#include "cli/shell.h"
#include "cli/verbs.h"
#include "core/error.h"

#include <sodium.h>

#include <cstdio>
#include <string>
#include <vector>

namespace {

// The format wanted, as far as a command line that could not be parsed tells.
weft::cli::Format format_in(const std::vector<std::string>& arguments) {
    for (std::size_t i = 0; i + 1 < arguments.size(); ++i)
        if (arguments[i] == "-o" || arguments[i] == "--output")
            return weft::cli::parse_format(arguments[i + 1]).value_or(weft::cli::Format::Table);
    return weft::cli::Format::Table;
}

int usage_error(weft::cli::Format format, const std::string& message) {
    const weft::Error error = weft::make_error(weft::ErrorNumber::BadConfiguration, message);
    std::fputs(weft::cli::render_error(format, error).c_str(), stderr);
    return weft::cli::exit_code(weft::cli::Exit::Usage);
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (sodium_init() < 0) {
        std::fputs("weft: libsodium cannot start\n", stderr);
        return weft::cli::exit_code(weft::cli::Exit::Internal);
    }
    weft::cli::GlobalOptions globals;
    weft::cli::Grammar grammar("weft", "A peer-to-peer mesh for stateful entities.");
    weft::cli::add_verbs(grammar.root(), globals);
    const weft::cli::Parsed parsed = grammar.parse(arguments);
    if (parsed.kind == weft::cli::Parsed::Kind::Usage)
        return usage_error(format_in(arguments), parsed.command->path() + ": " + parsed.message);
    if (parsed.kind == weft::cli::Parsed::Kind::Help) {
        std::fputs(parsed.message.c_str(), stdout);
        return weft::cli::exit_code(weft::cli::Exit::Ok);
    }
    auto shell = weft::cli::Shell::open(globals);
    if (!shell) return usage_error(format_in(arguments), shell.error().message);
    if (!parsed.command->action())
        return usage_error(shell->format(), "'" + parsed.command->path() + "' needs a verb; see '" +
                                                parsed.command->path() + " --help'");
    return parsed.command->action()(*shell);
}
