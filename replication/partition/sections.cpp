#include "replication/partition/sections.h"

#include "core/byte_io.h"
#include "core/error.h"
#include "replication/partition/kind_format.h"
#include "replication/partition/section_bytes.h"

#include <algorithm>
#include <array>
#include <span>

namespace weft::replication {

namespace {

constexpr std::size_t kRequestBytes = 16 + 8 + 8 + 8 + 16;
constexpr std::size_t kEntityFixedBytes = 8 + 8 + 8 + 8 + 1;
constexpr std::size_t kOutcomeFixedBytes = 1 + 2;

bool read_request(std::string_view bytes, DecodedEntry& entry) {
    if (entry.request) return true;
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
    if (entry.entity) return true;
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

bool read_session_floor(std::string_view bytes, DecodedEntry& entry) {
    if (entry.session_floor) return true;
    ByteReader reader(bytes);
    entry.session_floor = reader.get<std::int64_t>();
    return reader.done();
}

bool read_outcome(std::string_view bytes, DecodedEntry& entry) {
    if (entry.has_outcome) return true;
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

bool read_reply(std::string_view bytes, DecodedEntry& entry) {
    if (entry.reply.empty()) entry.reply = bytes;
    return true;
}

bool leave_to_replica(std::string_view /*bytes*/, DecodedEntry& /*entry*/) { return true; }

// Of entries of any kind of entity.
constexpr std::array kSections = {SectionReader{SectionType::Request, read_request},
                                  SectionReader{SectionType::Entity, read_entity},
                                  SectionReader{SectionType::Outcome, read_outcome},
                                  SectionReader{SectionType::Reply, read_reply},
                                  SectionReader{SectionType::SessionFloor, read_session_floor},
                                  SectionReader{SectionType::Config, leave_to_replica}};

const SectionReader* reader_among(std::span<const SectionReader> readers, SectionType type) {
    const auto found = std::ranges::find(readers, type, &SectionReader::type);
    return found == readers.end() ? nullptr : &*found;
}

// Nothing: a type of a later build.
const SectionReader* reader_of(SectionType type) {
    if (const SectionReader* reader = reader_among(kSections, type)) return reader;
    for (const KindFormat* format : kKindFormats)
        if (const SectionReader* reader = reader_among(format->sections, type)) return reader;
    return nullptr;
}

// The sections that an entry of this kind cannot do without.
bool complete(EntryKind kind, const DecodedEntry& entry) {
    switch (kind) {
        case EntryKind::Command:
            return entry.request && entry.entity && kind_of(entry);
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
        const SectionReader* reader = reader_of(section->type);
        if (reader != nullptr && !reader->read(section->bytes, entry))
            return fail(ErrorNumber::DataDamaged, "section type {} does not parse",
                        static_cast<int>(section->type));
        if (reader == nullptr && section->critical())
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
