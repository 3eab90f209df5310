#include "cli/stopped_mesh.h"

#include "cli/input.h"
#include "cli/node_folder.h"
#include "core/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace weft::cli {

namespace {

struct FounderFolder {
    std::filesystem::path path;
    routing::NodeRecord record;
    ClusterId cluster;
};

Result<FounderFolder> read_founder_folder(const std::filesystem::path& path) {
    if (!is_node_folder(path))
        return fail(ErrorNumber::DirectoryUnusable, "{} is not a node's folder", path.string());
    auto record = read_node_record(path);
    if (!record) return std::unexpected(std::move(record).error());
    const auto cluster = read_cluster(path);
    if (!cluster) return std::unexpected(cluster.error());
    return FounderFolder{path, *std::move(record), *cluster};
}

Result<std::vector<FounderFolder>> read_founder_folders(
    std::span<const std::filesystem::path> paths) {
    std::vector<FounderFolder> folders;
    for (const auto& path : paths) {
        auto folder = read_founder_folder(path);
        if (!folder) return std::unexpected(std::move(folder).error());
        const auto same = std::ranges::find(folders, folder->record.node,
                                            [](const FounderFolder& f) { return f.record.node; });
        if (same != folders.end())
            return std::unexpected(
                wrong_usage(fmt::format("{} and {} are both of node {}", same->path.string(),
                                        path.string(), folder->record.name)));
        if (!folders.empty() && folder->cluster != folders.front().cluster)
            return fail(ErrorNumber::ForeignData, "{} is of mesh {}, {} of mesh {}", path.string(),
                        folder->cluster.hex(), folders.front().path.string(),
                        folders.front().cluster.hex());
        folders.push_back(*std::move(folder));
    }
    return folders;
}

// Every founder is there, and nobody else.
Result<void> check_founders(const std::vector<FounderFolder>& folders) {
    const auto bytes = read_genesis(folders.front().path);
    if (!bytes) return std::unexpected(bytes.error());
    const auto genesis = routing::decode_genesis(*bytes);
    if (!genesis) return std::unexpected(genesis.error());
    const auto is_founder = [&](const FounderFolder& folder) {
        return std::ranges::any_of(genesis->founders, [&](const routing::NodeRecord& founder) {
            return founder.node == folder.record.node;
        });
    };
    const auto stranger = std::ranges::find_if_not(folders, is_founder);
    if (stranger != folders.end())
        return fail(ErrorNumber::ForeignData, "{} is of no node of its mesh",
                    stranger->path.string());
    std::vector<std::string> missing;
    for (const routing::NodeRecord& founder : genesis->founders)
        if (std::ranges::none_of(folders, [&](const FounderFolder& folder) {
                return folder.record.node == founder.node;
            }))
            missing.push_back(founder.name);
    if (missing.empty()) return {};
    std::ranges::sort(missing);
    return std::unexpected(
        wrong_usage(fmt::format("the folders of all {} nodes of the mesh are needed; missing: {}",
                                genesis->founders.size(), fmt::join(missing, ", "))));
}

Result<std::unique_ptr<storage::DataDirectory>> open_data(const FounderFolder& folder) {
    const std::string path = NodeFolder{folder.path}.data();
    // A directory that is opened without an identity would be given one.
    const auto identity = storage::read_identity(path);
    if (!identity) return std::unexpected(identity.error());
    const std::optional<storage::Identity>& found = *identity;
    if (!found)
        return fail(ErrorNumber::DirectoryUnusable,
                    "{} holds no data: the node never ran, or its disk was lost with what it had "
                    "promised",
                    path);
    storage::DataDirectoryOptions options;
    options.path = path;
    options.cluster = folder.cluster;
    options.node = folder.record.node;
    return storage::DataDirectory::open(options);
}

}  // namespace

Result<StoppedMesh> StoppedMesh::open(std::span<const std::filesystem::path> folders) {
    if (folders.empty()) return std::unexpected(wrong_usage("no folder of a node is given"));
    auto founders = read_founder_folders(folders);
    if (!founders) return std::unexpected(std::move(founders).error());
    if (auto all = check_founders(*founders); !all) return std::unexpected(std::move(all).error());
    StoppedMesh mesh;
    for (FounderFolder& founder : *founders) {
        auto data = open_data(founder);
        if (!data) {
            Error error = std::move(data).error();
            error.message = fmt::format("node {}: {}", founder.record.name, error.message);
            return std::unexpected(std::move(error));
        }
        mesh.nodes_.push_back({std::move(founder.record), *std::move(data)});
    }
    return mesh;
}

const std::string& StoppedMesh::name_of(NodeId node) const {
    return std::ranges::find(nodes_, node, [](const Node& n) { return n.record.node; })
        ->record.name;
}

}  // namespace weft::cli
