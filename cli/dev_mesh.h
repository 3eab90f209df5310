#pragma once
// The mesh that `weft dev` keeps in one folder: nodes a, b, c, ... as processes on loopback, made
// for trying things out. Nodes are never restarted by themselves.

#include "cli/dev_ports.h"
#include "cli/node_folder.h"
#include "cli/process.h"
#include "routing/genesis.h"
#include "weft/result.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::cli {

class Shell;

inline constexpr std::uint32_t kDevGroups = 64;
inline constexpr std::size_t kDevNodesMax = 9;

// $WEFT_DEV_DIR, else $XDG_DATA_HOME/weft/dev, else ~/.local/share/weft/dev.
std::filesystem::path default_dev_folder();

// How long a killed process may take to end: its threads finish the writes that are with the disk.
inline constexpr std::chrono::seconds kEndPatience{20};

struct DevNode {
    std::string name;
    NodeFolder folder;
    routing::NodeRecord record;
    std::uintmax_t log_from = 0;  // where the log of the process begins that was started by us

    // The process of the pid file; nothing when it is gone.
    std::optional<ProcessId> process() const;
};

// What runs as a node: this program, unless told otherwise.
struct NodeProgram {
    std::filesystem::path path;  // empty: this program
    // "NAME=value" for the process of that node; may be null.
    std::function<std::vector<std::string>(const DevNode&)> environment;
};

struct DevPlan {
    std::size_t nodes = 3;
    bool ephemeral = false;
    int first_port = kDevPort;  // blocks are looked at from here on
};

// Conflict: the process was signalled and is there all the same.
std::unexpected<Error> fail_not_ended(const DevNode& node, const ProcessId& process);

class DevMesh {
public:
    // CannotReach when there is none in that folder.
    static Result<DevMesh> open(const std::filesystem::path& folder);
    // Makes identities and genesis for `plan`. Refuses a folder that holds anything.
    static Result<DevMesh> create(const std::filesystem::path& folder, const DevPlan& plan);
    static bool exists(const std::filesystem::path& folder);

    const std::filesystem::path& folder() const { return folder_; }
    bool ephemeral() const { return ephemeral_; }
    const std::vector<DevNode>& nodes() const { return nodes_; }
    std::vector<std::string> addresses() const;
    // By the genesis in the folder; the nodes are clients' only if they are of this mesh.
    Result<ClusterId> cluster() const { return read_cluster(nodes_.front().folder.path); }
    // NotFound names the nodes there are.
    Result<const DevNode*> node(std::string_view name) const;
    std::size_t running() const;
    // For the processes that start() makes from now on.
    void run_as(NodeProgram program) { program_ = std::move(program); }

    // Starts the node's process unless it runs; true when it was started now. Waits for a former
    // process that is ending: it has the ports and the data until it is gone. Conflict: it is
    // paused, or does not end.
    Result<bool> start(const DevNode& node);
    // Waits until the node has its ports, or has ended: until then nobody else may look for ports.
    void wait_listening(const DevNode& node) const;
    // SIGTERM to all that run, SIGKILL to those still there after `patience`. Paused ones are
    // resumed first. Returns how many were stopped. Conflict: one does not end.
    Result<std::size_t> stop_all(std::chrono::milliseconds patience) const;
    // Deletes what create() and the nodes made, nothing else. Nodes must have stopped. Returns what
    // is left in the folder, from there: nothing when it is gone, too.
    Result<std::vector<std::filesystem::path>> remove() const;

private:
    std::filesystem::path folder_;
    bool ephemeral_ = false;
    std::vector<DevNode> nodes_;
    NodeProgram program_;
};

// Held while nodes of the folder are made, started or removed: two commands at once would meet.
class DevLock {
public:
    static Result<DevLock> take(const std::filesystem::path& folder);
    DevLock(DevLock&& other) noexcept
        : file_(std::exchange(other.file_, -1)), made_(std::move(other.made_)) {}
    DevLock& operator=(DevLock&&) = delete;
    ~DevLock();
    // Nothing came of the mesh: what take() has made goes again.
    void leave_no_trace();

private:
    DevLock(int file, std::filesystem::path made) : file_(file), made_(std::move(made)) {}
    int file_;
    std::filesystem::path made_;  // the lock's file; empty: it was there
};

// The one that `shell` means.
Result<DevMesh> open_dev_mesh(const Shell& shell);

}  // namespace weft::cli
