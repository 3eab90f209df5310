#include "cli/mesh_view.h"
#include "cli/verbs.h"

#include <algorithm>
#include <span>
#include <string_view>

namespace weft::cli {

namespace {

constexpr std::string_view kShown[] = {"peer", "state", "link", "boot", "durable_lsn", "reason"};

}  // namespace

void add_peers(Command& root) {
    Command& verb =
        root.verb("peers", "what every node holds of every other: state, and why it is refused");
    verb.example("weft peers");
    verb.run([](Shell& shell) {
        auto mesh = shell.connect();
        if (!mesh) return shell.fail(mesh.error());
        const auto answers = ask_each(
            *mesh, {"peers", {}, std::min(shell.timeout(), std::chrono::milliseconds(2000))});
        shell.print(render(
            shell.format(),
            each_view(answers, shell.human() ? kShown : std::span<const std::string_view>())));
        return report_missing(shell, answers);
    });
}

}  // namespace weft::cli
