// The entry that raises the floor of session starts and the floor's row, byte by byte.

#include "replication/partition/rows.h"
#include "replication/partition/sections.h"
#include "tests/core/golden_file.h"
#include "tests/support/by_hand.h"

#include <gtest/gtest.h>

namespace weft::replication {
namespace {

using test::ByHand;
using test::golden_items;
using test::hex_of;

constexpr std::int64_t kFloor = 1700000000000;

TEST(JournalGolden, EntryAndRowOfTheFloorAreTheReleasedBytes) {
    auto golden = golden_items("session-floor-1.hex");
    ASSERT_EQ(golden.size(), 3U);
    const std::string body = test::section_by_hand(16, true, ByHand().i64(kFloor).done());
    const std::string by_hand =
        test::EntryByHand{17, 1, 3, kFloor + 1001, 6, body}.after(std::string(16, '\0'));
    EXPECT_EQ(hex_of(by_hand), hex_of(golden["entry"]));
    EntryBuilder builder;
    builder.begin(EntryKind::Expire);
    write_session_floor(builder, kFloor);
    EntryHeader header;
    header.group = PartitionId{17};
    header.index = LogIndex{1};
    header.term = Term{3};
    header.stamp_ms = kFloor + 1001;
    EXPECT_EQ(hex_of(std::string(builder.finish(header, {}).view())), hex_of(golden["entry"]));
    const auto read = decode_entry(EntryKind::Expire, golden["entry"]);
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(read->session_floor, kFloor);

    EXPECT_EQ(hex_of(ByHand().u32_be(17).u32_be(4).u64(0).u64(0).u64(0).done()),
              hex_of(golden["row key"]));
    EXPECT_EQ(hex_of(ByHand().u8(1).u64(99).i64(kFloor).done()), hex_of(golden["row"]));
    EXPECT_EQ(hex_of(floor_row_key(rows_prefix(PartitionId{17}, {4}))), hex_of(golden["row key"]));
    EXPECT_EQ(hex_of(encode_floor_row({kFloor, LogIndex{99}})), hex_of(golden["row"]));
    EXPECT_TRUE(is_floor_key(*decode_session_key(golden["row key"])));
    const auto row = decode_floor_row(golden["row"]);
    ASSERT_TRUE(row.has_value());
    EXPECT_EQ(row->start_ms, kFloor);
    EXPECT_EQ(row->applied, LogIndex{99});
}

}  // namespace
}  // namespace weft::replication
