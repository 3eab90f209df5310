#include "cli/dev_mesh.h"

#include "cli/config.h"
#include "cli/shell.h"
#include "core/error.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <pwd.h>
#include <signal.h>
#include <sodium.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace weft::cli {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::string_view kMarkerText = "weft-dev-1";
constexpr std::size_t kMarkerBytesMax = 4096;

fs::path marker(const fs::path& folder) { return folder / "mesh"; }

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

// Services and containers often run without the variable.
std::string home() {
    if (std::string given = environment("HOME"); !given.empty()) return given;
    const passwd* user = ::getpwuid(::geteuid());
    return user != nullptr && user->pw_dir != nullptr ? user->pw_dir : "/";
}

std::string loopback(int port) { return fmt::format("127.0.0.1:{}", port); }

// A node folder of a create() that was interrupted: its node has never run.
bool is_unfinished(const fs::path& path) {
    std::error_code ignored;
    const std::string name = path.filename().string();
    return name.size() == 1 && name[0] >= 'a' && name[0] <= 'z' &&
           !fs::exists(NodeFolder{path}.data(), ignored) &&
           fs::exists(NodeFolder{path}.key(), ignored);
}

Result<void> write_mesh(const fs::path& folder, const DevPlan& plan, int base) {
    routing::Genesis genesis;
    genesis.groups = kDevGroups;
    randombytes_buf(genesis.hash_key.data(), genesis.hash_key.size());
    for (std::size_t i = 0; i < plan.nodes; ++i) {
        const int port = base + static_cast<int>(i) * kDevPortStep;
        routing::NodeRecord wanted;
        wanted.name = std::string(1, static_cast<char>('a' + i));
        wanted.mesh_address = loopback(port);
        wanted.client_address = loopback(port + 1);
        wanted.zone = "dev";
        // Each node counts as a host of its own, so that replicas spread as on three machines.
        wanted.host = "dev-" + wanted.name;
        auto made = init_node(folder / wanted.name, wanted);
        if (!made) return std::unexpected(std::move(made).error());
        genesis.founders.push_back(*std::move(made));
    }
    auto bytes = routing::encode_genesis(genesis);
    if (!bytes) return std::unexpected(std::move(bytes).error());
    std::string text = fmt::format("{}{}\n", kMarkerText, plan.ephemeral ? " ephemeral" : "");
    const auto key = transport::GossipKey::random();
    for (const auto& founder : genesis.founders) {
        const NodeFolder node{folder / founder.name};
        if (auto done = write_file(node.genesis(), *bytes, 0644); !done) return done;
        if (auto done = write_gossip_key(node.gossip_keys(), key); !done) return done;
        text += founder.name + "\n";
    }
    // The marker comes last: a folder without it is not a mesh.
    return write_file(marker(folder), text, 0644);
}

}  // namespace

std::unexpected<Error> fail_not_ended(const DevNode& node, const ProcessId& process) {
    return fail(
        ErrorNumber::DirectoryInUse,
        "process {} of node {} has not obeyed its signal: a thread of it waits for the disk, and "
        "as long as it is there it holds its ports and its data",
        process.pid, node.name);
}

fs::path default_dev_folder() {
    if (const std::string given = environment("WEFT_DEV_DIR"); !given.empty())
        return fs::absolute(given);
    if (const std::string data = environment("XDG_DATA_HOME"); !data.empty())
        return fs::path(data) / "weft" / "dev";
    return fs::path(home()) / ".local" / "share" / "weft" / "dev";
}

std::optional<ProcessId> DevNode::process() const {
    const auto process = read_pid_file(folder.pid());
    if (!process || process_state(*process) == ProcessState::Gone) return std::nullopt;
    return process;
}

bool DevMesh::exists(const fs::path& folder) {
    std::error_code ignored;
    return fs::is_regular_file(marker(folder), ignored);
}

Result<DevMesh> DevMesh::open(const fs::path& folder) {
    if (!exists(folder))
        return fail(ErrorNumber::NoMeshInFolder, "no dev mesh in {}", folder.string());
    auto text = read_file(marker(folder), kMarkerBytesMax);
    if (!text) return std::unexpected(std::move(text).error());
    DevMesh mesh;
    mesh.folder_ = folder;
    std::string_view rest = *text;
    for (bool first = true; !rest.empty(); first = false) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (first && !line.starts_with(kMarkerText))
            return fail(ErrorNumber::NewerFormat, "{} is not of this version",
                        marker(folder).string());
        if (first) {
            mesh.ephemeral_ = line.ends_with(" ephemeral");
            continue;
        }
        // The name is a folder, which 'dev down --clean' removes.
        if (line.size() != 1 || line[0] < 'a' || line[0] >= 'a' + static_cast<int>(kDevNodesMax))
            return fail(ErrorNumber::DirectoryUnusable, "{} names a node '{}'",
                        marker(folder).string(), line);
        DevNode node{std::string(line), {folder / line}, {}};
        auto record = read_node_record(node.folder.path);
        if (!record) return std::unexpected(std::move(record).error());
        node.record = *std::move(record);
        mesh.nodes_.push_back(std::move(node));
    }
    if (mesh.nodes_.empty())
        return fail(ErrorNumber::DirectoryUnusable, "{} names no node", marker(folder).string());
    return mesh;
}

Result<DevMesh> DevMesh::create(const fs::path& folder, const DevPlan& plan) {
    if (plan.nodes < 1 || plan.nodes > kDevNodesMax)
        return fail(ErrorNumber::BadConfiguration, "a dev mesh has 1 to {} nodes, not {}",
                    kDevNodesMax, plan.nodes);
    for (std::error_code bad; const auto& entry : fs::directory_iterator(folder, bad)) {
        if (entry.path().filename() == "lock") continue;
        if (!is_unfinished(entry.path()))
            return fail(ErrorNumber::DirectoryUnusable,
                        "{} is not empty and holds no dev mesh: it has {}", folder.string(),
                        entry.path().filename().string());
        fs::remove_all(entry.path(), bad);
    }
    auto base = free_block(plan.nodes, plan.first_port);
    if (!base) return std::unexpected(std::move(base).error());
    if (auto done = write_mesh(folder, plan, *base); !done)
        return std::unexpected(std::move(done).error());
    return open(folder);
}

std::vector<std::string> DevMesh::addresses() const {
    std::vector<std::string> list;
    list.reserve(nodes_.size());
    for (const DevNode& node : nodes_) list.push_back(node.record.client_address);
    return list;
}

Result<const DevNode*> DevMesh::node(std::string_view name) const {
    std::string names;
    for (const DevNode& node : nodes_) {
        if (node.name == name) return &node;
        names += (names.empty() ? "" : ", ") + node.name;
    }
    return fail(ErrorNumber::NotThere, "no node '{}' in this mesh; there are {}", name, names);
}

std::size_t DevMesh::running() const {
    std::size_t count = 0;
    for (const DevNode& node : nodes_) count += node.process() ? 1U : 0U;
    return count;
}

Result<bool> DevMesh::start(const DevNode& node) {
    if (const auto before = node.process()) {
        const ProcessState state = process_state(*before);
        if (state == ProcessState::Running) return false;
        if (state == ProcessState::Stopped)
            return fail(ErrorNumber::DirectoryInUse,
                        "node {} is paused (pid {}); 'weft dev resume {}' lets it go on", node.name,
                        before->pid, node.name);
        if (!wait_until_gone(*before, kEndPatience)) return fail_not_ended(node, *before);
    }
    SpawnOptions options;
    const fs::path program = program_.path.empty() ? own_program() : program_.path;
    // With -c, what /etc says is not for it; settings in the environment are not, either.
    for (const std::string& entry : process_environment())
        if (const std::string name = entry.substr(0, entry.find('=')); is_setting_variable(name))
            options.without.push_back(name);
    const std::string path = node.folder.path.string();
    // From its folder, which is where it runs: a whole path may be too long for a socket.
    options.arguments = {program.string(),
                         "-c",
                         path,
                         "node",
                         "run",
                         path,
                         "--fault-socket",
                         node.folder.faults().filename().string()};
    if (program_.environment) options.environment = program_.environment(node);
    options.log = node.folder.log();
    options.folder = node.folder.path;
    std::error_code none;
    const std::uintmax_t log_bytes = fs::file_size(options.log, none);
    nodes_[static_cast<std::size_t>(&node - nodes_.data())].log_from = none ? 0 : log_bytes;
    auto process = spawn(options);
    if (!process) return std::unexpected(std::move(process).error());
    if (auto done = write_pid_file(node.folder.pid(), *process); !done)
        return std::unexpected(std::move(done).error());
    return true;
}

void DevMesh::wait_listening(const DevNode& node) const {
    const auto port_of = [](const std::string& address) {
        return std::atoi(address.c_str() + address.rfind(':') + 1);
    };
    const int mesh = port_of(node.record.mesh_address);
    const int client = port_of(node.record.client_address);
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (node.process() && (port_is_free(mesh) || port_is_free(client)) &&
           std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(5ms);
}

Result<std::size_t> DevMesh::stop_all(std::chrono::milliseconds patience) const {
    std::size_t stopped = 0;
    for (const DevNode& node : nodes_) {
        const auto process = node.process();
        if (!process) continue;
        ++stopped;
        auto sent = signal_process(*process, SIGTERM);
        if (sent) sent = signal_process(*process, SIGCONT);
        if (!sent) return std::unexpected(std::move(sent).error());
    }
    const auto until = std::chrono::steady_clock::now() + patience;
    while (running() > 0 && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(20ms);
    for (const DevNode& node : nodes_)
        if (const auto process = node.process())
            if (auto sent = signal_process(*process, SIGKILL); !sent)
                return std::unexpected(std::move(sent).error());
    for (const DevNode& node : nodes_)
        if (const auto process = node.process())
            if (!wait_until_gone(*process, kEndPatience)) return fail_not_ended(node, *process);
    return stopped;
}

Result<std::vector<fs::path>> DevMesh::remove() const {
    std::error_code bad;
    // The marker goes first: what an interrupted removal leaves is no longer taken for a mesh.
    fs::remove(marker(folder_), bad);
    for (const DevNode& node : nodes_) {
        if (bad)
            return fail(ErrorNumber::DirectoryUnusable, "cannot remove {}: {}",
                        marker(folder_).string(), bad.message());
        if (auto gone = remove_node(node.folder.path); !gone)
            return std::unexpected(std::move(gone).error());
    }
    fs::remove(folder_ / "lock", bad);
    fs::remove(folder_, bad);  // stays when somebody put something else there
    std::vector<fs::path> left;
    for (fs::recursive_directory_iterator it(folder_, bad), end; !bad && it != end;
         it.increment(bad))
        if (!it->is_directory(bad) || fs::is_empty(it->path(), bad))
            left.push_back(it->path().lexically_relative(folder_));
    std::ranges::sort(left);
    return left;
}

Result<DevLock> DevLock::take(const fs::path& folder) {
    std::error_code bad;
    fs::create_directories(folder, bad);
    const fs::path path = folder / "lock";
    const bool made = !bad && !fs::exists(path, bad) && !bad;
    const int file = bad ? -1 : ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0)
        return fail(ErrorNumber::DirectoryUnusable, "cannot use {}: {}", folder.string(),
                    bad ? bad.message() : std::strerror(errno));
    DevLock lock(file, made ? path : fs::path());
    if (::flock(file, LOCK_EX) != 0)
        return fail(ErrorNumber::DirectoryUnusable, "cannot lock {}: {}", path.string(),
                    std::strerror(errno));
    // Whoever had it may have removed it with the folder: then others lock another file.
    struct stat held{}, named{};
    if (::fstat(file, &held) != 0 || ::stat(path.c_str(), &named) != 0 ||
        held.st_ino != named.st_ino || held.st_dev != named.st_dev)
        return take(folder);
    return lock;
}

void DevLock::leave_no_trace() {
    if (made_.empty()) return;
    std::error_code ignored;
    fs::remove(made_, ignored);
    fs::remove(made_.parent_path(), ignored);  // stays unless it is empty
}

DevLock::~DevLock() {
    if (file_ >= 0) ::close(file_);
}

Result<DevMesh> open_dev_mesh(const Shell& shell) {
    const auto folder = shell.dev_folder();
    if (!folder) return std::unexpected(folder.error());
    return DevMesh::open(*folder);
}

}  // namespace weft::cli
