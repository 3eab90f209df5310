#pragma once
/// The payload of command "cas" of the built-in type `kv`. weft/kv.h has the calls.

#include "weft/config.h"
#include "weft/types.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace weft::kv {

/// What a compare-and-set expects to find: absent(), at() a revision, or equal_to() a value.
struct Expect {
    enum class Kind : std::uint8_t { Absent = 0, AtRevision = 1, Value = 2 } kind = Kind::Absent;
    Revision revision;       ///< AtRevision
    std::string_view value;  ///< Value; borrowed

    static Expect absent() { return {}; }
    static Expect at(Revision revision) { return {Kind::AtRevision, revision, {}}; }
    /// `value` is borrowed until the call has begun.
    static Expect equal_to(std::string_view value) { return {Kind::Value, {}, value}; }
};

/// The payload of command "cas": u8 kind, u64 revision, u32 length + expected value, new value.
inline std::string cas_payload(const Expect& expect, std::string_view new_value) {
    std::string out;
    out.push_back(static_cast<char>(expect.kind));
    const std::uint64_t revision = expect.revision.value;
    out.append(reinterpret_cast<const char*>(&revision), sizeof revision);
    const auto size = static_cast<std::uint32_t>(expect.value.size());
    out.append(reinterpret_cast<const char*>(&size), sizeof size);
    out.append(expect.value);
    out.append(new_value);
    return out;
}

struct Cas {
    Expect expect;
    std::string_view new_value;
};
/// The reverse; nothing when malformed. Views into `payload`.
inline std::optional<Cas> parse_cas(std::string_view payload) {
    constexpr std::size_t kFixed = 1 + 8 + 4;
    if (payload.size() < kFixed) return std::nullopt;
    const auto kind = static_cast<std::uint8_t>(payload[0]);
    if (kind > 2) return std::nullopt;
    Cas cas;
    cas.expect.kind = static_cast<Expect::Kind>(kind);
    std::memcpy(&cas.expect.revision.value, payload.data() + 1, 8);
    std::uint32_t size = 0;
    std::memcpy(&size, payload.data() + 9, 4);
    if (size > payload.size() - kFixed) return std::nullopt;
    cas.expect.value = payload.substr(kFixed, size);
    cas.new_value = payload.substr(kFixed + size);
    return cas;
}

}  // namespace weft::kv
