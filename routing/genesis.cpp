#include "routing/genesis.h"

#include "core/byte_io.h"
#include "core/error.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace weft::routing {

namespace {

constexpr std::string_view kMagic = "WEFTGEN1";
constexpr std::string_view kLineMagic = "weft-node-1";
constexpr std::string_view kEmptyField = "-";
constexpr std::size_t kTextBytesMax = 200;
constexpr std::size_t kChecksumBytes = 8;

using PublicKey = std::array<std::uint8_t, 32>;

// Fields of a node line are separated by blanks, so nothing below or at the blank may be in them;
// "-" alone stands for an empty field.
Result<void> check_text(std::string_view what, std::string_view text, bool may_be_empty) {
    if (text.empty() && !may_be_empty)
        return fail(ErrorNumber::BadConfiguration, "{} is empty", what);
    if (text.size() > kTextBytesMax)
        return fail(ErrorNumber::BadConfiguration, "{} has {} bytes, at most {} are allowed", what,
                    text.size(), kTextBytesMax);
    if (text == kEmptyField) return fail(ErrorNumber::BadConfiguration, "{} is only a '-'", what);
    const bool printable =
        std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
    if (!printable)
        return fail(ErrorNumber::BadConfiguration, "{} holds blanks or characters beyond ASCII",
                    what);
    return {};
}

}  // namespace

Result<void> check_texts(const NodeRecord& record) {
    struct Field {
        std::string_view what, text;
        bool may_be_empty;
    };
    const Field fields[] = {{"the mesh address", record.mesh_address, false},
                            {"the client address", record.client_address, false},
                            {"the node's name", record.name, true},
                            {"the zone", record.zone, true},
                            {"the host", record.host, true}};
    for (const Field& field : fields)
        if (auto good = check_text(field.what, field.text, field.may_be_empty); !good) return good;
    return {};
}

namespace {

Result<void> check_record(const NodeRecord& record) {
    if (record.node.is_zero()) return fail(ErrorNumber::BadConfiguration, "a node id is all zero");
    return check_texts(record);
}

Result<void> check_distinct(const std::vector<NodeRecord>& founders) {
    std::vector<std::string_view> addresses;
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < founders.size(); ++i) {
        if (i > 0 && founders[i].node == founders[i - 1].node)
            return fail(ErrorNumber::BadConfiguration, "node {} is listed twice",
                        founders[i].node.hex());
        addresses.push_back(founders[i].mesh_address);
        addresses.push_back(founders[i].client_address);
        if (!founders[i].name.empty()) names.push_back(founders[i].name);
    }
    for (auto& [what, list] : {std::pair{"the address", &addresses}, {"the name", &names}}) {
        std::sort(list->begin(), list->end());
        const auto twice = std::adjacent_find(list->begin(), list->end());
        if (twice != list->end())
            return fail(ErrorNumber::BadConfiguration, "{} {} is used twice", what, *twice);
    }
    return {};
}

Result<void> check_genesis(const Genesis& genesis) {
    if (!std::has_single_bit(genesis.groups) || genesis.groups > kGroupsMax)
        return fail(ErrorNumber::BadConfiguration,
                    "{} groups: it must be a power of two of at most {}", genesis.groups,
                    kGroupsMax);
    if (genesis.replicas == 0 || genesis.replicas > kReplicasMax)
        return fail(ErrorNumber::BadConfiguration, "{} replicas: it must be 1 to {}",
                    genesis.replicas, kReplicasMax);
    if (genesis.founders.empty() || genesis.founders.size() > kFoundersMax)
        return fail(ErrorNumber::BadConfiguration, "{} founders: it must be 1 to {}",
                    genesis.founders.size(), kFoundersMax);
    for (const NodeRecord& record : genesis.founders)
        if (auto good = check_record(record); !good) return good;
    return check_distinct(genesis.founders);
}

std::string_view text_of(const PublicKey& key) {
    return {reinterpret_cast<const char*>(key.data()), key.size()};
}

void read_key(ByteReader& in, PublicKey& key) {
    const std::string_view bytes = in.get_bytes(key.size());
    if (bytes.size() == key.size()) std::memcpy(key.data(), bytes.data(), key.size());
}

std::string hex_of(const PublicKey& key) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : key) {
        text.push_back(kDigits[byte >> 4]);
        text.push_back(kDigits[byte & 15]);
    }
    return text;
}

bool parse_key(std::string_view hex, PublicKey& key) {
    using Half = NodeId;  // borrowed for its strict reading of 32 hex digits
    if (hex.size() != 64) return false;
    for (std::size_t half = 0; half < 2; ++half) {
        const auto part = Half::from_hex(hex.substr(32 * half, 32));
        if (!part) return false;
        std::copy(part->bytes.begin(), part->bytes.end(), key.data() + 16 * half);
    }
    return true;
}

void write_record(ByteWriter& out, const NodeRecord& record) {
    out.put_id(record.node);
    out.put_bytes(text_of(record.signing_key));
    out.put_bytes(text_of(record.transport_key));
    for (const std::string* text :
         {&record.mesh_address, &record.client_address, &record.name, &record.zone, &record.host}) {
        out.put(static_cast<std::uint8_t>(text->size()));
        out.put_bytes(*text);
    }
}

NodeRecord read_record(ByteReader& in) {
    NodeRecord record;
    record.node = in.get_id<NodeId>();
    read_key(in, record.signing_key);
    read_key(in, record.transport_key);
    for (std::string* text :
         {&record.mesh_address, &record.client_address, &record.name, &record.zone, &record.host})
        *text = in.get_bytes(in.get<std::uint8_t>());
    return record;
}

}  // namespace

std::string node_line(const NodeRecord& record) {
    std::string line(kLineMagic);
    const std::string fields[] = {record.node.hex(),
                                  hex_of(record.signing_key),
                                  hex_of(record.transport_key),
                                  record.mesh_address,
                                  record.client_address,
                                  record.name,
                                  record.zone,
                                  record.host};
    for (const std::string& field : fields) {
        line += ' ';
        line += field.empty() ? kEmptyField : std::string_view(field);
    }
    return line;
}

Result<NodeRecord> parse_node_line(std::string_view line) {
    std::vector<std::string_view> fields;
    while (!line.empty()) {
        const std::size_t blank = line.find_first_of(" \t\r\n");
        if (blank != 0) fields.push_back(line.substr(0, blank));
        line.remove_prefix(blank == std::string_view::npos ? line.size() : blank + 1);
    }
    constexpr std::size_t kFields = 9;
    if (fields.size() != kFields || fields[0] != kLineMagic)
        return fail(ErrorNumber::BadConfiguration,
                    "a node's line has {} fields and begins with {}; 'weft node init' prints it",
                    kFields, kLineMagic);
    NodeRecord record;
    const auto node = NodeId::from_hex(fields[1]);
    if (!node || !parse_key(fields[2], record.signing_key) ||
        !parse_key(fields[3], record.transport_key))
        return fail(ErrorNumber::BadConfiguration, "the node's line holds a malformed id or key");
    record.node = *node;
    std::string* texts[] = {&record.mesh_address, &record.client_address, &record.name,
                            &record.zone, &record.host};
    for (std::size_t i = 0; i < std::size(texts); ++i)
        if (fields[4 + i] != kEmptyField) *texts[i] = fields[4 + i];
    if (auto good = check_record(record); !good) return std::unexpected(std::move(good).error());
    return record;
}

Result<std::string> encode_genesis(Genesis genesis) {
    std::sort(genesis.founders.begin(), genesis.founders.end(),
              [](const NodeRecord& a, const NodeRecord& b) { return a.node < b.node; });
    if (auto good = check_genesis(genesis); !good) return std::unexpected(std::move(good).error());
    std::string bytes;
    ByteWriter out(bytes);
    out.put_bytes(kMagic);
    out.put_bytes(
        {reinterpret_cast<const char*>(genesis.hash_key.data()), genesis.hash_key.size()});
    out.put(genesis.groups);
    out.put(genesis.replicas);
    out.put(static_cast<std::uint32_t>(genesis.founders.size()));
    for (const NodeRecord& record : genesis.founders) write_record(out, record);
    out.put(xxh3_64(bytes));
    return bytes;
}

Result<Genesis> decode_genesis(std::string_view bytes) {
    if (!bytes.starts_with(kMagic))
        return fail(ErrorNumber::BadConfiguration, "this is not a genesis file of weft");
    if (bytes.size() < kMagic.size() + kChecksumBytes)
        return fail(ErrorNumber::DataDamaged, "the genesis file is cut short");
    const std::string_view body = bytes.substr(0, bytes.size() - kChecksumBytes);
    ByteReader end(bytes.substr(body.size()));
    if (end.get<std::uint64_t>() != xxh3_64(body))
        return fail(ErrorNumber::DataDamaged, "the checksum of the genesis file does not hold");
    ByteReader in(body.substr(kMagic.size()));
    Genesis genesis;
    const std::string_view key = in.get_bytes(genesis.hash_key.size());
    if (key.size() == genesis.hash_key.size())
        std::memcpy(genesis.hash_key.data(), key.data(), key.size());
    genesis.groups = in.get<std::uint32_t>();
    genesis.replicas = in.get<std::uint32_t>();
    const auto founders = in.get<std::uint32_t>();
    for (std::uint32_t i = 0; i < founders && i < kFoundersMax && !in.bad(); ++i)
        genesis.founders.push_back(read_record(in));
    if (!in.done() || genesis.founders.size() != founders)
        return fail(ErrorNumber::DataDamaged, "the genesis file does not end where it should");
    const auto again = encode_genesis(genesis);
    if (!again) return std::unexpected(again.error());
    // One mesh has one spelling: the cluster id is a hash over the bytes.
    if (*again != bytes)
        return fail(ErrorNumber::DataDamaged, "the genesis file is not in canonical order");
    return genesis;
}

ClusterId cluster_id(std::string_view genesis_bytes) {
    return ClusterId{blake2b_128(genesis_bytes)};
}

}  // namespace weft::routing
