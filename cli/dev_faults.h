#pragma once
// Faults of the links between the nodes of a dev mesh: what people say of them becomes lines for
// the nodes' fault sockets (node/runtime/fault_socket.h), and what the nodes answer becomes a list.

#include "cli/command.h"
#include "cli/dev_mesh.h"
#include "weft/result.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::cli {

// One way: places in DevMesh::nodes(), from and to.
using DevLink = std::pair<std::size_t, std::size_t>;
// For each node, by its place, what it is to be told.
using FaultOrders = std::map<std::size_t, std::string>;

// "a>b": that way alone. "a": all to and from a. Wrong usage names the nodes there are.
Result<std::vector<DevLink>> parse_links(const DevMesh& mesh, std::string_view text);
// The links between nodes that share no side. `words`: "a,b | c", or a word for each side. Nodes
// that are not named are a further side together; one named twice talks to both sides.
Result<std::vector<DevLink>> parse_sides(const DevMesh& mesh, std::span<const std::string> words);

// Cuts exactly `cut`, and leaves delays and losses as they are. Both ends of a link are told, so
// that it stays cut when one of them is started anew.
FaultOrders order_split(const DevMesh& mesh, std::span<const DevLink> cut);
enum class FaultKind : std::uint8_t { Cut, Slow, Lossy };
// `value`: 1, milliseconds or percent; 0 ends it. The sender of a link is told of slow and lossy.
FaultOrders order_faults(const DevMesh& mesh, std::span<const DevLink> links, FaultKind kind,
                         std::uint32_t value);
FaultOrders order_heal(const DevMesh& mesh);

// As its ends say.
struct LinkFaultView {
    bool cut = false;
    std::uint64_t delay_ms = 0, loss_percent = 0;
};
using FaultViews = std::map<DevLink, LinkFaultView>;
// "a>b cut, 50 ms late; b>c 20 % lost"
std::string faults_text(const DevMesh& mesh, const FaultViews& faults);

struct FaultAnswers {
    FaultViews faults;
    std::vector<std::string> silent;  // "node c does not run"
};
// Tells each node that runs, which answers with its faults. An order that a paused node does not
// answer waits in its socket and is carried out when it goes on. An error: a node refused; the
// others were told.
Result<FaultAnswers> send_orders(const DevMesh& mesh, const FaultOrders& orders,
                                 std::chrono::milliseconds patience);
// Asks all nodes that run.
Result<FaultAnswers> ask_faults(const DevMesh& mesh, std::chrono::milliseconds patience);

// The subverbs of dev that set faults: split, cut, slow, lossy, heal.
void add_dev_fault_verbs(Command& noun);

}  // namespace weft::cli
