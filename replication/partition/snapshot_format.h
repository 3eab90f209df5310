#pragma once
// What travels in SnapshotChunk (grammar in docs/journal-sections.md): the base, and rows without
// the prefix of the space they lie in.

#include "storage/contracts.h"
#include "weft/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace weft::replication {

// `next` of a SnapshotAnswer once the snapshot is in force, or was not needed.
inline constexpr std::uint32_t kSnapshotWhole = 0xffffffff;

std::string encode_snapshot_base(const storage::LogBase& base);
// The space is the receiver's to choose.
Result<storage::LogBase> decode_snapshot_base(std::string_view bytes);

struct SnapshotRowOut {
    storage::Table table{};
    std::string_view key, value;
};
void append_snapshot_row(std::string& out, const SnapshotRowOut& row);
Result<std::vector<SnapshotRowOut>> decode_snapshot_rows(std::string_view bytes);

}  // namespace weft::replication
