// entities TYPE [PREFIX]: the entities of a type, group by group.

#include "core/error.h"
#include "node/admin/cursor.h"
#include "node/admin/merged_lines.h"
#include "node/admin/pages.h"
#include "node/admin/table.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::node {

namespace {

using replication::Role;

struct EntityRow {
    PartitionId group;
    const replication::Partition::EntityLine& line;
};
using E = EntityRow;

constexpr Column<E> kEntities[] = {
    {"type", [](const E& row) { return row.line.type; }},
    {"id", [](const E& row) { return row.line.id; }},
    {"partition", [](const E& row) { return std::uint64_t{row.group.value}; }},
    {"revision", [](const E& row) { return row.line.standing.revision.value; }},
    {"version", [](const E& row) { return row.line.standing.version.value; }},
    {"generation", [](const E& row) { return std::uint64_t{row.line.standing.generation.value}; }},
    {"bytes", [](const E& row) { return std::uint64_t{row.line.bytes}; }},
};

void add_entity(AdminQuery& query, const replication::Partition::EntityLine& line) {
    if (!line.standing.exists() || line.type != query.type || !line.id.starts_with(query.text))
        return;
    query.page_bytes += add_row(query.reply, kEntities, EntityRow{query.group, line});
}

// The next partition from query.group on that this node leads: it alone knows what is committed.
DeskStep scan_entities(const NodeView& node, AdminQuery query) {
    for (const LocalPartition& local : node.hosted.all()) {
        if (local.id < query.group || local.role != Role::Leader) continue;
        if (local.id != query.group) query.after.clear();
        query.group = local.id;
        query.unwritten =
            local.partition.unwritten_lines(query.type, query.text, query.after, kLinesMax);
        auto scan = scan_of(storage::Table::Entity,
                            local.partition.row_prefix(storage::Table::Entity), query.after);
        return FetchWish{std::move(query), std::move(scan)};
    }
    return end_page(std::move(query), true);
}

}  // namespace

DeskStep begin_entities(const NodeView& node, ClientRef from, const routing::AdminRequest& request,
                        bool room) {
    std::vector<std::string_view> arguments(request.arguments.begin(), request.arguments.end());
    AdminQuery query;
    query.from = from;
    query.reply = table_of(request.id, kEntities);
    const bool good =
        read_cursor(take_cursor(arguments), query) && !arguments.empty() && arguments.size() <= 2;
    if (!good)
        return refusal(from, request.id,
                       make_error(ErrorNumber::BadMessage, "entities TYPE [PREFIX]"));
    if (auto unknown = unknown_type(node, arguments[0]))
        return refusal(from, request.id, *std::move(unknown));
    if (!room)
        return refusal(from, request.id,
                       make_error(ErrorNumber::QueueFull, "too many questions at once"));
    query.type = arguments[0];
    if (arguments.size() > 1) query.text = arguments[1];
    return scan_entities(node, std::move(query));
}

DeskStep go_on_with_entities(const NodeView& node, AdminQuery query,
                             const storage::FetchedRows& rows) {
    std::string reach;
    const LocalPartition* local = node.hosted.find(query.group);
    if (local != nullptr && local->role == Role::Leader) {
        MergedLines merged =
            merged_lines(local->partition, std::exchange(query.unwritten, {}), rows);
        for (const auto& [key, line] : merged.by_key) {
            add_entity(query, line);
            if (!page_is_full(query)) continue;
            query.after = key;
            return end_page(std::move(query), false);
        }
        reach = std::move(merged.reach);
    }
    if (reach.empty()) query.group = PartitionId{query.group.value + 1};
    query.after = std::move(reach);
    return scan_entities(node, std::move(query));
}

}  // namespace weft::node
