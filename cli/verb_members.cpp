#include "cli/interrupt_watch.h"
#include "cli/members_view.h"
#include "cli/verbs.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace weft::cli {

namespace {

using namespace std::chrono_literals;

struct MembersOptions {
    bool each = false;
    bool watch = false;
};

std::vector<NodeAnswer> ask(const Shell& shell, const Mesh& mesh) {
    return ask_each(mesh, {"members", {}, std::min(shell.timeout(), 2000ms)});
}

int members(Shell& shell, const MembersOptions& options) {
    std::optional<InterruptWatch> interrupts;
    if (options.watch) interrupts.emplace();  // before the threads of the mesh
    auto mesh = shell.connect();
    if (!mesh) return shell.fail(mesh.error());
    for (std::string shown;;) {
        const auto answers = ask(shell, *mesh);
        const Table table = options.each ? each_view(answers) : merged_members(answers);
        const std::string text = render(shell.format(), table);
        if (text != shown) shell.print(shown.empty() ? text : "\n" + text);
        shown = text;
        if (!options.watch || shell.output_failed()) return report_missing(shell, answers);
        if (interrupts->arrived_within(1000ms)) return exit_code(Exit::Ok);
    }
}

}  // namespace

void add_members(Command& root) {
    Command& verb = root.verb("members", "who is there: every member, as the nodes see it");
    auto& options = verb.state<MembersOptions>();
    verb.flag("--each", options.each, "what each node holds of each other, with round trips");
    verb.flag("--watch", options.watch, "again when something has changed, until Ctrl-C");
    verb.example("weft members");
    verb.example("weft members --each -o json", "the view of every node");
    verb.run([&options](Shell& shell) { return members(shell, options); });
}

}  // namespace weft::cli
