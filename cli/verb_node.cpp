#include "cli/input.h"
#include "cli/node_folder.h"
#include "cli/node_run.h"
#include "cli/verbs.h"
#include "core/error.h"

#include <fmt/core.h>
#include <unistd.h>

#include <iterator>
#include <optional>

namespace weft::cli {

namespace {

struct InitOptions {
    std::string folder, name = "node", zone = "default", host;
    std::string mesh = "127.0.0.1:7340", client = "127.0.0.1:7341";
};
// Options of 'node run' that stand for settings.
struct RunFlag {
    const char *option, *key, *help;
};
constexpr RunFlag kRunFlags[] = {
    {"--listen-mesh", "listen.mesh", "HOST:PORT to listen on for nodes; default: as in node.line"},
    {"--listen-client", "listen.client", "HOST:PORT to listen on for clients; default: likewise"},
    {"--log-level", "log.level", "debug, info, warn or error; default: info"},
    {"--log-file", "log.file", "appended to, opened again at SIGHUP; default: standard error"},
};
struct RunOptions {
    std::optional<std::string> folder;
    std::optional<std::string> flags[std::size(kRunFlags)];
    std::optional<std::string> fault_socket;
};

std::string this_host() {
    char name[256] = {};
    if (::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
    return name;
}

int init(Shell& shell, const InitOptions& options) {
    if (const auto good = shell.refuse_address(); !good) return shell.fail(good.error());
    if (options.folder.empty()) return shell.usage("FOLDER is empty");
    if (options.name.empty())
        return shell.usage("--name is empty: it is what people call the node");
    routing::NodeRecord wanted;
    wanted.name = options.name;
    wanted.zone = options.zone;
    wanted.host = options.host.empty() ? this_host() : options.host;
    wanted.mesh_address = options.mesh;
    wanted.client_address = options.client;
    if (const auto good = check_reachable(wanted); !good) return shell.fail(as_usage(good.error()));
    const auto made = init_node(options.folder, wanted);
    if (!made && made.error().code == ErrorCode::Conflict) return shell.usage(made.error().message);
    if (!made) return shell.fail(made.error());
    if (shell.human())
        shell.print(routing::node_line(*made) + "\n");
    else
        shell.print(render(shell.format(), Record{{"node", made->node.hex()},
                                                  {"name", made->name},
                                                  {"mesh", made->mesh_address},
                                                  {"client", made->client_address},
                                                  {"folder", options.folder},
                                                  {"line", routing::node_line(*made)}}));
    return exit_code(Exit::Ok);
}

ConfigFlags flags_of(const RunOptions& options) {
    ConfigFlags flags;
    if (options.folder) flags["node.folder"] = {*options.folder, "FOLDER"};
    for (std::size_t i = 0; i < std::size(kRunFlags); ++i)
        if (options.flags[i]) flags[kRunFlags[i].key] = {*options.flags[i], kRunFlags[i].option};
    return flags;
}

}  // namespace

void add_node(Command& root) {
    Command& noun = root.verb("node", "one node: its identity and its process");
    Command& first = noun.verb("init", "make a node's keys; prints the line for 'mesh create'");
    auto& options = first.state<InitOptions>();
    first.argument("FOLDER", options.folder, "the node's folder; made when missing").is_file();
    first.option("--name", options.name, "for people");
    first.option("--mesh", options.mesh, "HOST:PORT where other nodes reach it");
    first.option("--client", options.client, "HOST:PORT where clients reach it");
    first.option("--zone", options.zone, "replicas go to distinct zones when there are enough");
    first.option("--host", options.host, "then to distinct hosts; default: this machine's name");
    first.example("weft node init a --name a --mesh 127.0.0.1:7340 --client 127.0.0.1:7341");
    first.run([&options](Shell& shell) { return init(shell, options); });

    Command& run = noun.verb("run", "run the node until SIGTERM hands its leaderships over");
    auto& where = run.state<RunOptions>();
    run.optional_argument("FOLDER", where.folder,
                          "made by 'weft node init', with the file genesis in it; default: the "
                          "setting node.folder")
        .is_file();
    for (std::size_t i = 0; i < std::size(kRunFlags); ++i)
        run.option(kRunFlags[i].option, where.flags[i], kRunFlags[i].help);
    run.option("--fault-socket", where.fault_socket, "faults of its links are set over it")
        .is_hidden();
    run.example("weft node run a");
    run.example("weft -c /etc/weft/weft.toml node run", "SIGHUP reads the file again");
    run.run(
        [&where](Shell& shell) { return run_node(shell, flags_of(where), where.fault_socket); });
}

}  // namespace weft::cli
