#pragma once
// Entities of one type and group as a listing meets them: what scanned rows say, and what memory
// knows better. Private to node.

#include "replication/partition.h"
#include "storage/contracts.h"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace weft::node {

// Rows of one scan, and changes that no row holds yet.
inline constexpr std::size_t kLinesMax = 1024;

struct MergedLines {
    std::map<std::string, replication::Partition::EntityLine> by_key;  // row key
    std::string reach;  // they are all up to here; empty: all of the group
};

// Behind row key `after`, of memory those whose id begins with `id_prefix`. An entity is met in its
// own place, whatever becomes of it between two looks.
MergedLines merged_lines(const replication::Partition& partition, std::string_view type,
                         std::string_view id_prefix, std::string_view after,
                         const storage::FetchedRows& rows);

}  // namespace weft::node
