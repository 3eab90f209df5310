#pragma once
// Entities of one type and group as a listing meets them: what scanned rows say, and what memory
// knows better. Private to node.

#include "replication/partition/partition.h"
#include "storage/contracts.h"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace weft::node {

// Rows of one scan, and changes that no row held when it began.
inline constexpr std::size_t kLinesMax = 1024;

struct MergedLines {
    std::map<std::string, replication::Partition::EntityLine> by_key;  // row key
    std::string reach;  // they are all up to here; empty: all of the group
};

// `unwritten`: at most kLinesMax, in key order, taken before the rows were scanned: what is flushed
// while that is on its way is in one of both. The newer of both counts.
MergedLines merged_lines(const replication::Partition& partition,
                         std::vector<replication::Partition::EntityLine> unwritten,
                         const storage::FetchedRows& rows);

}  // namespace weft::node
