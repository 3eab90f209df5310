#pragma once
// Administrative questions that read rows and the log. Each waits for a fetch and answers one page,
// which says where to go on. Pages are small: what one asks must not hold the memory of a node.

#include "node/admin/query.h"
#include "node/view.h"
#include "storage/contracts.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace weft::node {

bool page_is_full(const AdminQuery& query);
storage::RowScan scan_of(storage::Table table, std::string prefix, std::string after);
// An empty list would look like a type without entities.
std::optional<Error> unknown_type(const NodeView& node, std::string_view name);

// `room`: one more question may read.
DeskStep begin_entities(const NodeView& node, ClientRef from, const routing::AdminRequest& request,
                        bool room);
DeskStep begin_journal(const NodeView& node, ClientRef from, const routing::AdminRequest& request,
                       bool room);
// With what was read for it.
DeskStep go_on_with_entities(const NodeView& node, AdminQuery query,
                             const storage::FetchedRows& rows);
DeskStep go_on_with_journal(const NodeView& node, AdminQuery query,
                            const storage::FetchedRows& rows);
DeskStep go_on_with_journal(const NodeView& node, AdminQuery query,
                            const storage::FetchedLog& entries);

}  // namespace weft::node
