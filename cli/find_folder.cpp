#include "cli/find_folder.h"

#include "cli/dev_mesh.h"
#include "core/error.h"

namespace weft::cli {

Result<std::filesystem::path> find_folder(const Shell& shell, const std::string& given) {
    std::error_code ignored;
    // Settings name no mesh of files: a path is a path.
    if (names_settings(shell.context()) && std::filesystem::exists(given, ignored) &&
        shell.refuse_address())
        return std::filesystem::path(given);
    const auto folder = shell.dev_folder();
    if (!folder) return std::unexpected(folder.error());
    const auto mesh = DevMesh::open(*folder);
    const auto node = mesh ? mesh->node(given) : std::unexpected(mesh.error());
    if (node && shell.has_context()) return (*node)->folder.path;
    if (std::filesystem::exists(given, ignored)) return std::filesystem::path(given);
    if (node) return (*node)->folder.path;
    return fail(ErrorNumber::NotThere, "'{}' is neither a folder nor a node of a mesh in {}", given,
                folder->string());
}

}  // namespace weft::cli
