#pragma once
// Bytes put together field by field, as the documents in docs/ write them down. Shares no code with
// weft's codecs, and calls the hash library itself: what both agree on is the format.

#include <xxhash.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::test {

inline std::uint64_t sum64_by_hand(std::string_view bytes) {
    return XXH3_64bits(bytes.data(), bytes.size());
}

// The high 64 bits first, each half with its highest byte first.
inline std::string sum128_by_hand(std::string_view bytes) {
    const XXH128_hash_t sum = XXH3_128bits(bytes.data(), bytes.size());
    std::string out;
    for (const std::uint64_t half : {sum.high64, sum.low64})
        for (int shift = 56; shift >= 0; shift -= 8)
            out.push_back(static_cast<char>(half >> shift & 0xff));
    return out;
}

class ByHand {
public:
    ByHand& u8(std::uint64_t value) { return low_first(value, 1); }
    ByHand& u16(std::uint64_t value) { return low_first(value, 2); }
    ByHand& u32(std::uint64_t value) { return low_first(value, 4); }
    ByHand& u64(std::uint64_t value) { return low_first(value, 8); }
    ByHand& i64(std::int64_t value) { return low_first(static_cast<std::uint64_t>(value), 8); }
    ByHand& u16_be(std::uint64_t value) { return high_first(value, 2); }
    ByHand& u32_be(std::uint64_t value) { return high_first(value, 4); }
    ByHand& u64_be(std::uint64_t value) { return high_first(value, 8); }
    ByHand& bytes(std::string_view text) {
        out_ += text;
        return *this;
    }
    // `count` bytes: first, first + 1, ... modulo 256.
    ByHand& rising(unsigned first, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            out_.push_back(static_cast<char>((first + i) & 0xff));
        return *this;
    }
    // Zero bytes up to the next multiple of `size`.
    ByHand& pad_to(std::size_t size) {
        while (out_.size() % size != 0) out_.push_back('\0');
        return *this;
    }
    const std::string& done() const { return out_; }

private:
    ByHand& low_first(std::uint64_t value, int size) {
        for (int i = 0; i < size; ++i) out_.push_back(static_cast<char>(value >> (8 * i) & 0xff));
        return *this;
    }
    ByHand& high_first(std::uint64_t value, int size) {
        for (int i = size - 1; i >= 0; --i)
            out_.push_back(static_cast<char>(value >> (8 * i) & 0xff));
        return *this;
    }
    std::string out_;
};

// docs/journal-format.md, "Entry".
struct EntryByHand {
    std::uint32_t group = 0;
    std::uint64_t index = 0, term = 0;
    std::int64_t stamp = 0;
    std::uint8_t kind = 0;
    std::string body;

    std::string after(std::string_view previous_chain) const {
        ByHand header;
        header.u32(group).u64(index).u64(term).i64(stamp).u8(kind).u8(1).u16(0).u32(body.size());
        header.bytes(sum128_by_hand(std::string(previous_chain) + header.done() + body));
        header.u32(sum64_by_hand(header.done()));
        return header.done() + body;
    }
};

inline std::string chain_by_hand(std::string_view entry) {
    return std::string(entry.substr(36, 16));
}

inline std::string section_by_hand(unsigned type, bool critical, std::string_view bytes) {
    return ByHand().u16(type).u16(critical ? 1 : 0).u32(bytes.size()).bytes(bytes).pad_to(8).done();
}

}  // namespace weft::test
