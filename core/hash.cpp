#include "core/hash.h"

#include <sodium.h>

#include <cstring>
#include <new>

// The state's definition (for its size) is only visible so; the functions used are the stable ones.
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

namespace weft {

namespace {

// The canonical form is big-endian on every machine: these bytes go to disk and over the wire.
Digest canonical(XXH128_hash_t hash) {
    XXH128_canonical_t bytes;
    XXH128_canonicalFromHash(&bytes, hash);
    Digest digest;
    static_assert(sizeof bytes.digest == sizeof digest.bytes);
    std::memcpy(digest.bytes.data(), bytes.digest, sizeof bytes.digest);
    return digest;
}

const unsigned char* unsigned_bytes(std::string_view data) {
    return reinterpret_cast<const unsigned char*>(data.data());
}

}  // namespace

std::uint64_t xxh3_64(std::string_view data) { return XXH3_64bits(data.data(), data.size()); }

Digest xxh3_128(std::string_view data) { return canonical(XXH3_128bits(data.data(), data.size())); }

void Xxh3Stream::reset() {
    static_assert(sizeof(XXH3_state_t) == kStateBytes);
    static_assert(alignof(XXH3_state_t) == kStateAlignment);
    auto* state = new (state_.data()) XXH3_state_t;
    XXH3_INITSTATE(state);
    XXH3_128bits_reset(state);
}

void Xxh3Stream::update(std::string_view part) {
    auto* state = std::launder(reinterpret_cast<XXH3_state_t*>(state_.data()));
    XXH3_128bits_update(state, part.data(), part.size());
}

Digest Xxh3Stream::digest128() const {
    const auto* state = std::launder(reinterpret_cast<const XXH3_state_t*>(state_.data()));
    return canonical(XXH3_128bits_digest(state));
}

// Both widths share the state and what fills it.
std::uint64_t Xxh3Stream::digest64() const {
    return XXH3_64bits_digest(std::launder(reinterpret_cast<const XXH3_state_t*>(state_.data())));
}

std::uint64_t siphash24(const HashKey& key, std::string_view data) {
    static_assert(sizeof(HashKey) == crypto_shorthash_siphash24_KEYBYTES);
    std::uint64_t value = 0;
    static_assert(sizeof value == crypto_shorthash_siphash24_BYTES);
    std::array<unsigned char, sizeof value> bytes{};
    crypto_shorthash_siphash24(bytes.data(), unsigned_bytes(data), data.size(), key.data());
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

std::array<std::uint8_t, 16> blake2b_128(std::string_view data) {
    std::array<std::uint8_t, 16> out{};
    static_assert(out.size() >= crypto_generichash_blake2b_BYTES_MIN);
    crypto_generichash_blake2b(out.data(), out.size(), unsigned_bytes(data), data.size(), nullptr,
                               0);
    return out;
}

}  // namespace weft
