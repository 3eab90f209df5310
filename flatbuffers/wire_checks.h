#pragma once
// From raw bytes to verified tables. Private to the codecs, which instantiate it with the verifier
// of FlatBuffers (its headers stay in the .cpp files).

#include "core/error.h"
#include "flatbuffers/wire_frame.h"
#include "flatbuffers/wire_types.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

namespace weft::wire {

// Every message is one table without tables in it, so a verifier has nothing to walk: depth and
// number of tables end at the first. (Shared offsets make the work quadratic when a budget allows
// more.)
inline constexpr std::uint32_t kTablesMax = 1;

// A root table that passed the verifier; nothing else can make one.
template <class Table, class Verifier>
class Verified {
public:
    static Result<Verified> from(const RawMessage& raw, std::size_t bytes_max) {
        if (raw.body.size() > bytes_max)
            return fail(ErrorNumber::FrameTooLarge, "message type {} of {} bytes, the limit is {}",
                        raw.type, raw.body.size(), bytes_max);
        const auto* data = reinterpret_cast<const std::uint8_t*>(raw.body.data());
        if (reinterpret_cast<std::uintptr_t>(data) % alignof(std::uint64_t) != 0)
            return fail(ErrorNumber::BadMessage, "message type {} is not aligned", raw.type);
        Verifier verifier(data, raw.body.size(), kTablesMax, kTablesMax);
        if (!verifier.template VerifyBuffer<Table>(nullptr))
            return fail(ErrorNumber::BadMessage, "message type {} does not verify", raw.type);
        // The root's offset stands first; the verifier has just followed it.
        std::uint32_t offset = 0;
        std::memcpy(&offset, data, sizeof offset);
        return Verified(reinterpret_cast<const Table*>(data + offset));
    }
    const Table* operator->() const { return table_; }
    const Table& operator*() const { return *table_; }

private:
    explicit Verified(const Table* table) : table_(table) {}
    const Table* table_;
};

// What to do with a message that has no reader here: nothing (skip it) or an error.
template <class Message>
Result<std::optional<Message>> not_read(const RawMessage& raw, bool known_elsewhere) {
    if (known_elsewhere)
        return fail(ErrorNumber::UnexpectedMessage, "message type {} has no place here", raw.type);
    if ((raw.flags & kMustUnderstand) == 0) return std::nullopt;
    return fail(ErrorNumber::NewerWire,
                "message type {} version {} must be understood, this build knows version {}",
                raw.type, raw.version, kMessageVersion);
}

// The verifier checks where a vector lies but not that its elements are aligned. An empty one has
// none, and FlatBuffers aligns it nowhere.
template <class Vector>
bool aligned(const Vector* vector, std::size_t alignment) {
    return vector == nullptr || vector->size() == 0 ||
           reinterpret_cast<std::uintptr_t>(vector->Data()) % alignment == 0;
}

template <class Vector>
std::string_view view_of(const Vector* vector) {
    if (vector == nullptr) return {};
    return {reinterpret_cast<const char*>(vector->Data()), vector->size()};
}

// The part of the frame that a vector of bytes covers.
template <class Vector>
Bytes slice_of(const RawMessage& raw, const Vector* vector) {
    const std::string_view part = view_of(vector);
    if (part.empty()) return {};
    return raw.body.slice(static_cast<std::size_t>(part.data() - raw.body.data()), part.size());
}

template <class Id, class WireId>
Id id_of(const WireId& wire) {
    Id id;
    std::memcpy(id.bytes.data(), wire.bytes()->Data(), id.bytes.size());
    return id;
}

inline bool counter_ok(std::uint64_t value) { return value <= kCounterMax; }
// Milliseconds since 1970: exact in a double, and far from where a difference could overflow.
inline bool wall_ok(std::int64_t ms) { return ms >= 0 && ms < std::int64_t{1} << 53; }

// What structs lack, since they cannot grow, lies beside them: one number for each of `items`.
// A vector that is absent says 0 of all.
template <class Vector, class Item, class Number>
Result<void> read_beside(const Vector* wire, std::vector<Item>& items, Number Item::* field) {
    if (wire == nullptr) return {};
    if (!aligned(wire, alignof(std::uint64_t)))
        return fail(ErrorNumber::BadMessage, "a vector is not aligned");
    if (wire->size() != items.size())
        return fail(ErrorNumber::BadMessage, "{} numbers beside {} items", wire->size(),
                    items.size());
    for (std::uint32_t i = 0; i < wire->size(); ++i) {
        if (!counter_ok(wire->Get(i)))
            return fail(ErrorNumber::BadMessage, "number {} of {} is out of range", i,
                        items.size());
        items[i].*field = Number{wire->Get(i)};
    }
    return {};
}

}  // namespace weft::wire
