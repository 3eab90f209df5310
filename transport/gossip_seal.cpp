#include "transport/gossip_seal.h"

#include "core/byte_io.h"
#include "core/error.h"
#include "core/invariant.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace weft::transport {

namespace {

// magic 2, version 1, flags 1, key id 4
constexpr std::string_view kMagic = "wG";
constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kSealedFlag = 1;
constexpr std::size_t kHeaderBytes = 8;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kMeshBytes = sizeof(ClusterId::bytes);
static_assert(GossipKey::kBytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(kSealBytes == kHeaderBytes + kNonceBytes + kTagBytes);
static_assert(kHeaderBytes + kMeshBytes <= kSealBytes);

// What is authenticated besides the content.
using Associated = std::array<std::uint8_t, kHeaderBytes + kMeshBytes>;
Associated bound_to(std::string_view header, const ClusterId& mesh) {
    Associated out{};
    std::memcpy(out.data(), header.data(), kHeaderBytes);
    std::memcpy(out.data() + kHeaderBytes, mesh.bytes.data(), kMeshBytes);
    return out;
}

void put_header(std::string& out, std::uint8_t flags, std::uint32_t key) {
    out.clear();
    ByteWriter to(out);
    to.put_bytes(kMagic);
    to.put(kVersion);
    to.put(flags);
    to.put(key);
}

std::uint32_t key_of(std::string_view header) {
    return ByteReader(header.substr(4)).get<std::uint32_t>();
}

std::uint8_t* bytes_of(char* text) { return reinterpret_cast<std::uint8_t*>(text); }
const std::uint8_t* bytes_of(const char* text) {
    return reinterpret_cast<const std::uint8_t*>(text);
}

}  // namespace

GossipKey::GossipKey(std::span<const std::uint8_t, kBytes> bytes) {
    std::ranges::copy(bytes, bytes_.begin());
    constexpr std::string_view kPurpose = "weft gossip key id";
    std::array<std::uint8_t, crypto_generichash_BYTES_MIN> hash{};
    crypto_generichash(hash.data(), hash.size(), bytes_of(kPurpose.data()), kPurpose.size(),
                       bytes_.data(), bytes_.size());
    std::memcpy(&id_, hash.data(), sizeof id_);
}

GossipKey::GossipKey(GossipKey&& other) noexcept : bytes_(other.bytes_), id_(other.id_) {
    sodium_memzero(other.bytes_.data(), other.bytes_.size());
}

GossipKey::~GossipKey() { sodium_memzero(bytes_.data(), bytes_.size()); }

GossipKey GossipKey::random() {
    std::array<std::uint8_t, kBytes> bytes{};
    randombytes_buf(bytes.data(), bytes.size());
    GossipKey key(bytes);
    sodium_memzero(bytes.data(), bytes.size());
    return key;
}

std::string GossipKey::hex() const {
    std::string out(2 * kBytes + 1, '\0');
    sodium_bin2hex(out.data(), out.size(), bytes_.data(), bytes_.size());
    out.pop_back();
    return out;
}

Result<GossipKeys> parse_gossip_keys(std::string_view text) {
    GossipKeys out;
    for (std::size_t number = 1; !text.empty(); ++number) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        line = line.substr(0, line.find('#'));
        while (!line.empty() && (line.back() == ' ' || line.back() == '\r' || line.back() == '\t'))
            line.remove_suffix(1);
        if (line.empty()) continue;
        std::array<std::uint8_t, GossipKey::kBytes> bytes{};
        std::size_t length = 0;
        // What the line holds is not repeated: it is a secret, or nearly one.
        if (line.size() != 2 * bytes.size() ||
            sodium_hex2bin(bytes.data(), bytes.size(), line.data(), line.size(), nullptr, &length,
                           nullptr) != 0 ||
            length != bytes.size())
            return fail(ErrorNumber::BadConfiguration, "line {} is not a key of 64 hex digits",
                        number);
        GossipKey key(bytes);
        sodium_memzero(bytes.data(), bytes.size());
        const bool twice = std::ranges::any_of(
            out.keys, [&](const GossipKey& known) { return known.id() == key.id(); });
        if (twice)
            return fail(ErrorNumber::BadConfiguration, "line {} repeats a key above it", number);
        if (out.keys.size() == GossipKeys::kMax)
            return fail(ErrorNumber::BadConfiguration, "line {} is beyond {} keys", number,
                        GossipKeys::kMax);
        out.keys.push_back(std::move(key));
    }
    if (out.keys.empty()) return fail(ErrorNumber::BadConfiguration, "there is no key in it");
    return out;
}

std::string_view seal_fault_name(SealFault fault) {
    constexpr std::array<std::string_view, kSealFaults> kNames = {
        "garbage", "in_the_open", "sealed", "other_mesh", "unknown_key", "forged"};
    return kNames[static_cast<std::size_t>(fault)];
}

GossipSeal::GossipSeal(ClusterId mesh, GossipKeys keys) : mesh_(mesh), keys_(std::move(keys)) {
    const int ready = sodium_init();  // picks the fastest code; again it does nothing
    WEFT_INVARIANT(ready >= 0, "libsodium finds no randomness");
}

void GossipSeal::seal(std::string_view content, std::string& out) const {
    WEFT_INVARIANT(content.size() <= kGossipBytesMax, "{} bytes of gossip, {} fit a datagram",
                   content.size(), kGossipBytesMax);
    if (!sealed()) {
        put_header(out, 0, 0);
        ByteWriter to(out);
        to.put_id(mesh_);
        to.put_bytes(content);
        return;
    }
    const GossipKey& key = keys_.keys.front();
    put_header(out, kSealedFlag, key.id());
    const Associated bound = bound_to(out, mesh_);
    out.resize(kSealBytes + content.size());
    char* const nonce = out.data() + kHeaderBytes;
    randombytes_buf(nonce, kNonceBytes);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        bytes_of(nonce + kNonceBytes), nullptr, bytes_of(content.data()), content.size(),
        bound.data(), bound.size(), nullptr, bytes_of(nonce), key.bytes());
}

std::expected<std::string_view, SealFault> GossipSeal::open(std::span<char> datagram) const {
    const std::string_view text(datagram.data(), datagram.size());
    if (text.size() < kHeaderBytes || text.size() > kDatagramBytesMax ||
        !text.starts_with(kMagic) || static_cast<std::uint8_t>(text[2]) != kVersion)
        return std::unexpected(SealFault::Garbage);
    const auto flags = static_cast<std::uint8_t>(text[3]);
    if (flags == 0) {
        if (text.size() < kHeaderBytes + kMeshBytes || key_of(text) != 0)
            return std::unexpected(SealFault::Garbage);
        if (sealed()) return std::unexpected(SealFault::InTheOpen);
        if (std::memcmp(text.data() + kHeaderBytes, mesh_.bytes.data(), kMeshBytes) != 0)
            return std::unexpected(SealFault::OtherMesh);
        return text.substr(kHeaderBytes + kMeshBytes);
    }
    if (flags != kSealedFlag || text.size() < kSealBytes)
        return std::unexpected(SealFault::Garbage);
    if (!sealed()) return std::unexpected(SealFault::Sealed);
    const auto key = std::ranges::find(keys_.keys, key_of(text), &GossipKey::id);
    if (key == keys_.keys.end()) return std::unexpected(SealFault::UnknownKey);
    const Associated bound = bound_to(text, mesh_);
    char* const nonce = datagram.data() + kHeaderBytes;
    char* const content = nonce + kNonceBytes;
    const std::size_t size = text.size() - kHeaderBytes - kNonceBytes;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            bytes_of(content), nullptr, nullptr, bytes_of(content), size, bound.data(),
            bound.size(), bytes_of(nonce), key->bytes()) != 0)
        return std::unexpected(SealFault::Forged);
    return std::string_view(content, size - kTagBytes);
}

}  // namespace weft::transport
