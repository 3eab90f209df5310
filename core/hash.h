#pragma once
// The hashes of weft's formats. XXH3 finds damage, SipHash places keys, BLAKE2b makes identities.

#include "weft/types.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft {

std::uint64_t xxh3_64(std::string_view data);
Digest xxh3_128(std::string_view data);

// XXH3 over several parts without joining them first. Holds its state itself: no heap.
class Xxh3Stream {
public:
    Xxh3Stream() { reset(); }
    Xxh3Stream(const Xxh3Stream&) = delete;
    Xxh3Stream& operator=(const Xxh3Stream&) = delete;
    void reset();
    void update(std::string_view part);
    Digest digest128() const;
    std::uint64_t digest64() const;

private:
    // Size and alignment of XXH3_state_t, which hash.cpp checks; its header stays out of ours.
    static constexpr std::size_t kStateBytes = 576;
    static constexpr std::size_t kStateAlignment = 64;
    alignas(kStateAlignment) std::array<std::byte, kStateBytes> state_;
};

using HashKey = std::array<std::uint8_t, 16>;
// SipHash-2-4, 64 bits, the value read as a little-endian integer.
std::uint64_t siphash24(const HashKey& key, std::string_view data);

// BLAKE2b with 16 bytes of output, no key.
std::array<std::uint8_t, 16> blake2b_128(std::string_view data);

}  // namespace weft
