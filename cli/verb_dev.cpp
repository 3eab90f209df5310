#include "cli/dev_faults.h"
#include "cli/dev_ports.h"
#include "cli/dev_start.h"
#include "cli/input.h"
#include "cli/interrupt_watch.h"
#include "cli/verbs.h"
#include "cli/version.h"
#include "core/error.h"

#include <fmt/core.h>
#include <sys/wait.h>

#include <optional>

namespace weft::cli {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct DevOptions {
    std::optional<std::uint64_t> nodes;  // else as many as there are, or three
    bool detach = false, ephemeral = false;
};

Result<DevMesh> open_or_create(const DevOptions& options, const std::filesystem::path& folder) {
    if (DevMesh::exists(folder)) {
        auto mesh = DevMesh::open(folder);
        if (!mesh) return mesh;
        // What an ephemeral mesh left behind, when it was not stopped in order.
        if (mesh->ephemeral() && mesh->running() == 0) {
            if (auto gone = mesh->remove(); !gone) return std::unexpected(std::move(gone).error());
        } else if (options.nodes && *options.nodes != mesh->nodes().size()) {
            return std::unexpected(wrong_usage(fmt::format(
                "{} holds a mesh of {}; 'weft -c {} dev down --clean' removes it", folder.string(),
                counted(mesh->nodes().size(), "node"), folder.string())));
        } else if (options.ephemeral && !mesh->ephemeral()) {
            return std::unexpected(wrong_usage(fmt::format(
                "{} holds a mesh that keeps its data; 'weft -c {} dev down --clean' removes it",
                folder.string(), folder.string())));
        } else {
            return mesh;
        }
    }
    return DevMesh::create(folder, {options.nodes.value_or(3), options.ephemeral});
}

void print_mesh(const Shell& shell, const DevMesh& mesh, const DevOptions& options,
                std::size_t started, std::chrono::nanoseconds took) {
    const auto views = view_nodes(mesh);
    if (!shell.human()) {
        std::vector<Record> records;
        records.reserve(views.size());
        for (const DevNodeView& view : views)
            records.push_back({{"node", view.node->name},
                               {"state", view.state},
                               {"leads", view.leads},
                               {"mesh", view.node->record.mesh_address},
                               {"client", view.node->record.client_address}});
        shell.print(render(shell.format(), records));
        return;
    }
    std::string text =
        fmt::format("weft {}  dev mesh: {}, keys made for you, loopback only, not for production\n",
                    kVersion, counted(views.size(), "node"));
    for (const DevNodeView& view : views)
        text +=
            fmt::format("  node {}  {}  leads {}/{} partitions   {}\n", view.node->name, view.state,
                        view.leads, kDevGroups + 1, view.node->record.client_address);
    text += fmt::format("  data    {}{}\n", short_path(mesh.folder()),
                        mesh.ephemeral() ? "   (removed when it stops)" : "");
    text += fmt::format(
        "ready in {:.1f} s.  Next{}{}:\n", std::chrono::duration<double>(took).count(),
        options.detach || started == 0 ? "" : ", in a second terminal",
        mesh.folder() == default_dev_folder() ? "" : ", with -c " + short_path(mesh.folder()));
    text += "  weft put kv/alice apples=2     weft get kv/alice     weft status\n";
    text += options.detach || started == 0 ? "  weft dev kill b                weft dev down\n"
                                           : "Ctrl-C stops the nodes.\n";
    shell.print(text);
}

// Tells of nodes that end; they are never restarted here. Returns at an interrupt.
void watch_nodes(const Shell& shell, const DevMesh& mesh, InterruptWatch& interrupts) {
    std::vector<bool> alive(mesh.nodes().size(), true);
    while (!interrupts.arrived_within(200ms)) {
        while (::waitpid(-1, nullptr, WNOHANG) > 0) {
        }
        for (std::size_t i = 0; i < alive.size(); ++i) {
            const DevNode& node = mesh.nodes()[i];
            const bool now = node.process().has_value();
            if (alive[i] && !now && shell.human())
                shell.print(fmt::format("node {} ended; 'weft dev start {}' starts it again\n",
                                        node.name, node.name));
            if (!alive[i] && now && shell.human())
                shell.print(fmt::format("node {} runs again\n", node.name));
            alive[i] = now;
        }
    }
}

int stop(const Shell& shell, const DevMesh& mesh) {
    const auto stopped = mesh.stop_all(10s);
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    if (!stopped) return shell.fail(stopped.error());
    if (shell.human()) shell.print(fmt::format("stopped {}\n", counted(*stopped, "node")));
    if (!mesh.ephemeral()) return exit_code(Exit::Ok);
    const auto left = mesh.remove();
    if (!left) return shell.fail(left.error());
    if (shell.human() && !left->empty()) shell.print(removal_text(mesh, *left) + "\n");
    return exit_code(Exit::Ok);
}

struct Started {
    DevMesh mesh;
    std::size_t nodes = 0;  // that did not run before
};

// Opens or makes the mesh and starts its nodes, one command at a time per folder.
Result<Started> start_nodes(const DevOptions& options, const std::filesystem::path& folder) {
    auto lock = DevLock::take(folder);
    if (!lock) return std::unexpected(std::move(lock).error());
    const auto ports = PortLock::take(kPortPatience);
    if (!ports) return std::unexpected(ports.error());
    auto mesh = open_or_create(options, folder);
    if (!mesh) {
        lock->leave_no_trace();
        return std::unexpected(std::move(mesh).error());
    }
    Started started{*std::move(mesh), 0};
    for (const DevNode& node : started.mesh.nodes()) {
        auto done = started.mesh.start(node);
        if (!done) return std::unexpected(std::move(done).error());
        started.nodes += *done ? 1U : 0U;
    }
    for (const DevNode& node : started.mesh.nodes()) started.mesh.wait_listening(node);
    return started;
}

int dev(Shell& shell, const DevOptions& options) {
    const auto begin = Clock::now();
    if (options.nodes && (*options.nodes < 1 || *options.nodes > kDevNodesMax))
        return shell.usage(fmt::format("--nodes is 1 to {}", kDevNodesMax));
    InterruptWatch interrupts;
    const auto folder = shell.dev_folder();
    if (!folder) return shell.fail(folder.error());
    const auto started = start_nodes(options, *folder);
    if (!started) return shell.fail(started.error());
    const DevMesh& mesh = started->mesh;
    const auto ready = wait_ready(mesh, std::max(shell.timeout(), 30'000ms),
                                  [&interrupts] { return interrupts.arrived_within(0ms); });
    if (interrupts.arrived_within(0ms)) return stop(shell, mesh);
    if (!ready) {
        // Nodes that ran before are left as they are, to be looked at.
        if (started->nodes == mesh.nodes().size())
            if (const auto stopped = mesh.stop_all(2s); !stopped) shell.fail(stopped.error());
        return shell.fail(ready.error());
    }
    print_mesh(shell, mesh, options, started->nodes, Clock::now() - begin);
    if (options.detach) return exit_code(Exit::Ok);
    if (started->nodes == 0) {
        if (shell.human()) shell.print("It was running already; 'weft dev down' stops it.\n");
        return exit_code(Exit::Ok);
    }
    watch_nodes(shell, mesh, interrupts);
    return stop(shell, mesh);
}

}  // namespace

void add_dev(Command& root) {
    Command& noun = root.verb("dev", "a mesh on this machine, for trying things out");
    auto& options = noun.state<DevOptions>();
    noun.option("--nodes", options.nodes, "1 to 9; default: 3, or as many as the folder has");
    noun.flag("--detach", options.detach, "return when it is ready; 'weft dev down' stops it");
    noun.flag("--ephemeral", options.ephemeral, "remove everything when it stops");
    noun.example("weft dev", "until Ctrl-C");
    noun.example("weft dev --nodes 5 --detach", "in the background, until 'weft dev down'");
    noun.run([&options](Shell& shell) { return dev(shell, options); });
    add_dev_node_verbs(noun);
    add_dev_fault_verbs(noun);
}

}  // namespace weft::cli
