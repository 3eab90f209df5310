#include "cli/dev_start.h"

#include "cli/health_view.h"
#include "core/error.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace weft::cli {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// To nodes of the dev mesh alone: others may have taken the ports of one that was down.
Result<Mesh> connect_to(const DevMesh& mesh, std::vector<std::string> addresses,
                        std::chrono::milliseconds timeout) {
    const auto cluster = mesh.cluster();
    if (!cluster) return std::unexpected(cluster.error());
    ConnectOptions options;
    options.addresses = std::move(addresses);
    options.cluster = *cluster;
    options.timeout = timeout;
    options.program = "weft dev";
    return weft::connect(options);
}

std::unexpected<Error> fail_ended(const DevNode& node) {
    return fail(ErrorNumber::CannotReachMesh, "node {} ended\n{}", node.name, log_end(node));
}

}  // namespace

std::string log_end(const DevNode& node) {
    constexpr std::streamoff kTailBytes = 2000;
    constexpr std::size_t kTailLines = 5;
    std::ifstream file(node.folder.log(), std::ios::ate);
    const auto size = static_cast<std::streamoff>(file.tellg());
    if (!file || size <= 0) return fmt::format("  its log {} is empty", node.folder.log().string());
    file.seekg(std::max<std::streamoff>(0, size - kTailBytes));
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    std::string text = fmt::format("  end of {}:", node.folder.log().string());
    const std::size_t first = lines.size() > kTailLines ? lines.size() - kTailLines : 0;
    for (std::size_t i = first; i < lines.size(); ++i) text += "\n    " + lines[i];
    return text;
}

Result<void> wait_reachable(const DevMesh& mesh, const DevNode& node,
                            std::chrono::milliseconds patience) {
    const auto until = Clock::now() + patience;
    do {
        if (!node.process()) return fail_ended(node);
        if (connect_to(mesh, {node.record.client_address}, 300ms)) return {};
        std::this_thread::sleep_for(20ms);
    } while (Clock::now() < until);
    return fail(ErrorNumber::CannotReachMesh, "node {} runs but does not answer on {}", node.name,
                node.record.client_address);
}

Result<void> wait_ready(const DevMesh& mesh, std::chrono::milliseconds patience,
                        const Interrupted& interrupted) {
    const auto until = Clock::now() + patience;
    std::optional<Mesh> client;
    std::string reasons = "no node answers";
    while (Clock::now() < until && !interrupted()) {
        for (const DevNode& node : mesh.nodes())
            if (!node.process()) return fail_ended(node);
        if (!client) {
            auto connected = connect_to(mesh, mesh.addresses(), 300ms);
            if (connected) client = *std::move(connected);
        }
        if (client) {
            const Health health = ask_health(*client, 300ms);
            if (health.healthy &&
                ask_each(*client, {"health", {}, 300ms}).size() == mesh.nodes().size())
                return {};
            if (!health.reasons.empty()) reasons = health.reasons.front();
        }
        std::this_thread::sleep_for(20ms);
    }
    return fail(ErrorNumber::CannotReachMesh, "the mesh did not become ready: {}", reasons);
}

std::vector<DevNodeView> view_nodes(const DevMesh& mesh) {
    std::vector<DevNodeView> views;
    for (const DevNode& node : mesh.nodes()) {
        DevNodeView view{&node, "stopped", 0};
        if (const auto process = node.process()) {
            const ProcessState state = process_state(*process);
            view.state = state == ProcessState::Stopped  ? "paused"
                         : state == ProcessState::Ending ? "ending"
                                                         : "no answer";
        }
        views.push_back(std::move(view));
    }
    if (mesh.running() == 0) return views;
    const auto client = connect_to(mesh, mesh.addresses(), 1000ms);
    if (!client) return views;
    for (const Leads& leads : leads_of(ask_each(*client, {"partitions", {}, 1000ms})))
        for (DevNodeView& view : views)
            if (view.node->name == leads.name && leads.reachable) {
                view.state = "alive";
                view.leads = leads.groups;
            }
    return views;
}

std::string short_path(const std::filesystem::path& path) {
    const char* home = std::getenv("HOME");
    std::string text = path.string();
    if (home == nullptr || *home == '\0' || !text.starts_with(std::string(home) + "/")) return text;
    return "~" + text.substr(std::string_view(home).size());
}

}  // namespace weft::cli
