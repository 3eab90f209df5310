#include "cli/completions.h"
#include "cli/verbs.h"

#include <fmt/core.h>

namespace weft::cli {

void add_completions(Command& root) {
    Command& verb = root.verb("completions", "print a script that lets a shell complete weft");
    auto& name = verb.state<std::string>();
    verb.argument("SHELL", name, "bash, zsh or fish").one_of({"bash", "zsh", "fish"});
    verb.example("weft completions bash > ~/.local/share/bash-completion/completions/weft");
    verb.example("weft completions zsh > \"${fpath[1]}/_weft\"");
    verb.example("weft completions fish > ~/.config/fish/completions/weft.fish");
    verb.run([&name, &root](Shell& shell) {
        std::string script;
        if (name == "bash") script = bash_completions(root);
        if (name == "zsh") script = zsh_completions(root);
        if (name == "fish") script = fish_completions(root);
        if (script.empty())
            return shell.usage(fmt::format("SHELL is '{}', not bash, zsh or fish", name));
        shell.print(script);
        return exit_code(Exit::Ok);
    });
}

}  // namespace weft::cli
