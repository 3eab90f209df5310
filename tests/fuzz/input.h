#pragma once
// What the targets make of an input: a few choices from its begin, and bytes that end where the
// input ends. Reading past the end gives zeros, so that every input means something. It must mean
// the same under every compiler: never two pieces among the arguments of one call, which have no
// order.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace weft::fuzz {

class Input {
public:
    Input(const std::uint8_t* data, std::size_t size)
        : rest_(reinterpret_cast<const char*>(data), size) {}

    bool empty() const { return rest_.empty(); }
    std::uint8_t byte() { return number<std::uint8_t>(); }
    bool flag() { return (byte() & 1) != 0; }
    // 0..count-1
    std::size_t choice(std::size_t count) { return byte() % count; }
    template <std::integral Number>
    Number number() {
        Number value{};
        const std::string_view part = take(sizeof value);
        if (!part.empty()) std::memcpy(&value, part.data(), part.size());
        return value;
    }
    // One byte of length, then the bytes: at most `most` and what is left.
    std::string_view text(std::size_t most = 255) {
        return take(std::min<std::size_t>(byte(), most));
    }
    std::string_view rest() { return take(rest_.size()); }

private:
    std::string_view take(std::size_t size) {
        const std::string_view part = rest_.substr(0, size);
        rest_.remove_prefix(part.size());
        return part;
    }

    std::string_view rest_;
};

// A copy in a block of exactly its size: AddressSanitizer sees the first byte read beyond it, which
// in a std::string it would not.
class Exact {
public:
    explicit Exact(std::string_view bytes)
        : block_(std::make_unique_for_overwrite<char[]>(bytes.size())), size_(bytes.size()) {
        if (!bytes.empty()) std::memcpy(block_.get(), bytes.data(), bytes.size());
    }
    std::string_view view() const { return {block_.get(), size_}; }
    // True when `part` lies inside; an empty one lies anywhere.
    bool holds(std::string_view part) const {
        const std::less_equal<const char*> before;
        return part.empty() || (before(block_.get(), part.data()) &&
                                before(part.data() + part.size(), block_.get() + size_));
    }

private:
    std::unique_ptr<char[]> block_;
    std::size_t size_;
};

template <class Number>
void put_at(std::string& bytes, std::size_t at, Number value) {
    std::memcpy(bytes.data() + at, &value, sizeof value);
}

}  // namespace weft::fuzz
