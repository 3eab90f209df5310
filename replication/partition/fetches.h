#pragma once
// What a partition has asked the disk for, by the number of the question: an answer goes to the one
// who asked, once. That it is the answer he still waits for is for him to see (docs/findings.md).

#include "core/ids.h"
#include "replication/partition/partition.h"
#include "replication/raft/events.h"
#include "storage/contracts.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace weft::replication {

struct FetchPurpose {
    enum class Kind : std::uint8_t { Log, Sessions, Activation, SnapshotRows, StagingRow };
    Kind kind = Kind::Log;
    std::string entity_key;
};

// Rows of one prefix, as many as are read at a time; `after` is the last one read.
inline storage::RowScan page_behind(std::string after, storage::Table table, std::string prefix,
                                    const PartitionLimits& limits) {
    storage::RowScan scan;
    scan.table = table;
    scan.prefix = std::move(prefix);
    scan.after = std::move(after);
    scan.bytes_max = limits.page_bytes;
    scan.rows_max = limits.page_rows;
    return scan;
}

class Fetches {
public:
    FetchId ask(FetchPurpose purpose) {
        const FetchId id = next_number(last_);
        open_.emplace(id, std::move(purpose));
        return id;
    }
    // Nothing: nobody has asked that, or it was answered.
    std::optional<FetchPurpose> answered(FetchId id) {
        auto found = open_.extract(id);
        if (found.empty()) return std::nullopt;
        return std::move(found.mapped());
    }

private:
    std::map<FetchId, FetchPurpose> open_;
    FetchId last_;
};

}  // namespace weft::replication
