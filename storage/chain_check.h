#pragma once
// Checks one group's recovered log, entry by entry: every entry alone and the hash chain from one
// to the next. Shared by both stores, so that they call the same bytes damaged.

#include "storage/contracts.h"

#include <optional>
#include <string_view>

namespace weft::storage {

// What the store found for one index. `bytes` is empty when nothing was found; `intact` says
// whether the store's own checksums hold.
struct FoundRecord {
    std::string_view bytes;
    bool intact = false;
};

class ChainCheck {
public:
    // With a damaged base the predecessor of the first entry is unknown.
    ChainCheck(PartitionId group, const LogBase& base, bool base_damaged);
    // Entries must come in index order, each index once.
    RecoveredEntry next(LogIndex index, const FoundRecord& found);

private:
    PartitionId group_;
    std::optional<Chain> previous_;
};

}  // namespace weft::storage
