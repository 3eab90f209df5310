#include "cli/dev_start.h"

#include "cli/dev_ports.h"
#include "cli/health_view.h"
#include "core/error.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
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

// What the node's last process wrote, at most the last bytes of it.
std::string read_log(const DevNode& node) {
    constexpr std::uintmax_t kTailBytes = 4000;
    std::ifstream file(node.folder.log(), std::ios::ate);
    const auto size = static_cast<std::streamoff>(file.tellg());
    if (!file || size <= 0) return {};
    const auto bytes = static_cast<std::uintmax_t>(size);
    const std::uintmax_t tail = bytes > kTailBytes ? bytes - kTailBytes : 0;
    file.seekg(static_cast<std::streamoff>(std::max(tail, std::min(node.log_from, bytes))));
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::unexpected<Error> fail_ended(const DevNode& node) {
    const std::string log = read_log(node);
    const std::string path = node.folder.log().string();
    if (auto own = error_at_end(log)) {
        own->message = fmt::format("node {} ended: {} (log: {})", node.name, own->message, path);
        return std::unexpected(*std::move(own));
    }
    constexpr std::size_t kTailLines = 5;
    const auto lines = lines_of(log);
    std::string text = fmt::format("node {} ended without a reason; ", node.name);
    text += lines.empty() ? path + " holds nothing of it" : "the end of " + path + ":";
    const std::size_t first = lines.size() > kTailLines ? lines.size() - kTailLines : 0;
    for (std::size_t i = first; i < lines.size(); ++i) text += fmt::format("\n{}", lines[i]);
    return fail(ErrorNumber::CannotReachMesh, "{}", text);
}

}  // namespace

std::optional<Error> error_at_end(std::string_view log) {
    constexpr std::string_view kMark = "error WEFT-";
    constexpr std::size_t kDigits = 4;
    const auto lines = lines_of(log);
    // Behind the error's first line stand its reason and advice, and these are indented.
    const auto last = std::find_if(lines.rbegin(), lines.rend(),
                                   [](std::string_view line) { return !line.starts_with("  "); });
    if (last == lines.rend() || !last->starts_with(kMark)) return std::nullopt;
    const std::string_view rest = last->substr(kMark.size());
    std::uint16_t number = 0;
    const char* colon = rest.data() + std::min(kDigits, rest.size());
    const auto [at, bad] = std::from_chars(rest.data(), colon, number);
    if (bad != std::errc{} || at != colon || !rest.substr(kDigits).starts_with(": "))
        return std::nullopt;
    Error error = make_error(static_cast<ErrorNumber>(number), "");
    error.number = number;
    error.message = rest.substr(kDigits + 2);
    return error;
}

Result<bool> start_node_process(DevMesh& mesh, const DevNode& node) {
    auto lock = DevLock::take(mesh.folder());
    if (!lock) return std::unexpected(std::move(lock).error());
    const auto ports = PortLock::take(kPortPatience);
    if (!ports) return std::unexpected(ports.error());
    const auto started = mesh.start(node);
    if (started && *started) mesh.wait_listening(node);
    return started;
}

Result<void> wait_reachable(const DevMesh& mesh, const DevNode& node,
                            std::chrono::milliseconds patience) {
    const auto until = Clock::now() + patience;
    do {
        if (!node.process()) return fail_ended(node);
        if (connect_to(mesh, {node.record.client_address}, 300ms) && node.process()) return {};
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

std::string removal_text(const DevMesh& mesh, const std::vector<std::filesystem::path>& left) {
    constexpr std::size_t kNamed = 5;
    const std::string folder = short_path(mesh.folder());
    if (left.empty()) return "removed " + folder;
    std::string text = fmt::format("removed what weft made in {}; left there:", folder);
    for (std::size_t i = 0; i < std::min(left.size(), kNamed); ++i)
        text += (i == 0 ? " " : ", ") + left[i].string();
    if (left.size() > kNamed) text += fmt::format(" and {} more", left.size() - kNamed);
    return text;
}

std::string short_path(const std::filesystem::path& path) {
    const char* home = std::getenv("HOME");
    std::string text = path.string();
    if (home == nullptr || *home == '\0' || !text.starts_with(std::string(home) + "/")) return text;
    return "~" + text.substr(std::string_view(home).size());
}

}  // namespace weft::cli
