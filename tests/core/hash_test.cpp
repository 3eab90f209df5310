#include "core/hash.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>
#include <numeric>

namespace weft {

namespace {

HashKey counting_key() {
    HashKey key;
    std::iota(key.begin(), key.end(), std::uint8_t{0});
    return key;
}

std::string counting_bytes(std::size_t size) {
    std::string bytes(size, '\0');
    std::iota(bytes.begin(), bytes.end(), '\0');
    return bytes;
}

std::string hex(const std::array<std::uint8_t, 16>& bytes) { return Digest{bytes}.hex(); }

TEST(Hash, SipHashGivesTheVectorsOfItsAuthors) {
    EXPECT_EQ(siphash24(counting_key(), ""), 0x726fdb47dd0e0e31U);
    EXPECT_EQ(siphash24(counting_key(), std::string_view("\0", 1)), 0x74f839c593dc67fdU);
    std::ifstream file(WEFT_SOURCE_DIR "/tests/golden/siphash24.txt");
    std::string line;
    std::size_t vectors = 0;
    while (std::getline(file, line)) {
        if (line.starts_with('#')) continue;
        SCOPED_TRACE(line);
        const std::size_t space = line.find(' ');
        ASSERT_NE(space, std::string::npos);
        const std::size_t length = std::stoul(line.substr(0, space));
        EXPECT_EQ(siphash24(counting_key(), counting_bytes(length)),
                  std::stoull(line.substr(space + 1), nullptr, 16));
        ++vectors;
    }
    EXPECT_EQ(vectors, 64U);
}

TEST(Hash, SipHashDependsOnItsKey) {
    HashKey other = counting_key();
    other[15] ^= 1;
    EXPECT_NE(siphash24(other, "cart"), siphash24(counting_key(), "cart"));
}

TEST(Hash, Xxh3GivesItsPublishedValues) {
    EXPECT_EQ(xxh3_64(""), 0x2d06800538d394c2U);
    EXPECT_EQ(hex(xxh3_128("").bytes), "99aa06d3014798d86001c324468d497f");
}

// RFC 7693 with 16 bytes of output and no key.
TEST(Hash, Blake2bGivesTheStandardsValues) {
    EXPECT_EQ(hex(blake2b_128("")), "cae66941d9efbd404e4d88758ea67670");
    EXPECT_EQ(hex(blake2b_128("abc")), "cf4ab791c62b8d2b2109c90275287816");
}

RC_GTEST_PROP(HashLaw, PartsHashAsTheirSum, (std::vector<std::string> parts)) {
    Xxh3Stream stream;
    stream.update("something before the reset");
    stream.reset();
    std::string whole;
    for (const auto& part : parts) {
        stream.update(part);
        whole += part;
    }
    RC_ASSERT(stream.digest128() == xxh3_128(whole));
    RC_ASSERT(stream.digest64() == xxh3_64(whole));
}

TEST(Hash, StreamTakesMoreThanItsInnerBuffer) {
    const std::string part = counting_bytes(97);
    Xxh3Stream stream;
    std::string whole;
    for (int i = 0; i < 100; ++i) {
        stream.update(part);
        whole += part;
        ASSERT_EQ(stream.digest128(), xxh3_128(whole)) << i;
        ASSERT_EQ(stream.digest64(), xxh3_64(whole)) << i;
    }
}

}  // namespace

}  // namespace weft
