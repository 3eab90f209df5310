#include "routing/key.h"

#include "core/byte_io.h"
#include "core/error.h"

#include <algorithm>
#include <array>

namespace weft::routing {

namespace {

constexpr char kTagged = 0x01;
constexpr char kUntagged = 0x00;

// The part that keeps related entities together: between the first '{' and the next '}', when it is
// not empty.
std::string_view placement_tag(std::string_view id) {
    const std::size_t open = id.find('{');
    if (open == std::string_view::npos) return {};
    const std::size_t close = id.find('}', open + 1);
    if (close == std::string_view::npos) return {};
    return id.substr(open + 1, close - open - 1);
}

bool is_type_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Length of the UTF-8 sequence at the front of `text`; 0 when it is not one. Overlong forms,
// surrogates and values above U+10FFFF are refused (RFC 3629), so that one id has one spelling.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if (!is_continuation(text[i])) return 0;
    if (first == 0xe0 && byte(1) < 0xa0) return 0;
    if (first == 0xed && byte(1) > 0x9f) return 0;
    if (first == 0xf0 && byte(1) < 0x90) return 0;
    if (first == 0xf4 && byte(1) > 0x8f) return 0;
    return length;
}

Result<void> check_type(std::string_view type, bool allow_reserved) {
    if (type.empty()) return fail(ErrorNumber::BadEntityId, "the type is empty");
    if (type.size() > kTypeBytesMax)
        return fail(ErrorNumber::BadEntityId, "the type has {} bytes, at most {} are allowed",
                    type.size(), kTypeBytesMax);
    std::string_view name = type;
    if (name.front() == '!') {
        if (!allow_reserved)
            return fail(ErrorNumber::BadEntityId,
                        "types that begin with '!' belong to weft itself");
        name.remove_prefix(1);
        if (name.empty()) return fail(ErrorNumber::BadEntityId, "the type is only a '!'");
    }
    for (const char c : name)
        if (!is_type_character(c))
            return fail(ErrorNumber::BadEntityId,
                        "the type holds byte 0x{:02x}; allowed are a-z 0-9 _ . -",
                        static_cast<unsigned char>(c));
    return {};
}

}  // namespace

std::uint64_t entity_hash(const HashKey& key, std::string_view type, std::string_view id) {
    // Every request is hashed: a valid one fits here, and nothing is allocated for it.
    std::array<char, 2 + kTypeBytesMax + kIdBytesMax> room;
    std::string longer;
    char* input = room.data();
    if (type.size() + id.size() + 2 > room.size()) {
        longer.resize(type.size() + id.size() + 2);
        input = longer.data();
    }
    char* end = input;
    if (const std::string_view tag = placement_tag(id); !tag.empty()) {
        *end++ = kTagged;
        end = std::copy(tag.begin(), tag.end(), end);
    } else {
        *end++ = kUntagged;
        *end++ = static_cast<char>(type.size());
        end = std::copy(type.begin(), type.end(), end);
        end = std::copy(id.begin(), id.end(), end);
    }
    return siphash24(key, {input, static_cast<std::size_t>(end - input)});
}

PartitionId group_of(const HashKey& key, std::uint32_t groups, std::string_view type,
                     std::string_view id) {
    if (type.starts_with('!')) return PartitionId{0};
    return PartitionId{1 + static_cast<std::uint32_t>(entity_hash(key, type, id) % groups)};
}

Result<void> check_entity_id(std::string_view type, std::string_view id, bool allow_reserved) {
    if (auto good = check_type(type, allow_reserved); !good) return good;
    if (id.empty()) return fail(ErrorNumber::BadEntityId, "the id is empty");
    if (id.size() > kIdBytesMax)
        return fail(ErrorNumber::BadEntityId, "the id has {} bytes, at most {} are allowed",
                    id.size(), kIdBytesMax);
    std::size_t at = 0;
    while (at < id.size()) {
        if (id[at] == '\0')
            return fail(ErrorNumber::BadEntityId, "the id holds a NUL byte at {}", at);
        const std::size_t length = utf8_length(id.substr(at));
        if (length == 0)
            return fail(ErrorNumber::BadEntityId, "the id is not valid UTF-8 at byte {}", at);
        at += length;
    }
    return {};
}

Result<EntityId> parse_entity_id(std::string_view text, bool allow_reserved) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos)
        return fail(ErrorNumber::BadEntityId, "an entity is written as type/id");
    const std::string_view type = text.substr(0, slash);
    const std::string_view id = text.substr(slash + 1);
    if (auto good = check_entity_id(type, id, allow_reserved); !good)
        return std::unexpected(std::move(good).error());
    return EntityId{std::string(type), std::string(id)};
}

Digest request_digest(std::string_view type, std::string_view id, std::string_view command,
                      std::string_view payload) {
    Xxh3Stream stream;
    for (const std::string_view part : {type, id, command, payload}) {
        const auto size = static_cast<std::uint32_t>(part.size());
        stream.update({reinterpret_cast<const char*>(&size), sizeof size});
        stream.update(part);
    }
    return stream.digest128();
}

}  // namespace weft::routing
