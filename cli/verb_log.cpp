#include "cli/dev_mesh.h"
#include "cli/log_tail.h"
#include "cli/verbs.h"

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
    const auto folder = shell.dev_folder();
    if (!folder) return std::unexpected(folder.error());
    std::error_code ignored;
    if (is_node_folder(*folder) && std::filesystem::canonical(*folder, ignored).filename() == name)
        return NodeFolder{*folder}.log();
    const auto mesh = DevMesh::open(*folder);
    if (!mesh) return std::unexpected(mesh.error());
    const auto node = mesh->node(name);
    if (!node) return std::unexpected(node.error());
    return (*node)->folder.log();
}

int log(const Shell& shell, const LogOptions& options) {
    const auto path = log_of(shell, options.node);
    if (!path) return shell.fail(path.error());
    auto tail = LogTail::open(*path, options.lines);
    if (!tail) return shell.fail(tail.error());
    while (!shell.output_failed()) {
        const std::string text = tail->read();
        if (!text.empty()) {
            shell.print_value(text);
            continue;
        }
        if (!options.follow) break;
        std::this_thread::sleep_for(100ms);
    }
    shell.print_value(tail->rest());
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
