#include "cli/dev_faults.h"
#include "cli/dev_start.h"
#include "cli/verbs.h"
#include "core/error.h"

#include <fmt/core.h>
#include <signal.h>

#include <thread>

namespace weft::cli {

namespace {

using namespace std::chrono_literals;

struct NodeOptions {
    std::string name;
};
struct DownOptions {
    bool clean = false;
};

// A verb that signals the process of one node and waits for what the signal brings.
struct SignalVerb {
    const char* name;
    const char* help;
    int signal;
    ProcessState expected;
    const char* past;
};
constexpr SignalVerb kSignalVerbs[] = {
    {"kill", "kill -9 a node", SIGKILL, ProcessState::Gone, "killed"},
    {"pause", "SIGSTOP a node: it keeps its connections and answers nothing", SIGSTOP,
     ProcessState::Stopped, "paused"},
    {"resume", "SIGCONT a paused node", SIGCONT, ProcessState::Running, "resumed"},
};

int say(const Shell& shell, const DevNode& node, std::string_view past, pid_t pid) {
    if (shell.human())
        shell.print(fmt::format("node {} {} (pid {})\n", node.name, past, pid));
    else
        shell.print(render(
            shell.format(),
            Record{{"node", node.name}, {"done", std::string(past)}, {"pid", std::int64_t{pid}}}));
    return exit_code(Exit::Ok);
}

int signal_node(Shell& shell, const std::string& name, const SignalVerb& verb) {
    const auto mesh = open_dev_mesh(shell);
    if (!mesh) return shell.fail(mesh.error());
    const auto node = mesh->node(name);
    if (!node) return shell.fail(node.error());
    const auto process = (*node)->process();
    if (!process)
        return shell.fail(
            make_error(ErrorNumber::NotThere, fmt::format("node {} does not run", name)));
    const auto sent = signal_process(*process, verb.signal);
    if (!sent) return shell.fail(sent.error());
    // Killed means gone, with all it held: else the next start would meet a port in use.
    const auto until = std::chrono::steady_clock::now() + kEndPatience;
    for (auto state = process_state(*process); state != verb.expected;
         state = process_state(*process)) {
        if (state == ProcessState::Gone)
            return shell.fail(
                make_error(ErrorNumber::NotThere, fmt::format("node {} has ended", name)));
        if (std::chrono::steady_clock::now() >= until)
            return shell.fail(fail_not_ended(**node, *process).error());
        std::this_thread::sleep_for(4ms);
    }
    return say(shell, **node, verb.past, process->pid);
}

int start_node(Shell& shell, const std::string& name) {
    auto mesh = open_dev_mesh(shell);
    if (!mesh) return shell.fail(mesh.error());
    const auto node = mesh->node(name);
    if (!node) return shell.fail(node.error());
    const auto started = start_node_process(*mesh, **node);
    if (!started) return shell.fail(started.error());
    if (!*started)
        return say(shell, **node, "runs already", (*node)->process().value_or(ProcessId{}).pid);
    if (const auto up = wait_reachable(*mesh, **node, shell.timeout()); !up)
        return shell.fail(up.error());
    return say(shell, **node, "started", (*node)->process().value_or(ProcessId{}).pid);
}

int down(Shell& shell, const DownOptions& options) {
    const auto folder = shell.dev_folder();
    if (!folder) return shell.fail(folder.error());
    std::error_code ignored;
    if (shell.has_context() && !std::filesystem::exists(*folder, ignored))
        return shell.fail(make_error(ErrorNumber::NoMeshInFolder,
                                     fmt::format("{} is not there", folder->string())));
    if (!DevMesh::exists(*folder)) {
        // Nothing to stop is what was asked for.
        if (shell.human()) shell.print(fmt::format("no dev mesh in {}\n", short_path(*folder)));
        return exit_code(Exit::Ok);
    }
    auto lock = DevLock::take(*folder);
    if (!lock) return shell.fail(lock.error());
    const auto mesh = DevMesh::open(*folder);
    if (!mesh) return shell.fail(mesh.error());
    const auto stopped = mesh->stop_all(10s);
    if (!stopped) return shell.fail(stopped.error());
    const bool remove = options.clean || mesh->ephemeral();
    const auto left = remove ? mesh->remove() : std::vector<std::filesystem::path>();
    if (!left) return shell.fail(left.error());
    if (shell.human())
        shell.print(fmt::format("stopped {}{}\n", counted(*stopped, "node"),
                                remove ? ", " + removal_text(*mesh, *left) : ""));
    else
        shell.print(render(shell.format(), Record{{"stopped", std::uint64_t{*stopped}},
                                                  {"removed", remove && left->empty()},
                                                  {"left", std::uint64_t{left->size()}}}));
    return exit_code(Exit::Ok);
}

int dev_status(Shell& shell) {
    const auto mesh = open_dev_mesh(shell);
    if (!mesh) return shell.fail(mesh.error());
    std::vector<Record> records;
    bool all_alive = true;
    for (const DevNodeView& view : view_nodes(*mesh)) {
        const auto process = view.node->process();
        all_alive = all_alive && view.state == "alive";
        records.push_back({{"node", view.node->name},
                           {"state", view.state},
                           {"pid", std::int64_t{process ? process->pid : 0}},
                           {"leads", view.leads},
                           {"mesh", view.node->record.mesh_address},
                           {"client", view.node->record.client_address},
                           {"log", shell.human() ? short_path(view.node->folder.log())
                                                 : view.node->folder.log().string()}});
    }
    // Nodes of another build may have no such socket.
    const auto asked = ask_faults(*mesh, 300ms);
    const std::string faults = asked ? faults_text(*mesh, asked->faults) : "";
    if (!shell.human())
        for (std::size_t i = 0; i < records.size(); ++i) {
            FaultViews of_node = asked ? asked->faults : FaultViews();
            std::erase_if(of_node, [i](const auto& entry) {
                return entry.first.first != i && entry.first.second != i;
            });
            records[i].push_back({"faults", faults_text(*mesh, of_node)});
        }
    shell.print(render(shell.format(), records));
    if (shell.human() && !faults.empty()) shell.print("faults in force: " + faults + "\n");
    return exit_code(all_alive ? Exit::Ok : Exit::Partial);
}

}  // namespace

void add_dev_node_verbs(Command& noun) {
    for (const SignalVerb& entry : kSignalVerbs) {
        Command& verb = noun.verb(entry.name, entry.help);
        auto& options = verb.state<NodeOptions>();
        verb.argument("NAME", options.name, "a, b, c, ...");
        verb.example(fmt::format("weft dev {} b", entry.name));
        verb.run(
            [&options, &entry](Shell& shell) { return signal_node(shell, options.name, entry); });
    }
    Command& start = noun.verb("start", "start a node that was killed");
    auto& node = start.state<NodeOptions>();
    start.argument("NAME", node.name, "a, b, c, ...");
    start.example("weft dev start b");
    start.run([&node](Shell& shell) { return start_node(shell, node.name); });

    Command& stop = noun.verb("down", "stop all nodes");
    auto& options = stop.state<DownOptions>();
    stop.flag("--clean", options.clean, "and remove everything 'weft dev' has made");
    stop.example("weft dev down");
    stop.example("weft dev down --clean");
    stop.run([&options](Shell& shell) { return down(shell, options); });

    Command& status = noun.verb("status", "each node's process");
    status.example("weft dev status");
    status.run([](Shell& shell) { return dev_status(shell); });
}

}  // namespace weft::cli
