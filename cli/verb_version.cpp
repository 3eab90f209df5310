#include "cli/verbs.h"
#include "cli/version.h"

#include <fmt/core.h>

namespace weft::cli {

void add_version(Command& root) {
    Command& verb = root.verb("version", "show version and build");
    verb.example("weft version -o json");
    verb.run([](Shell& shell) {
        if (shell.human())
            shell.print(fmt::format("weft {} ({}, {})\n", kVersion, kCompiler, kBuild));
        else
            shell.print(render(shell.format(), Record{{"version", std::string(kVersion)},
                                                      {"compiler", std::string(kCompiler)},
                                                      {"build", std::string(kBuild)}}));
        return exit_code(Exit::Ok);
    });
}

}  // namespace weft::cli
