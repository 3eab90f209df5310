#include "core/byte_io.h"

#include "core/hash.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft {

namespace {

RC_GTEST_PROP(ByteIoLaw, ReaderUndoesWriter,
              (std::uint8_t a, std::uint16_t b, std::uint32_t c, std::int64_t d, std::string e)) {
    const NodeId id{blake2b_128(e)};
    std::string bytes;
    ByteWriter writer(bytes);
    writer.put(a);
    writer.put(b);
    writer.put_sorted(c);
    writer.put(d);
    writer.put_id(id);
    writer.put_blob(e);
    ByteReader reader(bytes);
    RC_ASSERT(reader.get<std::uint8_t>() == a);
    RC_ASSERT(reader.get<std::uint16_t>() == b);
    RC_ASSERT(reader.get_sorted<std::uint32_t>() == c);
    RC_ASSERT(reader.get<std::int64_t>() == d);
    RC_ASSERT(reader.get_id<NodeId>() == id);
    RC_ASSERT(!reader.done());
    RC_ASSERT(reader.get_blob() == e);
    RC_ASSERT(reader.done());
}

RC_GTEST_PROP(ByteIoLaw, SortedKeysSortByValue, (std::uint64_t a, std::uint64_t b)) {
    std::string first, second;
    ByteWriter(first).put_sorted(a);
    ByteWriter(second).put_sorted(b);
    RC_ASSERT((a < b) == (first < second));
}

TEST(ByteIo, WritesLittleEndianAndSortedBigEndian) {
    std::string bytes;
    ByteWriter writer(bytes);
    writer.put(std::uint32_t{0x01020304});
    writer.put_sorted(std::uint32_t{0x01020304});
    EXPECT_EQ(bytes, std::string("\x04\x03\x02\x01\x01\x02\x03\x04"));
}

TEST(ByteIo, ShortReadTurnsBadForGood) {
    ByteReader reader("abc");
    EXPECT_EQ(reader.get<std::uint32_t>(), 0U);
    EXPECT_TRUE(reader.bad());
    EXPECT_EQ(reader.get<std::uint8_t>(), 0U);
    EXPECT_EQ(reader.get_sorted<std::uint16_t>(), 0U);
    EXPECT_TRUE(reader.get_id<NodeId>().is_zero());
    EXPECT_FALSE(reader.done());
}

TEST(ByteIo, BlobLongerThanTheRestIsBad) {
    std::string bytes;
    ByteWriter(bytes).put(std::uint32_t{0xffffffff});
    bytes += "abc";
    ByteReader reader(bytes);
    EXPECT_EQ(reader.get_blob(), "");
    EXPECT_TRUE(reader.bad());
}

TEST(ByteIo, LeftoverBytesAreNotDone) {
    ByteReader reader("ab");
    EXPECT_EQ(reader.get_bytes(1), "a");
    EXPECT_FALSE(reader.bad());
    EXPECT_FALSE(reader.done());
    EXPECT_EQ(reader.rest(), "b");
}

}  // namespace

}  // namespace weft
