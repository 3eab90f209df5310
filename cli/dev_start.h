#pragma once
// Bringing a dev mesh up: start what does not run, wait until all nodes say they are well.

#include "cli/command.h"
#include "cli/dev_mesh.h"
#include "cli/mesh_view.h"
#include "cli/shell.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::cli {

// True when the user wants to stop waiting.
using Interrupted = std::function<bool()>;

// Starts the node's process, and waits until it has its ports: nobody else may choose ports
// meanwhile. False when it ran already. What `weft dev start` does before it waits for an answer.
Result<bool> start_node_process(DevMesh& mesh, const DevNode& node);

// Waits until the node's client port answers. When it died: its own error, else its log's end.
Result<void> wait_reachable(const DevMesh& mesh, const DevNode& node,
                            std::chrono::milliseconds patience);

// Waits until every node of the mesh is healthy.
Result<void> wait_ready(const DevMesh& mesh, std::chrono::milliseconds patience,
                        const Interrupted& interrupted);

// The error with which a `weft node run` ended, found at the end of what it wrote; nothing when it
// ended otherwise.
std::optional<Error> error_at_end(std::string_view log);

// What is known of each node now.
struct DevNodeView {
    const DevNode* node = nullptr;
    std::string state;  // alive, paused, ending, stopped, no answer
    std::uint64_t leads = 0;
};
std::vector<DevNodeView> view_nodes(const DevMesh& mesh);

// What became of a mesh's folder, for people: "removed FOLDER", or what is left in it.
std::string removal_text(const DevMesh& mesh, const std::vector<std::filesystem::path>& left);

// "~/x" for what lies in the user's home.
std::string short_path(const std::filesystem::path& path);

// The subverbs of dev that act on one node: kill, start, pause, resume; and down, status.
void add_dev_node_verbs(Command& noun);

}  // namespace weft::cli
