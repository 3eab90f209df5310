#include "replication/partition/sections.h"

#include "core/byte_io.h"
#include "core/error.h"

#include <algorithm>
#include <cstring>

namespace weft::replication {

namespace {

constexpr std::size_t kRequestBytes = 16 + 8 + 8 + 8 + 16;
constexpr std::size_t kEntityFixedBytes = 8 + 8 + 8 + 8 + 1;
constexpr std::size_t kOutcomeFixedBytes = 1 + 2;
constexpr std::uint8_t kPresent = 1;
constexpr std::uint8_t kDeleted = 2;

template <class Value>
char* put(char* at, const Value& value) {
    std::memcpy(at, &value, sizeof value);
    return at + sizeof value;
}

char* put_text(char* at, std::string_view text) {
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    return at + text.size();
}

bool read_request(std::string_view bytes, DecodedEntry& entry) {
    ByteReader reader(bytes);
    RequestPart part;
    part.client = reader.get_id<ClientId>();
    part.start_ms = reader.get<std::int64_t>();
    part.seq = reader.get<std::uint64_t>();
    part.lowest_open = reader.get<std::uint64_t>();
    part.digest = reader.get_id<Digest>();
    entry.request = part;
    return reader.done();
}

bool read_entity(std::string_view bytes, DecodedEntry& entry) {
    ByteReader reader(bytes);
    EntityPart part;
    part.standing.generation.value = reader.get<std::uint64_t>();
    part.standing.version.value = reader.get<std::uint64_t>();
    part.standing.revision.value = reader.get<std::uint64_t>();
    part.hash = reader.get<std::uint64_t>();
    part.type = reader.get_bytes(reader.get<std::uint8_t>());
    part.id = reader.rest();
    entry.entity = part;
    return !reader.bad() && !part.type.empty() && part.type.size() <= kTypeBytesMax &&
           !part.id.empty() && part.id.size() <= kIdBytesMax &&
           part.id.find('\0') == std::string_view::npos;
}

bool read_value(std::string_view bytes, DecodedEntry& entry) {
    ByteReader reader(bytes);
    const auto state = reader.get<std::uint8_t>();
    entry.value = ValuePart{.deleted = state == kDeleted, .bytes = reader.rest()};
    return state == kPresent || (state == kDeleted && reader.rest().empty());
}

bool read_events(std::string_view bytes, DecodedEntry& entry) {
    ByteReader reader(bytes);
    while (!reader.bad() && !reader.rest().empty()) {
        reader.get_bytes(reader.get<std::uint8_t>());  // payload type: the built-in kinds have none
        entry.events.push_back(reader.get_blob());
    }
    return !reader.bad() && !entry.events.empty();
}

bool read_session_floor(std::string_view bytes, DecodedEntry& entry) {
    ByteReader reader(bytes);
    entry.session_floor = reader.get<std::int64_t>();
    return reader.done();
}

bool read_outcome(std::string_view bytes, DecodedEntry& entry) {
    ByteReader reader(bytes);
    const auto outcome = reader.get<std::uint8_t>();
    OutcomePart part;
    part.outcome = Outcome{outcome};
    part.error_number = reader.get<std::uint16_t>();
    part.message = reader.rest();
    entry.outcome = part;
    entry.has_outcome = true;
    return !reader.bad() && outcome >= 1 && outcome <= 4;
}

// True when the section holds what its type says; `known` turns false for types of later builds.
bool read_section(const Section& section, DecodedEntry& entry, bool& known) {
    // Where a type can occur once, the first one counts (docs/journal-format.md).
    switch (section.type) {
        case SectionType::Request:
            return entry.request || read_request(section.bytes, entry);
        case SectionType::Entity:
            return entry.entity || read_entity(section.bytes, entry);
        case SectionType::Events:
            return !entry.events.empty() || read_events(section.bytes, entry);
        case SectionType::Value:
            return entry.value || read_value(section.bytes, entry);
        case SectionType::SnapshotPart:
            if (!entry.snapshot) entry.snapshot = section.bytes;
            return true;
        case SectionType::Outcome:
            return entry.has_outcome || read_outcome(section.bytes, entry);
        case SectionType::Reply:
            if (entry.reply.empty()) entry.reply = section.bytes;
            return true;
        case SectionType::SessionFloor:
            return entry.session_floor || read_session_floor(section.bytes, entry);
        case SectionType::Config:
            return true;  // the replica's own
        default:
            known = false;
            return true;
    }
}

// The sections that an entry of this kind cannot do without.
bool complete(EntryKind kind, const DecodedEntry& entry) {
    switch (kind) {
        case EntryKind::Command:
            // Exactly one kind of change; an entity that exists has a version.
            return entry.request && entry.entity &&
                   entry.value.has_value() == entry.events.empty() &&
                   (entry.events.empty() ||
                    entry.entity->standing.version.value >= entry.events.size());
        case EntryKind::Outcome:
            return entry.request && entry.entity;
        case EntryKind::Resolve:
            return entry.request.has_value();
        default:
            return true;
    }
}

}  // namespace

void write_request(EntryBuilder& entry, const RequestPart& part) {
    char* at = entry.section_space(SectionType::Request, kRequestBytes, true);
    at = put(at, part.client.bytes);
    at = put(at, part.start_ms);
    at = put(at, part.seq);
    at = put(at, part.lowest_open);
    put(at, part.digest.bytes);
}

void write_entity(EntryBuilder& entry, const EntityPart& part) {
    char* at = entry.section_space(SectionType::Entity,
                                   kEntityFixedBytes + part.type.size() + part.id.size(), true);
    at = put(at, part.standing.generation.value);
    at = put(at, part.standing.version.value);
    at = put(at, part.standing.revision.value);
    at = put(at, part.hash);
    at = put(at, static_cast<std::uint8_t>(part.type.size()));
    at = put_text(at, part.type);
    put_text(at, part.id);
}

void write_value(EntryBuilder& entry, const ValuePart& part) {
    char* at = entry.section_space(SectionType::Value, 1 + part.bytes.size(), true);
    at = put(at, part.deleted ? kDeleted : kPresent);
    put_text(at, part.bytes);
}

void write_events(EntryBuilder& entry, const std::vector<Bytes>& events) {
    constexpr std::size_t kEventFixedBytes = 1 + 4;
    std::size_t size = 0;
    for (const Bytes& event : events) size += kEventFixedBytes + event.size();
    char* at = entry.section_space(SectionType::Events, size, true);
    for (const Bytes& event : events) {
        at = put(at, std::uint8_t{0});  // no payload type
        at = put(at, static_cast<std::uint32_t>(event.size()));
        at = put_text(at, event.view());
    }
}

void write_session_floor(EntryBuilder& entry, std::int64_t start_ms) {
    put(entry.section_space(SectionType::SessionFloor, sizeof start_ms, true), start_ms);
}

void write_outcome(EntryBuilder& entry, const OutcomePart& part) {
    const std::string_view message = part.message.substr(0, kOutcomeMessageBytesMax);
    char* at = entry.section_space(SectionType::Outcome, kOutcomeFixedBytes + message.size(), true);
    at = put(at, static_cast<std::uint8_t>(part.outcome));
    at = put(at, part.error_number);
    put_text(at, message);
}

Result<DecodedEntry> decode_entry(EntryKind kind, std::string_view encoded) {
    if (kind > EntryKind::Expire)
        return fail(ErrorNumber::NewerFormat, "entries of kind {} are of a later weft",
                    static_cast<int>(kind));
    DecodedEntry entry;
    std::size_t offset = kEntryHeaderBytes;
    while (const auto section = next_section(encoded, offset)) {
        bool known = true;
        if (!read_section(*section, entry, known))
            return fail(ErrorNumber::DataDamaged, "section type {} does not parse",
                        static_cast<int>(section->type));
        if (!known && section->critical())
            return fail(ErrorNumber::NewerFormat, "section type {} must be understood",
                        static_cast<int>(section->type));
    }
    if (kind == EntryKind::Expire && !entry.session_floor)
        return fail(ErrorNumber::NewerFormat, "what an entry of kind {} ends is of a later weft",
                    static_cast<int>(kind));
    if (!complete(kind, entry))
        return fail(ErrorNumber::DataDamaged, "an entry of kind {} lacks a section",
                    static_cast<int>(kind));
    return entry;
}

}  // namespace weft::replication
