#pragma once
// The demo's hands on the dev mesh: who leads most, kill it, start it, has it caught up.

#include <weft/client.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace packages {

struct Node {
    std::string name;
    std::string client_address;
};

// Nodes of the dev mesh as `weft dev status` shows them; empty when there is none.
std::vector<Node> dev_nodes(const std::string& weft_program);

// The node that leads most partitions by its own account.
std::optional<Node> busiest(const weft::Mesh& mesh, const std::vector<Node>& nodes);

// `weft dev kill NAME`, `weft dev start NAME`; false when it failed.
bool kill_node(const std::string& weft_program, const std::string& name);
bool start_node(const std::string& weft_program, const std::string& name);

// Partition -> last committed log index.
using Commits = std::map<std::string, unsigned long long>;

// The highest commit index that any node reports for each partition.
Commits commits_of(const weft::Mesh& mesh, const std::vector<Node>& nodes);

// True when `node` itself has applied all of `wanted`.
bool has_applied(const weft::Mesh& mesh, const Node& node, const Commits& wanted);

}  // namespace packages
