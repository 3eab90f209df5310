#include "node/admin/merged_lines.h"

#include <utility>

namespace weft::node {

MergedLines merged_lines(const replication::Partition& partition,
                         std::vector<replication::Partition::EntityLine> unwritten,
                         const storage::FetchedRows& rows) {
    MergedLines out;
    if (!rows.last) out.reach = rows.rows.back().key;
    const bool more = unwritten.size() == kLinesMax;
    if (more && (rows.last || unwritten.back().row_key < out.reach))
        out.reach = unwritten.back().row_key;
    const auto add = [&](replication::Partition::EntityLine line) {
        if (!out.reach.empty() && line.row_key > out.reach) return;
        const auto known = out.by_key.find(line.row_key);
        if (known == out.by_key.end() || known->second.standing.revision < line.standing.revision)
            out.by_key.insert_or_assign(line.row_key, std::move(line));
    };
    for (const storage::ScannedRow& row : rows.rows) {
        if (row.state != storage::FetchedRow::State::Found) continue;
        if (auto line = partition.entity_line(row.key, row.value.view())) add(*std::move(line));
    }
    for (auto& line : unwritten) add(std::move(line));
    return out;
}

}  // namespace weft::node
