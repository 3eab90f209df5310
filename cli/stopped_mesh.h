#pragma once
// The data of all nodes of a mesh that stands still, held so that none of them can be started
// meanwhile.

#include "routing/genesis.h"
#include "storage/data_directory.h"
#include "weft/result.h"

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace weft::cli {

class StoppedMesh {
public:
    struct Node {
        routing::NodeRecord record;
        std::unique_ptr<storage::DataDirectory> data;
    };

    // `folders`: those of all founders, in any order. Changes nothing in them.
    // BadConfiguration: one is missing, or there twice. ForeignData: one is of another mesh.
    // DirectoryInUse: a node runs. DirectoryUnusable: no node's folder, or one without data. What
    // else DataDirectory::open() says; the message names the node.
    static Result<StoppedMesh> open(std::span<const std::filesystem::path> folders);

    std::vector<Node>& nodes() { return nodes_; }
    const std::vector<Node>& nodes() const { return nodes_; }
    // As people call it.
    const std::string& name_of(NodeId node) const;

private:
    std::vector<Node> nodes_;
};

}  // namespace weft::cli
