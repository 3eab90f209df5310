// What follows what is applied, and what stops a replica there.

#include "replication/partition/applied.h"

#include "core/entry.h"
#include "replication/partition/sections.h"
#include "tests/support/said_by.h"
#include "weft/errors.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace weft::replication {
namespace {

Bytes entry(std::uint64_t index, EntryKind kind = EntryKind::NoOp) {
    EntryBuilder builder;
    builder.begin(kind);
    EntryHeader header;
    header.index = LogIndex{index};
    header.stamp_ms = static_cast<std::int64_t>(index) * 100;
    return builder.finish(header, {});
}
storage::LogBase base(std::uint64_t index) {
    storage::LogBase base;
    base.index = LogIndex{index};
    base.stamp_ms = static_cast<std::int64_t>(index) * 10;
    return base;
}

TEST(AppliedRule, GoesOnEntryByEntry) {
    Applied applied(base(4));
    EXPECT_EQ(applied.stamp_ms(), 40);
    EXPECT_FALSE(applied.is_behind(LogIndex{4}));
    EXPECT_TRUE(applied.is_behind(LogIndex{5}));
    const Bytes encoded = entry(5);
    const auto following = applied.read_next(encoded.view());
    ASSERT_TRUE(following.has_value());
    EXPECT_EQ(applied.index(), LogIndex{4}) << "until it has taken effect";
    applied.advance(following->header);
    EXPECT_EQ(applied.index(), LogIndex{5});
    EXPECT_EQ(applied.stamp_ms(), 500);
    EXPECT_FALSE(applied.is_behind(LogIndex{5}));
}

TEST(AppliedRule, StopsAtWhatItDoesNotUnderstand) {
    struct Case {
        const char* why;
        Bytes encoded;
        ErrorNumber number;
    };
    const Case cases[] = {
        {"another's place", entry(7), ErrorNumber::DataDamaged},
        {"no entry", Bytes::copy_of("torn"), ErrorNumber::DataDamaged},
        {"of a later weft", entry(5, EntryKind::Timer), ErrorNumber::NewerFormat},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        Applied applied(base(4));
        const auto following = applied.read_next(c.encoded.view());
        ASSERT_FALSE(following.has_value());
        EXPECT_EQ(number_of(following.error()), c.number);
        EXPECT_TRUE(applied.blocked());
        EXPECT_FALSE(applied.is_behind(LogIndex{9}));
        EXPECT_EQ(applied.index(), LogIndex{4});
        EXPECT_TRUE(applied.read_next(entry(5).view()).has_value());
        EXPECT_TRUE(applied.blocked()) << "only a snapshot leads on";
        applied.install(base(8));
        EXPECT_FALSE(applied.blocked());
        EXPECT_EQ(applied.index(), LogIndex{8});
        EXPECT_EQ(applied.stamp_ms(), 80) << "log time goes on from there (S29)";
        EXPECT_TRUE(applied.is_behind(LogIndex{9}));
    }
}

TEST(AppliedRule, TellsWhatCannotBe) {
    Applied applied(base(4));
    applied.check(LogIndex{4}, LogIndex{4});
    EXPECT_EQ(weft::test::said_by([&] { applied.check(LogIndex{3}, LogIndex{2}); }),
              "applied 4 past commit 3");
    EXPECT_EQ(weft::test::said_by([&] { applied.check(LogIndex{9}, LogIndex{5}); }),
              "applied 4 before base 5");
    EntryHeader header;
    header.index = LogIndex{6};
    EXPECT_EQ(weft::test::said_by([&] { applied.advance(header); }), "entry 6 is applied behind 4");
}

}  // namespace
}  // namespace weft::replication
