#pragma once
/// Immutable byte strings that share their storage.

#include "weft/config.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace weft {

/// An immutable slice of a shared block: (owner, pointer, length). Copying costs one reference
/// count. A slice keeps its whole block alive: what is kept for long (entity state, remembered
/// replies) must be `own()`ed first. Not for passing between threads of a node.
class Bytes {
public:
    Bytes() = default;

    /// Copies `text` into a block of its own.
    static Bytes copy_of(std::string_view text) {
        if (text.empty()) return {};
        auto block = std::make_shared_for_overwrite<char[]>(text.size());
        std::memcpy(block.get(), text.data(), text.size());
        const char* data = block.get();
        return Bytes(std::move(block), data, text.size());
    }

    /// Takes over `text` without copying its characters when they are on the heap.
    static Bytes adopt(std::string text) {
        if (text.empty()) return {};
        auto block = std::make_shared<const std::string>(std::move(text));
        const char* data = block->data();
        const std::size_t size = block->size();
        return Bytes(std::move(block), data, size);
    }

    /// A block that somebody else filled; `data` must point into what `owner` keeps alive.
    static Bytes of(std::shared_ptr<const void> owner, const char* data, std::size_t size) {
        return Bytes(std::move(owner), data, size);
    }

    /// `offset + length` must lie inside; out of range gives the part that exists.
    Bytes slice(std::size_t offset, std::size_t length) const {
        if (offset > size_) offset = size_;
        if (length > size_ - offset) length = size_ - offset;
        return Bytes(owner_, data_ + offset, length);
    }

    /// A copy with storage of its own, so that a large frame can be let go.
    Bytes own() const { return copy_of(view()); }

    std::string_view view() const { return {data_, size_}; }
    const char* data() const { return data_; }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

    /// Compares contents, not owners.
    friend bool operator==(const Bytes& a, const Bytes& b) { return a.view() == b.view(); }

private:
    Bytes(std::shared_ptr<const void> owner, const char* data, std::size_t size)
        : owner_(std::move(owner)), data_(data), size_(size) {}

    std::shared_ptr<const void> owner_;
    const char* data_ = "";
    std::size_t size_ = 0;
};

}  // namespace weft
