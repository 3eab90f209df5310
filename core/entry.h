#pragma once
// The journal's unit: one log entry. Hand-written format, golden files in tests/golden, grammar in
// docs/journal-format.md. What is read back is checked as hostile.

#include "weft/bytes.h"
#include "weft/result.h"
#include "weft/types.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft {

enum class EntryKind : std::uint8_t {
    NoOp = 1,
    Config = 2,
    Command = 3,  // changed the entity
    Outcome = 4,  // a command that was rejected or changed nothing
    Resolve = 5,  // closes a sequence number, or finds its remembered outcome
    Expire = 6,   // a value's time to live ended, or sessions did below a floor
    Timer = 7,
    OutboxAck = 8,
    Audit = 9,
};

enum class SectionType : std::uint16_t {
    Request = 1,
    Entity = 2,
    Events = 3,
    Value = 4,
    SnapshotPart = 5,
    Outcome = 6,
    Reply = 7,
    MessagesOut = 8,
    Timers = 9,
    Dependencies = 10,
    Actor = 11,
    Trace = 12,
    CrdtDelta = 13,
    InboxMark = 14,
    Config = 15,
    SessionFloor = 16,
};

inline constexpr std::size_t kEntryHeaderBytes = 56;
inline constexpr std::size_t kEntryBytesMax = std::size_t{2} << 20;
inline constexpr std::uint8_t kEntryFormat = 1;
inline constexpr std::uint16_t kSectionCritical = 1;

// What the fixed header says; also kept in memory for every entry of the log.
struct EntryHeader {
    PartitionId group;
    LogIndex index;
    Term term;
    std::int64_t stamp_ms = 0;
    EntryKind kind = EntryKind::NoOp;
    std::uint8_t format = kEntryFormat;
    std::uint16_t flags = 0;
    std::uint32_t body_bytes = 0;
    Chain chain;
    bool operator==(const EntryHeader&) const = default;
};

// Collects sections into one buffer and closes it with header, chain and checksum. Reusable: the
// buffer keeps its room, so an entry costs one allocation, the block it is returned in. The caller
// sees to it that bytes_so_far() stays at or below kEntryBytesMax; an invariant holds it to that.
class EntryBuilder {
public:
    void begin(EntryKind kind);
    // Adds one section; `critical`: a replica that does not know the type must stop applying.
    void section(SectionType type, std::string_view bytes, bool critical = false);
    // Room for `size` bytes of a section that the caller fills at once (until the next call).
    char* section_space(SectionType type, std::size_t size, bool critical = false);
    // The size that the encoded entry has so far, header included.
    std::size_t bytes_so_far() const { return buffer_.size(); }
    // Fills in the header (group, index, term, stamp are taken from `header`, the rest is computed)
    // and returns the encoded entry in a block of its own; `header.chain` is set.
    Bytes finish(EntryHeader& header, const Chain& previous);

private:
    // The first 56 bytes are room for what the chain covers ahead of the body (entry.cpp).
    std::string buffer_;
    EntryKind kind_ = EntryKind::NoOp;
};

struct Section {
    SectionType type{};
    std::uint16_t flags = 0;
    std::string_view bytes;
    bool critical() const { return (flags & kSectionCritical) != 0; }
};

// Reads the header alone, whatever follows it: size, checksum, known format and kind, a length
// within the limit. DataDamaged when it does not hold, NewerFormat when a later weft wrote it.
Result<EntryHeader> read_entry_header(std::string_view encoded);

// True when `encoded` is exactly one whole entry: header checksum, length, section bounds, and the
// chain continues `previous`. Says in words what is wrong.
Result<EntryHeader> check_entry(std::string_view encoded, const Chain& previous);

// As check_entry but without the predecessor (a record read alone): header and bounds only.
Result<EntryHeader> check_entry_alone(std::string_view encoded);

// The first section of that type in a checked entry; nothing when absent.
std::optional<Section> find_section(std::string_view encoded, SectionType type);

// Calls `visit(Section)` for each section of a checked entry, in order.
template <class Visit>
void for_each_section(std::string_view encoded, Visit&& visit);

// The next section at `offset` (from kEntryHeaderBytes on), advancing it; nothing at the end.
std::optional<Section> next_section(std::string_view encoded, std::size_t& offset);

template <class Visit>
void for_each_section(std::string_view encoded, Visit&& visit) {
    std::size_t offset = kEntryHeaderBytes;
    while (auto section = next_section(encoded, offset)) visit(*section);
}

}  // namespace weft
