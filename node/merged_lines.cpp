#include "node/merged_lines.h"

#include <utility>

namespace weft::node {

MergedLines merged_lines(const replication::Partition& partition, std::string_view type,
                         std::string_view id_prefix, std::string_view after,
                         const storage::FetchedRows& rows) {
    MergedLines out;
    if (!rows.last) out.reach = rows.rows.back().key;
    auto dirty = partition.dirty_lines(type, id_prefix, after, out.reach, kLinesMax);
    if (dirty.size() == kLinesMax) out.reach = dirty.back().row_key;
    for (const storage::ScannedRow& row : rows.rows) {
        if (row.state != storage::FetchedRow::State::Found) continue;
        if (!out.reach.empty() && row.key > out.reach) break;
        if (auto line = partition.entity_line(row.key, row.value.view()))
            out.by_key.emplace(row.key, *std::move(line));
    }
    for (auto& line : dirty) out.by_key.insert_or_assign(line.row_key, std::move(line));
    return out;
}

}  // namespace weft::node
