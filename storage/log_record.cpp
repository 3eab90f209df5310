#include "storage/log_record.h"

#include "core/byte_io.h"
#include "core/entry.h"
#include "core/hash.h"

#include <cstring>

namespace weft::storage {
namespace {

constexpr std::uint8_t kLogFormat = 1;
constexpr std::size_t kControlBytes = 13;
constexpr std::size_t kSumBytes = 8;

// XXH3-64 over the LSN as it stands in the key and the header behind its checksum.
std::uint64_t header_sum(Lsn lsn, const char* header) {
    char bytes[sizeof(LsnKey::bytes) + kLogHeaderBytes - kSumBytes];
    const LsnKey key(lsn);
    std::memcpy(bytes, key.bytes, sizeof key.bytes);
    std::memcpy(bytes + sizeof key.bytes, header + kSumBytes, kLogHeaderBytes - kSumBytes);
    return xxh3_64({bytes, sizeof bytes});
}

template <class T>
void store(char*& out, T value) {
    std::memcpy(out, &value, sizeof value);
    out += sizeof value;
}

bool known_kind(LogRecordKind kind) {
    return kind >= LogRecordKind::Append && kind <= LogRecordKind::RemoveGroup;
}

}  // namespace

LsnKey::LsnKey(Lsn lsn) {
    for (std::size_t i = 0; i < sizeof bytes; ++i)
        bytes[i] = static_cast<char>(lsn.value >> (8 * (sizeof bytes - 1 - i)) & 0xff);
}

std::optional<Lsn> lsn_of(std::string_view key) {
    ByteReader in(key);
    const Lsn lsn{in.get_sorted<std::uint64_t>()};
    if (!in.done()) return std::nullopt;
    return lsn;
}

void write_log_header(char* out, Lsn lsn, const LogRecordHeader& header) {
    char* at = out + kSumBytes;
    store(at, header.payload_sum);
    store(at, header.index.value);
    store(at, header.term.value);
    store(at, header.group.value);
    store(at, header.total_bytes);
    store(at, header.chunk);
    store(at, header.chunks);
    store(at, static_cast<std::uint8_t>(header.kind));
    store(at, kLogFormat);
    store(at, header.payload_bytes);
    const std::uint64_t sum = header_sum(lsn, out);
    std::memcpy(out, &sum, sizeof sum);
}

std::optional<LogRecordHeader> read_log_header(Lsn lsn, std::string_view record) {
    if (record.size() < kLogHeaderBytes) return std::nullopt;
    ByteReader in(record);
    if (in.get<std::uint64_t>() != header_sum(lsn, record.data())) return std::nullopt;
    LogRecordHeader header;
    header.payload_sum = in.get<std::uint64_t>();
    header.index.value = in.get<std::uint64_t>();
    header.term.value = in.get<std::uint64_t>();
    header.group.value = in.get<std::uint32_t>();
    header.total_bytes = in.get<std::uint32_t>();
    header.chunk = in.get<std::uint16_t>();
    header.chunks = in.get<std::uint16_t>();
    header.kind = static_cast<LogRecordKind>(in.get<std::uint8_t>());
    const auto format = in.get<std::uint8_t>();
    header.payload_bytes = in.get<std::uint16_t>();
    if (format != kLogFormat || !known_kind(header.kind)) return std::nullopt;
    if (header.chunk >= header.chunks || header.chunks != log_chunks(header.total_bytes))
        return std::nullopt;
    if (record.size() != kLogHeaderBytes + header.payload_bytes) return std::nullopt;
    return header;
}

bool log_payload_holds(const LogRecordHeader& header, std::string_view record) {
    return xxh3_64(record.substr(kLogHeaderBytes)) == header.payload_sum;
}

std::string control_payload(const LogRecordHeader& header) {
    std::string payload;
    ByteWriter out(payload);
    out.put(static_cast<std::uint8_t>(header.kind));
    out.put(header.group.value);
    out.put(header.index.value);
    out.put(xxh3_64(payload));
    return payload;
}

std::optional<LogRecordHeader> owner_from_payload(std::string_view record) {
    if (record.size() <= kLogHeaderBytes) return std::nullopt;
    const std::string_view payload = record.substr(kLogHeaderBytes);
    LogRecordHeader header;
    if (const auto entry = read_entry_header(payload)) {
        header.group = entry->group;
        header.index = entry->index;
        header.term = entry->term;
        header.total_bytes = static_cast<std::uint32_t>(kEntryHeaderBytes + entry->body_bytes);
        header.chunks = log_chunks(header.total_bytes);
        return header;
    }
    if (payload.size() != kControlBytes + kSumBytes) return std::nullopt;
    ByteReader in(payload);
    header.kind = static_cast<LogRecordKind>(in.get<std::uint8_t>());
    header.group.value = in.get<std::uint32_t>();
    header.index.value = in.get<std::uint64_t>();
    const bool holds = in.get<std::uint64_t>() == xxh3_64(payload.substr(0, kControlBytes));
    if (!holds || !known_kind(header.kind)) return std::nullopt;
    return header;
}

}  // namespace weft::storage
