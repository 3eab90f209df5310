#include "node/admin/pages.h"

#include "core/error.h"
#include "node/admin/merged_lines.h"

#include <fmt/core.h>

#include <utility>

namespace weft::node {

namespace {

constexpr std::size_t kPageRows = 500, kPageBytes = std::size_t{256} << 10;
constexpr std::size_t kScanBytes = std::size_t{256} << 10;

}  // namespace

bool page_is_full(const AdminQuery& query) {
    return query.reply.cells.size() >= kPageRows * query.reply.columns.size() ||
           query.page_bytes >= kPageBytes;
}

storage::RowScan scan_of(storage::Table table, std::string prefix, std::string after) {
    return {table, std::move(prefix), std::move(after), kScanBytes, kLinesMax};
}

std::optional<Error> unknown_type(const NodeView& node, std::string_view name) {
    if (node.types.find(name) != nullptr || node.mesh_types.find(name) != nullptr)
        return std::nullopt;
    return make_error(ErrorNumber::UnknownEntityType,
                      fmt::format("no entity type '{}'; there are {}", name, node.types.names()));
}

}  // namespace weft::node
