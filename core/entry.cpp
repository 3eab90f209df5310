#include "core/entry.h"

#include "core/byte_io.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/invariant.h"

#include <cstring>
#include <memory>

namespace weft {

namespace {

constexpr std::size_t kChainedHeaderBytes = 36;  // what the chain covers: all ahead of itself
constexpr std::size_t kChainBytes = sizeof(Chain::bytes);
constexpr std::size_t kChecksumAt = kChainedHeaderBytes + kChainBytes;
static_assert(kChecksumAt + sizeof(std::uint32_t) == kEntryHeaderBytes);

// While an entry is built its header's place holds {4 bytes unused, previous chain, header up to
// the chain}, so that everything the chain covers lies in one piece and is hashed by one call.
constexpr std::size_t kChainInputAt = kEntryHeaderBytes - kChainBytes - kChainedHeaderBytes;

constexpr std::size_t kSectionHeaderBytes = 8;
constexpr std::size_t kSectionAlignment = 8;

std::size_t padded(std::size_t size) {
    return (size + kSectionAlignment - 1) & ~(kSectionAlignment - 1);
}

template <class Number>
char* put(char* at, Number value) {
    std::memcpy(at, &value, sizeof value);
    return at + sizeof value;
}

void write_chained_header(char* at, const EntryHeader& header) {
    char* end = put(at, header.group.value);
    end = put(end, header.index.value);
    end = put(end, header.term.value);
    end = put(end, header.stamp_ms);
    end = put(end, header.kind);
    end = put(end, header.format);
    end = put(end, header.flags);
    end = put(end, header.body_bytes);
    WEFT_INVARIANT(end == at + kChainedHeaderBytes, "{} bytes of header", end - at);
}

std::uint32_t header_checksum(const char* header) {
    return static_cast<std::uint32_t>(xxh3_64({header, kChecksumAt}));
}

bool all_zero(std::string_view bytes) {
    return bytes.find_first_not_of('\0') == std::string_view::npos;
}

// Walks the body: sections must cover it to the last byte, with types, flags and padding as
// written.
Result<void> check_sections(std::string_view encoded) {
    std::size_t offset = kEntryHeaderBytes;
    while (offset < encoded.size()) {
        const std::size_t left = encoded.size() - offset;
        const std::size_t at = offset;
        const auto section = next_section(encoded, offset);
        if (!section)
            return fail(ErrorNumber::DataDamaged, "section at {} runs past {} bytes left", at,
                        left);
        if (section->type == SectionType{})
            return fail(ErrorNumber::DataDamaged, "section at {} has type 0", at);
        if ((section->flags & ~kSectionCritical) != 0)
            return fail(ErrorNumber::DataDamaged, "section at {} has flags {:#x}", at,
                        section->flags);
        const std::size_t end = at + kSectionHeaderBytes + section->bytes.size();
        if (!all_zero(encoded.substr(end, offset - end)))
            return fail(ErrorNumber::DataDamaged, "padding at {} is not zero", end);
    }
    return {};
}

Chain chain_of(std::string_view encoded, const Chain& previous) {
    Xxh3Stream stream;
    stream.update({reinterpret_cast<const char*>(previous.bytes.data()), kChainBytes});
    stream.update(encoded.substr(0, kChainedHeaderBytes));
    stream.update(encoded.substr(kEntryHeaderBytes));
    return Chain{stream.digest128().bytes};
}

}  // namespace

void EntryBuilder::begin(EntryKind kind) {
    buffer_.assign(kEntryHeaderBytes, '\0');
    kind_ = kind;
}

void EntryBuilder::section(SectionType type, std::string_view bytes, bool critical) {
    char* space = section_space(type, bytes.size(), critical);
    if (!bytes.empty()) std::memcpy(space, bytes.data(), bytes.size());
}

char* EntryBuilder::section_space(SectionType type, std::size_t size, bool critical) {
    WEFT_INVARIANT(buffer_.size() >= kEntryHeaderBytes, "a section before begin()");
    WEFT_INVARIANT(size <= kEntryBytesMax, "a section of {} bytes", size);
    const std::size_t at = buffer_.size();
    buffer_.resize(at + kSectionHeaderBytes + padded(size), '\0');
    char* end = put(buffer_.data() + at, type);
    end = put(end, critical ? kSectionCritical : std::uint16_t{0});
    return put(end, static_cast<std::uint32_t>(size));
}

Bytes EntryBuilder::finish(EntryHeader& header, const Chain& previous) {
    const std::size_t size = buffer_.size();
    WEFT_INVARIANT(size >= kEntryHeaderBytes, "finish() before begin()");
    WEFT_INVARIANT(size <= kEntryBytesMax, "an entry of {} bytes", size);
    header.kind = kind_;
    header.format = kEntryFormat;
    header.flags = 0;
    header.body_bytes = static_cast<std::uint32_t>(size - kEntryHeaderBytes);

    char* chained = buffer_.data() + kChainInputAt;
    std::memcpy(chained, previous.bytes.data(), kChainBytes);
    write_chained_header(chained + kChainBytes, header);
    header.chain.bytes = xxh3_128({chained, size - kChainInputAt}).bytes;

    auto block = std::make_shared_for_overwrite<char[]>(size);
    char* out = block.get();
    std::memcpy(out, chained + kChainBytes, kChainedHeaderBytes);
    std::memcpy(out + kChainedHeaderBytes, header.chain.bytes.data(), kChainBytes);
    put(out + kChecksumAt, header_checksum(out));
    std::memcpy(out + kEntryHeaderBytes, buffer_.data() + kEntryHeaderBytes,
                size - kEntryHeaderBytes);
    return Bytes::of(std::move(block), out, size);
}

Result<EntryHeader> read_entry_header(std::string_view encoded) {
    if (encoded.size() < kEntryHeaderBytes)
        return fail(ErrorNumber::DataDamaged, "an entry header of {} bytes", encoded.size());
    ByteReader reader(encoded.substr(0, kEntryHeaderBytes));
    EntryHeader header;
    header.group.value = reader.get<std::uint32_t>();
    header.index.value = reader.get<std::uint64_t>();
    header.term.value = reader.get<std::uint64_t>();
    header.stamp_ms = reader.get<std::int64_t>();
    header.kind = EntryKind{reader.get<std::uint8_t>()};
    header.format = reader.get<std::uint8_t>();
    header.flags = reader.get<std::uint16_t>();
    header.body_bytes = reader.get<std::uint32_t>();
    header.chain = reader.get_id<Chain>();
    if (reader.get<std::uint32_t>() != header_checksum(encoded.data()))
        return fail(ErrorNumber::DataDamaged, "an entry header does not match its checksum");
    if (header.format > kEntryFormat)
        return fail(ErrorNumber::NewerFormat, "entry format {}, known up to {}", header.format,
                    kEntryFormat);
    if (header.format != kEntryFormat || header.flags != 0)
        return fail(ErrorNumber::DataDamaged, "entry format {}, flags {:#x}", header.format,
                    header.flags);
    if (header.kind < EntryKind::NoOp || header.kind > EntryKind::Audit)
        return fail(
            header.kind == EntryKind{} ? ErrorNumber::DataDamaged : ErrorNumber::NewerFormat,
            "entry kind {}", static_cast<int>(header.kind));
    if (header.body_bytes > kEntryBytesMax - kEntryHeaderBytes)
        return fail(ErrorNumber::DataDamaged, "an entry body of {} bytes, at most {}",
                    header.body_bytes, kEntryBytesMax - kEntryHeaderBytes);
    return header;
}

Result<EntryHeader> check_entry_alone(std::string_view encoded) {
    auto header = read_entry_header(encoded);
    if (!header) return header;
    if (header->body_bytes != encoded.size() - kEntryHeaderBytes)
        return fail(ErrorNumber::DataDamaged, "{} bytes of an entry body, its header says {}",
                    encoded.size() - kEntryHeaderBytes, header->body_bytes);
    if (auto sections = check_sections(encoded); !sections)
        return std::unexpected(std::move(sections).error());
    return header;
}

Result<EntryHeader> check_entry(std::string_view encoded, const Chain& previous) {
    auto header = check_entry_alone(encoded);
    if (header && chain_of(encoded, previous) != header->chain)
        return fail(ErrorNumber::DataDamaged,
                    "entry {} of group {} does not continue the chain of the one before",
                    header->index.value, header->group.value);
    return header;
}

std::optional<Section> next_section(std::string_view encoded, std::size_t& offset) {
    if (offset > encoded.size() || encoded.size() - offset < kSectionHeaderBytes)
        return std::nullopt;
    ByteReader reader(encoded.substr(offset));
    Section section;
    section.type = SectionType{reader.get<std::uint16_t>()};
    section.flags = reader.get<std::uint16_t>();
    const std::size_t length = reader.get<std::uint32_t>();
    if (padded(length) > reader.rest().size()) return std::nullopt;
    section.bytes = reader.get_bytes(length);
    offset += kSectionHeaderBytes + padded(length);
    return section;
}

std::optional<Section> find_section(std::string_view encoded, SectionType type) {
    std::size_t offset = kEntryHeaderBytes;
    while (auto section = next_section(encoded, offset)) {
        if (section->type == type) return section;
    }
    return std::nullopt;
}

}  // namespace weft
