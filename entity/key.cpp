// Keys of entities and records of events: what rows and memory share.

#include "core/byte_io.h"
#include "core/invariant.h"
#include "entity/host.h"

#include <algorithm>
#include <array>

namespace weft::entity {

void write_key(std::string& out, std::uint64_t hash, std::string_view type, std::string_view id) {
    ByteWriter writer(out);
    writer.put_sorted(hash);
    writer.put(static_cast<std::uint8_t>(type.size()));
    writer.put_bytes(type);
    writer.put_bytes(id);
}

std::uint64_t placement_hash(const HashKey& key, std::string_view type, std::string_view id) {
    // Every request comes by here: no allocation.
    std::array<char, 2 + kTypeBytesMax + kIdBytesMax> input;
    std::size_t size = 0;
    const auto put = [&](std::string_view part) {
        const std::size_t fits = std::min(part.size(), input.size() - size);
        std::copy_n(part.data(), fits, input.data() + size);
        size += fits;
    };
    WEFT_INVARIANT(type.size() <= kTypeBytesMax && id.size() <= kIdBytesMax,
                   "a type of {} and an id of {} bytes", type.size(), id.size());
    const std::size_t open = id.find('{');
    const std::size_t close = open == std::string_view::npos ? open : id.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) {
        put(std::string_view("\x01", 1));
        put(id.substr(open + 1, close - open - 1));
    } else {
        const char length = static_cast<char>(type.size());
        put(std::string_view("\x00", 1));
        put({&length, 1});
        put(type);
        put(id);
    }
    return siphash24(key, {input.data(), size});
}

std::optional<KeyParts> split_key(std::string_view key) {
    ByteReader reader(key);
    KeyParts parts;
    parts.hash = reader.get_sorted<std::uint64_t>();
    parts.type = reader.get_bytes(reader.get<std::uint8_t>());
    parts.id = reader.rest();
    if (reader.bad() || parts.type.empty() || parts.id.empty()) return std::nullopt;
    return parts;
}

}  // namespace weft::entity
