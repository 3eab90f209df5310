#include "routing/genesis.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace weft::routing {
namespace {

NodeRecord record(std::uint8_t number) {
    NodeRecord record;
    record.node.bytes[0] = number;
    record.signing_key[5] = number;
    record.transport_key[31] = 0xab;
    record.mesh_address = "127.0.0.1:" + std::to_string(7000 + 10 * number);
    record.client_address = "127.0.0.1:" + std::to_string(7001 + 10 * number);
    record.name = std::string(1, static_cast<char>('a' + number));
    record.zone = "z" + std::to_string(number % 2);
    return record;
}

Genesis three_nodes() {
    Genesis genesis;
    genesis.hash_key[3] = 9;
    genesis.groups = 64;
    genesis.founders = {record(3), record(1), record(2)};
    return genesis;
}

TEST(NodeLine, ReadsBackWhatItWrote) {
    const NodeRecord original = record(7);
    const auto again = parse_node_line(node_line(original) + "\n");
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_EQ(*again, original);
}

TEST(NodeLine, RefusesWhatIsNotOne) {
    const std::string good = node_line(record(1));
    const std::string bad[] = {"",
                               "weft-node-1",
                               good + " more",
                               good.substr(0, good.size() / 2),
                               "weft-node-2" + good.substr(11),
                               "weft-node-1 xx" + good.substr(14)};
    for (const std::string& line : bad) {
        SCOPED_TRACE(line);
        const auto result = parse_node_line(line);
        ASSERT_FALSE(result.has_value());
        EXPECT_EQ(result.error().number, 1005);
    }
}

TEST(Genesis, HasOneSpellingWhateverTheOrderOfTheFounders) {
    Genesis other = three_nodes();
    std::swap(other.founders[0], other.founders[2]);
    const auto bytes = encode_genesis(three_nodes());
    ASSERT_TRUE(bytes.has_value());
    EXPECT_EQ(*bytes, encode_genesis(other).value());
    const auto decoded = decode_genesis(*bytes);
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    EXPECT_EQ(decoded->founders.front().node, record(1).node);
    EXPECT_EQ(decoded->founders.size(), 3u);
    EXPECT_EQ(encode_genesis(*decoded).value(), *bytes);
}

TEST(Genesis, TwoMeshesHaveTwoClusterIds) {
    Genesis other = three_nodes();
    other.hash_key[0] ^= 1;
    EXPECT_NE(cluster_id(encode_genesis(three_nodes()).value()),
              cluster_id(encode_genesis(other).value()));
}

TEST(Genesis, RefusesWhatNoMeshCanBe) {
    struct Case {
        const char* why;
        void (*spoil)(Genesis&);
        const char* says = "";
    };
    const Case cases[] = {
        {"no founders", [](Genesis& g) { g.founders.clear(); }},
        {"groups not a power of two", [](Genesis& g) { g.groups = 63; }},
        {"no groups", [](Genesis& g) { g.groups = 0; }},
        {"too many groups", [](Genesis& g) { g.groups = 32768; }},
        {"no replicas", [](Genesis& g) { g.replicas = 0; }},
        {"too many replicas", [](Genesis& g) { g.replicas = 8; }},
        {"a node twice", [](Genesis& g) { g.founders[1].node = g.founders[0].node; }},
        {"an address twice",
         [](Genesis& g) { g.founders[1].mesh_address = g.founders[0].client_address; },
         "the address "},
        {"a name twice", [](Genesis& g) { g.founders[1].name = g.founders[0].name; }, "the name "},
        {"a blank in a field", [](Genesis& g) { g.founders[1].zone = "a b"; }},
        {"no address", [](Genesis& g) { g.founders[1].client_address.clear(); }},
        {"no identity", [](Genesis& g) { g.founders[1].node = NodeId{}; }},
        {"too many founders", [](Genesis& g) { g.founders.resize(65, record(9)); }},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        Genesis genesis = three_nodes();
        c.spoil(genesis);
        const auto encoded = encode_genesis(genesis);
        ASSERT_FALSE(encoded.has_value());
        EXPECT_TRUE(encoded.error().message.starts_with(c.says)) << encoded.error().message;
    }
}

TEST(Genesis, EveryFlippedBitAndEveryCutIsRefused) {
    const std::string bytes = encode_genesis(three_nodes()).value();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::string flipped = bytes;
        flipped[i] = static_cast<char>(flipped[i] ^ 4);
        EXPECT_FALSE(decode_genesis(flipped).has_value()) << "byte " << i;
        EXPECT_FALSE(decode_genesis(bytes.substr(0, i)).has_value()) << "cut at " << i;
    }
    EXPECT_FALSE(decode_genesis(bytes + "x").has_value());
}

// A forged file with a checksum that holds must not be read out of bounds either.
RC_GTEST_PROP(Genesis, HostileBytesWithAGoodChecksumAreRefusedOrCanonical, (std::string tail)) {
    std::string bytes = "WEFTGEN1" + tail;
    const std::uint64_t sum = xxh3_64(bytes);
    bytes.append(reinterpret_cast<const char*>(&sum), sizeof sum);
    if (const auto genesis = decode_genesis(bytes)) {
        RC_ASSERT(encode_genesis(*genesis).value() == bytes);
    }
}

}  // namespace
}  // namespace weft::routing
