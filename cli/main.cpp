// The program `weft`: reads the command line and runs one verb.

#include "cli/command.h"
#include "cli/input.h"
#include "cli/shell.h"
#include "cli/verbs.h"

#include <sodium.h>
#include <unistd.h>

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

bool color_in(const std::vector<std::string>& arguments) {
    std::string when = "auto";
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (arguments[i].starts_with("--color=")) when = arguments[i].substr(8);
        if (arguments[i] == "--color" && i + 1 < arguments.size()) when = arguments[i + 1];
    }
    return weft::cli::parse_color(when, STDERR_FILENO).value_or(false);
}

int usage_error(const std::vector<std::string>& arguments, const std::string& message) {
    const weft::Error error = weft::cli::wrong_usage(message);
    const std::string text =
        weft::cli::render_error(format_in(arguments), error, {}, color_in(arguments));
    std::fputs(text.c_str(), stderr);
    return weft::cli::exit_code(weft::cli::Exit::Usage);
}

}  // namespace

int main(int argc, char** argv) {
    weft::cli::reserve_standard_streams();
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
        return usage_error(arguments, parsed.command->path() + ": " + parsed.message);
    if (parsed.kind == weft::cli::Parsed::Kind::Help) {
        const weft::cli::Shell plain;
        plain.print(parsed.message);
        return plain.finish(weft::cli::exit_code(weft::cli::Exit::Ok));
    }
    auto shell = weft::cli::Shell::open(globals);
    if (!shell) return usage_error(arguments, shell.error().message);
    if (!parsed.command->action())
        return shell->usage("'" + parsed.command->path() + "' needs a verb; see '" +
                            parsed.command->path() + " --help'");
    return shell->finish(parsed.command->action()(*shell));
}
