#include "cli/find_folder.h"
#include "cli/term_repair.h"
#include "cli/verbs.h"

#include <fmt/core.h>

namespace weft::cli {

namespace {

struct RepairOptions {
    std::vector<std::string> folders;
    bool yes = false;
};

void tell_people(const Shell& shell, const std::vector<Record>& rows, std::size_t lowered,
                 bool done) {
    if (!rows.empty()) shell.print(render(shell.format(), rows));
    if (lowered == 0)
        shell.print(rows.empty() ? "nothing to repair\n"
                                 : "nothing to repair: terms that are in use stay\n");
    else if (done)
        shell.print(fmt::format(
            "{} lowered; start the nodes, and anew the programs that were their clients\n",
            counted(lowered, "term")));
    else
        shell.print(fmt::format("{} would be lowered; nothing was changed, --yes does it\n",
                                counted(lowered, "term")));
}

int repair_term(const Shell& shell, const RepairOptions& options) {
    std::vector<std::filesystem::path> folders;
    for (const std::string& given : options.folders) {
        auto folder = find_folder(shell, given);
        if (!folder) return shell.fail(folder.error());
        folders.push_back(*std::move(folder));
    }
    auto mesh = StoppedMesh::open(folders);
    if (!mesh) return shell.fail(mesh.error());
    const TermPlan plan = plan_of(*mesh);
    if (options.yes)
        if (const auto done = lower_terms(*mesh, plan); !done) return shell.fail(done.error());
    const std::vector<Record> rows = term_rows(*mesh, plan, options.yes);
    if (shell.human())
        tell_people(shell, rows, count_lowered(plan), options.yes);
    else
        shell.print(render(shell.format(), rows));
    return exit_code(Exit::Ok);
}

}  // namespace

void add_repair_term(Command& noun) {
    Command& verb = noun.verb("repair-term",
                              "lower forged terms on the disks of a mesh whose nodes stand still");
    auto& options = verb.state<RepairOptions>();
    verb.arguments("FOLDERS", options.folders,
                   "the folders of all nodes of the mesh, or the names of all dev nodes")
        .is_file();
    verb.flag("--yes", options.yes, "do it; without it the plan is shown and nothing changes");
    verb.example("weft mesh repair-term a b c", "the plan for a dev mesh that was stopped");
    verb.example("weft mesh repair-term --yes /srv/weft/a /srv/weft/b /srv/weft/c");
    verb.run([&options](Shell& shell) { return repair_term(shell, options); });
}

}  // namespace weft::cli
