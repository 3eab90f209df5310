#pragma once
// One record of the node-wide log as it lies in table `wlog` (docs/storage-format.md, part 2): key
// LSN, value {header 48 bytes, payload}. A record above 1,952 bytes takes several consecutive LSNs.
// Header and payload have checksums of their own; the header's covers the LSN, so that a record in
// the wrong place is found out.

#include "weft/types.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::storage {

enum class LogRecordKind : std::uint8_t { Append = 1, Truncate = 2, RemoveGroup = 3 };

inline constexpr std::size_t kLogHeaderBytes = 48;
inline constexpr std::size_t kLogChunkBytesMax = 2000;
inline constexpr std::size_t kLogPayloadBytesMax = kLogChunkBytesMax - kLogHeaderBytes;

struct LogRecordHeader {
    std::uint64_t payload_sum = 0;
    LogIndex index;  // Truncate: the first index dropped
    Term term;       // Append only
    PartitionId group;
    std::uint32_t total_bytes = 0;  // payload of all chunks
    std::uint16_t chunk = 0;
    std::uint16_t chunks = 1;
    LogRecordKind kind = LogRecordKind::Append;
    std::uint16_t payload_bytes = 0;
};

constexpr std::uint16_t log_chunks(std::size_t payload_bytes) {
    return static_cast<std::uint16_t>(
        payload_bytes == 0 ? 1 : (payload_bytes + kLogPayloadBytesMax - 1) / kLogPayloadBytesMax);
}

// LSN, big-endian.
struct LsnKey {
    explicit LsnKey(Lsn lsn);
    std::string_view view() const { return {bytes, sizeof bytes}; }
    char bytes[8]{};
};
std::optional<Lsn> lsn_of(std::string_view key);

// Writes the header into `out` (kLogHeaderBytes).
void write_log_header(char* out, Lsn lsn, const LogRecordHeader& header);

// The header, when its checksum holds at this LSN and its fields fit the record's size.
std::optional<LogRecordHeader> read_log_header(Lsn lsn, std::string_view record);
bool log_payload_holds(const LogRecordHeader& header, std::string_view record);

// Truncate and RemoveGroup carry their header's fields once more as payload, with a checksum, so
// that no single damaged spot makes the owner unknown. Entries have such a second source already:
// their own header.
std::string control_payload(const LogRecordHeader& header);

// Group, index, term and kind of a record whose header does not hold, from its payload; nothing if
// that does not hold either.
std::optional<LogRecordHeader> owner_from_payload(std::string_view record);

}  // namespace weft::storage
