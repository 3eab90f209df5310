#include "core/hash.h"
#include "weft/types.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <unordered_set>

namespace weft {

namespace {

RequestId any_request_id() {
    RequestId id;
    id.client = ClientId{xxh3_128(*rc::gen::arbitrary<std::string>()).bytes};
    id.start_ms = *rc::gen::arbitrary<std::int64_t>();
    id.group = PartitionId{*rc::gen::arbitrary<std::uint32_t>()};
    id.seq = *rc::gen::arbitrary<std::uint64_t>();
    return id;
}

RC_GTEST_PROP(RequestIdLaw, ParseUndoesText, ()) {
    const RequestId id = any_request_id();
    RC_ASSERT(RequestId::parse(id.text()) == id);
}

RC_GTEST_PROP(RequestIdLaw, PartOfATextIsNotTaken, ()) {
    const std::string text = any_request_id().text();
    const auto size = *rc::gen::inRange<std::size_t>(0, text.size());
    const auto parsed = RequestId::parse(std::string_view(text).substr(0, size));
    // Digits cut from the last number leave a well-formed text of another request.
    if (parsed) RC_ASSERT(parsed->text() == text.substr(0, size));
}

TEST(RequestId, HasTheTextTheCommandLineShows) {
    RequestId id;
    id.client = *ClientId::from_hex("000102030405060708090a0b0c0d0e0f");
    id.start_ms = 1700000000000;
    id.group = PartitionId{12};
    id.seq = 7;
    EXPECT_EQ(id.text(), "000102030405060708090a0b0c0d0e0f-1700000000000-12-7");
}

TEST(RequestId, ReachesTheEndsOfItsRanges) {
    RequestId id;
    id.start_ms = std::numeric_limits<std::int64_t>::min();
    id.group = PartitionId{std::numeric_limits<std::uint32_t>::max()};
    id.seq = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(RequestId::parse(id.text()), id);
}

TEST(RequestId, RefusesMalformedTexts) {
    const std::string client(32, 'a');
    const std::string cases[] = {
        "",
        client,
        client + "-",
        client + "-1",
        client + "-1-2",
        client + "-1-2-",
        client + "-1-2-3-",
        client + "-1-2-3 ",
        client + "-1-2-3-4",
        client + "-1--2-3",
        client + "- 1-2-3",
        client + "-+1-2-3",
        client + "-x-2-3",
        client + "-1-4294967296-3",
        client + "-9223372036854775808-2-3",
        client + "-1-2-18446744073709551616",
        client + "_1-2-3",
        client.substr(1) + "-1-2-3",
        client + "a-1-2-3",
        client.substr(1) + "g-1-2-3",
    };
    for (const auto& text : cases) EXPECT_FALSE(RequestId::parse(text).has_value()) << text;
    EXPECT_TRUE(RequestId::parse(client + "-1-2-3").has_value());
}

RC_GTEST_PROP(Id128Law, FromHexUndoesHex, (std::string seed)) {
    const NodeId id{blake2b_128(seed)};
    RC_ASSERT(id.hex().size() == 32U);
    RC_ASSERT(NodeId::from_hex(id.hex()) == id);
}

TEST(Id128, HexIsLowerCaseInByteOrder) {
    NodeId id;
    EXPECT_TRUE(id.is_zero());
    id.bytes[0] = 0xab;
    id.bytes[15] = 0x01;
    EXPECT_FALSE(id.is_zero());
    EXPECT_EQ(id.hex(), "ab000000000000000000000000000001");
    EXPECT_EQ(NodeId::from_hex("AB000000000000000000000000000001"), id);
}

TEST(Id128, RefusesWhatIsNotHex) {
    const std::string zeros(32, '0');
    for (const char c : {'g', 'G', '/', ':', '@', '`', ' ', '-', '\0', '\xff'}) {
        for (const std::size_t at : {std::size_t{0}, std::size_t{31}}) {
            std::string text = zeros;
            text[at] = c;
            EXPECT_FALSE(NodeId::from_hex(text).has_value()) << text;
        }
    }
    EXPECT_FALSE(NodeId::from_hex("").has_value());
    EXPECT_FALSE(NodeId::from_hex(zeros.substr(1)).has_value());
    EXPECT_FALSE(NodeId::from_hex(zeros + "0").has_value());
}

TEST(Ids, KindsDoNotMix) {
    static_assert(!std::is_same_v<Term, LogIndex>);
    static_assert(!std::is_convertible_v<std::uint64_t, Term>);
    static_assert(!std::is_convertible_v<NodeId, ClusterId>);
    EXPECT_EQ(next(LogIndex{4}), LogIndex{5});
    EXPECT_EQ(previous(LogIndex{5}), LogIndex{4});
    EXPECT_LT(Term{1}, Term{2});
    std::unordered_set<NodeId> nodes{NodeId{}, NodeId{blake2b_128("a")}, NodeId{}};
    EXPECT_EQ(nodes.size(), 2U);
}

}  // namespace

}  // namespace weft
