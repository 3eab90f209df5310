#pragma once
// The bodies of an entry's sections as this build writes and reads them (grammar in
// docs/journal-sections.md). A leader writes absolute numbers and values, so that a replica stores
// what an entry says without loading anything.

#include "core/entry.h"
#include "core/standing.h"
#include "weft/result.h"
#include "weft/types.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace weft::replication {

// Who asked: names the session and the place in it. The group is that of the entry.
struct RequestPart {
    ClientId client{};
    std::int64_t start_ms = 0;
    std::uint64_t seq = 0;
    std::uint64_t lowest_open = 0;
    Digest digest{};
};

// The entity's address and where it stands after the entry. A delete leaves the revision alone; the
// outcome of a command that found no entity, and made none, leaves nothing.
struct EntityPart {
    Standing standing{};
    std::uint64_t hash = 0;
    std::string_view type, id;
};

struct ValuePart {
    bool deleted = false;
    std::string_view bytes;
};

struct OutcomePart {
    Outcome outcome = Outcome::Done;
    std::uint16_t error_number = 0;
    std::string_view message;
};

inline constexpr std::size_t kOutcomeMessageBytesMax = 1024;

// Every view points into the encoded entry.
struct DecodedEntry {
    std::optional<RequestPart> request;
    std::optional<EntityPart> entity;
    std::optional<ValuePart> value;
    std::vector<std::string_view> events;
    std::optional<std::string_view> snapshot;
    std::optional<std::int64_t> session_floor;
    OutcomePart outcome;  // done when there is no such section
    bool has_outcome = false;
    std::string_view reply;
};

// How sections of one type are read. Where a type can occur once, the first one counts
// (docs/journal-format.md). False: the body does not parse.
struct SectionReader {
    SectionType type{};
    bool (*read)(std::string_view bytes, DecodedEntry& entry) = nullptr;
};

void write_request(EntryBuilder& entry, const RequestPart& part);
void write_entity(EntryBuilder& entry, const EntityPart& part);
void write_value(EntryBuilder& entry, const ValuePart& part);
void write_events(EntryBuilder& entry, const std::vector<Bytes>& events);
void write_session_floor(EntryBuilder& entry, std::int64_t start_ms);
// The message is cut at kOutcomeMessageBytesMax.
void write_outcome(EntryBuilder& entry, const OutcomePart& part);

// Reads a checked entry. NewerFormat: a critical section or a kind that this build does not know;
// the replica must stop applying there. DataDamaged: a section's body does not parse.
Result<DecodedEntry> decode_entry(EntryKind kind, std::string_view encoded);

}  // namespace weft::replication
