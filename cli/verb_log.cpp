#include "cli/dev_mesh.h"
#include "cli/log_tail.h"
#include "cli/verbs.h"

#include <unistd.h>

#include <thread>

namespace weft::cli {

namespace {

using namespace std::chrono_literals;

struct LogOptions {
    std::string node;
    std::uint64_t lines = 20;
    bool follow = false;
};

// The log of a node of the dev mesh, or of the one node whose folder -c names.
Result<std::filesystem::path> log_of(const Shell& shell, const std::string& name) {
    const std::filesystem::path folder = shell.folder();
    if (is_node_folder(folder) && folder.filename() == name) return NodeFolder{folder}.log();
    const auto mesh = DevMesh::open(folder);
    if (!mesh) return std::unexpected(mesh.error());
    const auto node = mesh->node(name);
    if (!node) return std::unexpected(node.error());
    return (*node)->folder.log();
}

// Each line as it is, or without what would move a terminal's cursor.
void show(const Shell& shell, const std::string& text) {
    if (::isatty(STDOUT_FILENO) == 0) {
        shell.print(text);
        return;
    }
    std::string lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        lines += printable(std::string_view(text).substr(at, end - at));
        if (end < text.size()) lines += '\n';
        at = end + 1;
    }
    shell.print(lines);
}

int log(const Shell& shell, const LogOptions& options) {
    const auto path = log_of(shell, options.node);
    if (!path) return shell.fail(path.error());
    auto tail = LogTail::open(*path, options.lines);
    if (!tail) return shell.fail(tail.error());
    for (;;) {
        const std::string text = tail->read();
        if (!text.empty()) {
            show(shell, text);
            continue;
        }
        if (!options.follow) break;
        std::this_thread::sleep_for(100ms);
    }
    show(shell, tail->rest());
    return exit_code(Exit::Ok);
}

}  // namespace

void add_log(Command& root) {
    Command& verb = root.verb("log", "the log of a node of a dev mesh; text, whatever -o says");
    auto& options = verb.state<LogOptions>();
    verb.argument("NODE", options.node, "a, b, c, ...");
    verb.option("-n,--lines", options.lines, "how many of its last lines");
    verb.flag("-f,--follow", options.follow, "go on with what is added, until Ctrl-C");
    verb.example("weft log b");
    verb.example("weft log b -f -n 0", "only what comes from now on");
    verb.run([&options](Shell& shell) { return log(shell, options); });
}

}  // namespace weft::cli
