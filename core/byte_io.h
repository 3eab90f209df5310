#pragma once
// Little-endian writing and bounded reading of hand-written formats. A reader that runs short turns
// bad() and returns zeros from then on: check once at the end.

#include "weft/types.h"

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace weft {

static_assert(std::endian::native == std::endian::little, "formats are written by memcpy");

class ByteWriter {
public:
    explicit ByteWriter(std::string& out) : out_(out) {}
    template <std::integral T>
    void put(T value) {
        out_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    // Big-endian, for keys that must sort by value.
    template <std::unsigned_integral T>
    void put_sorted(T value) {
        for (std::size_t i = sizeof value; i-- > 0;)
            out_.push_back(static_cast<char>(value >> (8 * i) & 0xff));
    }
    void put_bytes(std::string_view bytes) { out_.append(bytes); }
    template <class Tag>
    void put_id(const Id128<Tag>& id) {
        out_.append(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
    }
    // u32 length, then the bytes.
    void put_blob(std::string_view bytes) {
        put(static_cast<std::uint32_t>(bytes.size()));
        put_bytes(bytes);
    }

private:
    std::string& out_;
};

class ByteReader {
public:
    explicit ByteReader(std::string_view in) : in_(in) {}
    template <std::integral T>
    T get() {
        T value{};
        const std::string_view part = get_bytes(sizeof value);
        if (part.size() == sizeof value) std::memcpy(&value, part.data(), sizeof value);
        return value;
    }
    template <std::unsigned_integral T>
    T get_sorted() {
        T value{};
        for (const char c : get_bytes(sizeof value))
            value = static_cast<T>((value << 8) | static_cast<unsigned char>(c));
        return value;
    }
    std::string_view get_bytes(std::size_t size) {
        if (bad_ || size > in_.size()) {
            bad_ = true;
            return {};
        }
        const std::string_view part = in_.substr(0, size);
        in_.remove_prefix(size);
        return part;
    }
    template <class Id>
    Id get_id() {
        Id id;
        const std::string_view part = get_bytes(id.bytes.size());
        if (!part.empty()) std::memcpy(id.bytes.data(), part.data(), part.size());
        return id;
    }
    std::string_view get_blob() { return get_bytes(get<std::uint32_t>()); }
    std::string_view rest() const { return in_; }
    bool bad() const { return bad_; }
    // True when everything was read and nothing was missing.
    bool done() const { return !bad_ && in_.empty(); }

private:
    std::string_view in_;
    bool bad_ = false;
};

}  // namespace weft
