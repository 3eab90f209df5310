#include "cli/man_page.h"
#include "cli/nearest.h"
#include "cli/node_folder.h"
#include "cli/verbs.h"
#include "core/error.h"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace weft::cli {

namespace {

struct ManOptions {
    std::vector<std::string> verbs;
    std::string out;
};

Result<std::uint64_t> write_pages(const std::filesystem::path& folder, const Command& command) {
    auto done = write_file(folder / (man_name(command) + ".1"), man_page(command), 0644);
    if (!done) return std::unexpected(std::move(done).error());
    std::uint64_t count = 1;
    for (const Command* verb : command.verbs()) {
        const auto below = write_pages(folder, *verb);
        if (!below) return below;
        count += *below;
    }
    return count;
}

int write_all(const Shell& shell, const std::string& folder, const Command& root) {
    std::error_code bad;
    std::filesystem::create_directories(folder, bad);
    if (bad) return shell.usage(fmt::format("--out {} cannot be made: {}", folder, bad.message()));
    const auto count = write_pages(folder, root);
    if (!count) return shell.fail(count.error());
    if (shell.human())
        shell.print(fmt::format("wrote {} pages to {}\n", *count, folder));
    else
        shell.print(render(shell.format(), Record{{"pages", *count}, {"folder", folder}}));
    return exit_code(Exit::Ok);
}

int man(const Shell& shell, const ManOptions& options, const Command& root) {
    if (!options.out.empty() && !options.verbs.empty())
        return shell.usage("--out writes all pages: it takes no VERB");
    if (!options.out.empty()) return write_all(shell, options.out, root);
    const Command* command = &root;
    for (const std::string& name : options.verbs) {
        const Command* below = command->find_verb(name);
        if (below == nullptr) {
            std::vector<std::string> names;
            for (const Command* verb : command->verbs()) names.push_back(verb->name());
            return shell.usage(fmt::format("'{}' is no verb of '{}'{}", name, command->path(),
                                           did_you_mean(nearest(name, names))));
        }
        command = below;
    }
    shell.print(man_page(*command));
    return exit_code(Exit::Ok);
}

}  // namespace

void add_man(Command& root) {
    Command& verb = root.verb("man", "print a manual page, of a verb or of weft itself");
    auto& options = verb.state<ManOptions>();
    verb.optional_arguments("VERB", options.verbs, "such as: dev kill").is_verbs();
    verb.option("--out", options.out, "write the pages of all verbs into this folder").is_file();
    verb.example("weft man dev kill | man -l -");
    verb.example("weft man --out ~/.local/share/man/man1", "for man(1) to find");
    verb.run([&options, &root](Shell& shell) { return man(shell, options, root); });
}

}  // namespace weft::cli
