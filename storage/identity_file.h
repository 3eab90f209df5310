#pragma once
// The identity sidecar: whose data lies here, how often it was started and how far it was written.
// Two copies, each replaced as a whole and one after the other, so that one always holds.

#include "weft/result.h"
#include "weft/types.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::storage {

inline constexpr std::uint32_t kDirectoryFormat = 1;

struct Identity {
    ClusterId cluster;
    NodeId node;
    Boot boot;    // raised before the node sends anything
    Lsn durable;  // LMDB behind this: the disk was rolled back
    bool operator==(const Identity&) const = default;
};

std::string encode_identity(const Identity& identity);
// DataDamaged: the checksum does not hold. NewerFormat: a later weft wrote it.
Result<Identity> decode_identity(std::string_view text);

// The newer of the two copies that hold; nothing when neither file exists.
Result<std::optional<Identity>> read_identity(const std::string& directory);
Result<void> write_identity(const std::string& directory, const Identity& identity);

}  // namespace weft::storage
