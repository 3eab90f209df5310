#pragma once
// Whether nodes and the mesh are well, from the nodes' answers to "health".

#include "cli/mesh_view.h"
#include "weft/client.h"

#include <chrono>
#include <string>
#include <vector>

namespace weft::cli {

struct Health {
    bool healthy = true;
    std::vector<std::string> reasons;  // "b: no answer: 127.0.0.1:7351 refuses ..."
    Table table;                       // all rows, with the node in front
};

// A node that is silent counts as unwell; a mesh without nodes too.
Health judge(const std::vector<NodeAnswer>& answers);

Health ask_health(const Mesh& mesh, std::chrono::milliseconds timeout);

}  // namespace weft::cli
