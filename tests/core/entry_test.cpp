#include "core/entry.h"

#include "core/error.h"
#include "entry_samples.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft {

namespace {

using test::EntrySample;
using test::SectionSample;

EntrySample any_entry() {
    EntrySample sample;
    sample.header.group = PartitionId{*rc::gen::arbitrary<std::uint32_t>()};
    sample.header.index = LogIndex{*rc::gen::arbitrary<std::uint64_t>()};
    sample.header.term = Term{*rc::gen::arbitrary<std::uint64_t>()};
    sample.header.stamp_ms = *rc::gen::arbitrary<std::int64_t>();
    sample.header.kind = EntryKind{*rc::gen::inRange<std::uint8_t>(1, 10)};
    const auto count = *rc::gen::inRange<std::size_t>(0, 6);
    for (std::size_t i = 0; i < count; ++i) {
        sample.sections.push_back({*rc::gen::inRange<std::uint16_t>(1, 0xffff),
                                   *rc::gen::arbitrary<bool>(),
                                   *rc::gen::arbitrary<std::string>()});
    }
    return sample;
}

Chain any_chain() { return Chain{xxh3_128(*rc::gen::arbitrary<std::string>()).bytes}; }

RC_GTEST_PROP(EntryLaw, DecodeUndoesEncode, ()) {
    EntrySample sample = any_entry();
    const Chain previous = any_chain();
    const Bytes encoded = test::build(sample, previous);
    const auto read = check_entry(encoded.view(), previous);
    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == sample.header);
    RC_ASSERT(test::sections_of(encoded.view()) == sample.sections);
    RC_ASSERT(encoded.size() % 8 == 0U);
}

RC_GTEST_PROP(EntryLaw, AnyBytesAreReadWithoutHarm, (std::string bytes)) {
    RC_ASSERT(!check_entry(bytes, Chain{}).has_value());
    std::size_t visited = 0;
    for_each_section(bytes, [&](const Section& section) { visited += section.bytes.size(); });
    RC_ASSERT(visited <= bytes.size());
}

RC_GTEST_PROP(EntryLaw, OneChangedByteIsFound, ()) {
    EntrySample sample = any_entry();
    const Chain previous = any_chain();
    std::string encoded(test::build(sample, previous).view());
    const auto at = *rc::gen::inRange<std::size_t>(0, encoded.size());
    const auto change = *rc::gen::inRange<int>(1, 256);
    encoded[at] = static_cast<char>(encoded[at] ^ change);
    RC_ASSERT(!check_entry(encoded, previous).has_value());
}

TEST(Entry, CarriesTheChainFromEntryToEntry) {
    Chain previous;
    std::vector<Bytes> log;
    for (std::uint64_t index = 1; index <= 4; ++index) {
        EntrySample sample = test::small_command();
        sample.header.index = LogIndex{index};
        log.push_back(test::build(sample, previous));
        previous = sample.header.chain;
    }
    Chain expected;
    for (const Bytes& entry : log) {
        const auto header = check_entry(entry.view(), expected);
        ASSERT_TRUE(header.has_value()) << header.error().message;
        expected = header->chain;
    }
    // The last one after the second: its own bytes are whole, only its place is wrong.
    const auto second = read_entry_header(log[1].view());
    EXPECT_FALSE(check_entry(log[3].view(), second->chain).has_value());
    EXPECT_TRUE(check_entry_alone(log[3].view()).has_value());
}

TEST(Entry, NamesGroupAndIndexOfABrokenChain) {
    EntrySample sample = test::small_command();
    const Bytes entry = test::build(sample, test::some_chain());
    const auto refused = check_entry(entry.view(), Chain{});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::Corrupt);
    EXPECT_EQ(refused.error().message,
              "entry 42 of group 7 does not continue the chain of the one before");
}

TEST(Entry, BuilderFillsInWhatItComputes) {
    EntryHeader header = test::small_command().header;
    header.kind = EntryKind::Audit;
    header.format = 9;
    header.flags = 9;
    header.body_bytes = 9;
    EntryBuilder builder;
    builder.begin(EntryKind::NoOp);
    EXPECT_EQ(builder.bytes_so_far(), kEntryHeaderBytes);
    const Bytes entry = builder.finish(header, Chain{});
    EXPECT_EQ(entry.size(), kEntryHeaderBytes);
    EXPECT_EQ(header.kind, EntryKind::NoOp);
    EXPECT_EQ(header.format, kEntryFormat);
    EXPECT_EQ(header.flags, 0);
    EXPECT_EQ(header.body_bytes, 0U);
    EXPECT_EQ(check_entry(entry.view(), Chain{}), header);
}

TEST(Entry, ReusedBuilderLeavesNothingBehind) {
    EntryBuilder reused;
    EntryHeader big;
    reused.begin(EntryKind::Command);
    reused.section(SectionType::Value, std::string(1000, '\xff'));
    static_cast<void>(reused.finish(big, test::some_chain()));

    EntryBuilder fresh;
    Bytes encoded[2];
    std::size_t i = 0;
    for (EntryBuilder* builder : {&reused, &fresh}) {
        EntryHeader header = test::small_command().header;
        builder->begin(EntryKind::Outcome);
        builder->section(SectionType::Reply, "no");
        EXPECT_EQ(builder->bytes_so_far(), kEntryHeaderBytes + 16);
        encoded[i++] = builder->finish(header, Chain{});
    }
    EXPECT_EQ(encoded[0], encoded[1]);
}

TEST(Entry, SectionSpaceIsASectionFilledInPlace) {
    EntryHeader header;
    EntryBuilder builder;
    builder.begin(EntryKind::Command);
    std::memcpy(builder.section_space(SectionType::Events, 5, true), "hello", 5);
    const Bytes in_place = builder.finish(header, Chain{});
    builder.begin(EntryKind::Command);
    builder.section(SectionType::Events, "hello", true);
    EXPECT_EQ(in_place, builder.finish(header, Chain{}));
}

TEST(Entry, FindsTheFirstSectionOfAType) {
    EntrySample sample = test::small_command();
    sample.sections.push_back({4, false, "second value"});
    const Bytes entry = test::build(sample, Chain{});
    EXPECT_EQ(find_section(entry.view(), SectionType::Value)->bytes, "12345678");
    EXPECT_TRUE(find_section(entry.view(), SectionType::Entity)->critical());
    EXPECT_FALSE(find_section(entry.view(), SectionType::Request)->critical());
    EXPECT_FALSE(find_section(entry.view(), SectionType::Trace).has_value());
}

// What a later weft adds is stored and voted on; only applying stops when it is critical.
TEST(Entry, KeepsSectionsOfUnknownTypes) {
    EntrySample sample = test::small_command();
    sample.sections.push_back({0x7fff, true, "from the future"});
    const Bytes entry = test::build(sample, Chain{});
    ASSERT_TRUE(check_entry(entry.view(), Chain{}).has_value());
    const auto unknown = find_section(entry.view(), SectionType{0x7fff});
    ASSERT_TRUE(unknown.has_value());
    EXPECT_TRUE(unknown->critical());
    EXPECT_EQ(unknown->bytes, "from the future");
}

TEST(Entry, HoldsTheLargestAllowedBody) {
    EntrySample sample = test::small_command();
    sample.sections = {{4, false, std::string(kEntryBytesMax - kEntryHeaderBytes - 8, 'x')}};
    const Bytes entry = test::build(sample, Chain{});
    EXPECT_EQ(entry.size(), kEntryBytesMax);
    EXPECT_TRUE(check_entry(entry.view(), Chain{}).has_value());
}

TEST(EntryDeathTest, StopsTheProcessAboveTheLimit) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EntryHeader header;
    EntryBuilder builder;
    builder.begin(EntryKind::Command);
    builder.section(SectionType::Value, std::string(kEntryBytesMax - kEntryHeaderBytes, 'x'));
    EXPECT_DEATH(static_cast<void>(builder.finish(header, Chain{})), "size <= kEntryBytesMax");
}

TEST(EntryDeathTest, StopsTheProcessWhenABuilderWasNotBegun) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EntryBuilder builder;
    EXPECT_DEATH(builder.section(SectionType::Value, "x"), "before begin");
}

}  // namespace

}  // namespace weft
