// The journal's bytes on disk, released: they must be written and read so for ever. The files were
// made by a program that shares no code with weft (tests/golden/README.md).

#include "core/entry.h"
#include "entry_samples.h"
#include "golden_file.h"

#include <gtest/gtest.h>

#include <numeric>

namespace weft {

namespace {

using test::EntrySample;

struct Golden {
    const char* file;
    EntrySample sample;
};

std::vector<Golden> golden_entries() {
    Golden noop{"entry-1-noop.hex", {}};
    noop.sample.header.index = LogIndex{1};
    noop.sample.header.term = Term{1};
    noop.sample.header.stamp_ms = 1700000000000;
    noop.sample.header.kind = EntryKind::NoOp;

    Golden command{"entry-1-command.hex", {}};
    command.sample.header.group = PartitionId{7};
    command.sample.header.index = LogIndex{2};
    command.sample.header.term = Term{0x0102030405060708};
    command.sample.header.stamp_ms = 1700000000001;
    command.sample.header.kind = EntryKind::Command;
    std::string request(32, '\0');
    std::iota(request.begin(), request.end(), '\0');
    command.sample.sections = {
        {1, false, request}, {2, true, std::string("kv\0cart-1", 9)}, {4, false, "hello"}};

    Golden outcome{"entry-1-outcome.hex", {}};
    outcome.sample.header.group = PartitionId{0xfffffffe};
    outcome.sample.header.index = LogIndex{0xf1f2f3f4f5f6f7f8};
    outcome.sample.header.term = Term{9};
    outcome.sample.header.stamp_ms = -1;
    outcome.sample.header.kind = EntryKind::Outcome;
    outcome.sample.sections = {{6, false, "\x02"}, {7, false, ""}, {0x7001, true, "exactly8"}};
    return {noop, command, outcome};
}

TEST(EntryGolden, WritesTheReleasedBytes) {
    Chain previous;
    for (Golden& golden : golden_entries()) {
        SCOPED_TRACE(golden.file);
        const Bytes encoded = test::build(golden.sample, previous);
        EXPECT_EQ(test::hex_of(encoded.view()), test::golden_hex(golden.file));
        previous = golden.sample.header.chain;
    }
}

TEST(EntryGolden, ReadsTheReleasedBytes) {
    Chain previous;
    for (const Golden& golden : golden_entries()) {
        SCOPED_TRACE(golden.file);
        const std::string encoded = test::bytes_of(test::golden_hex(golden.file));
        const auto header = check_entry(encoded, previous);
        ASSERT_TRUE(header.has_value()) << header.error().message;
        EXPECT_EQ(header->group, golden.sample.header.group);
        EXPECT_EQ(header->index, golden.sample.header.index);
        EXPECT_EQ(header->term, golden.sample.header.term);
        EXPECT_EQ(header->stamp_ms, golden.sample.header.stamp_ms);
        EXPECT_EQ(header->kind, golden.sample.header.kind);
        EXPECT_EQ(test::sections_of(encoded), golden.sample.sections);
        previous = header->chain;
    }
}

// The field numbers of the format; a renumbering would make old journals unreadable.
TEST(EntryGolden, KeepsItsNumbers) {
    EXPECT_EQ(static_cast<int>(EntryKind::NoOp), 1);
    EXPECT_EQ(static_cast<int>(EntryKind::Resolve), 5);
    EXPECT_EQ(static_cast<int>(EntryKind::Audit), 9);
    EXPECT_EQ(static_cast<int>(SectionType::Request), 1);
    EXPECT_EQ(static_cast<int>(SectionType::Outcome), 6);
    EXPECT_EQ(static_cast<int>(SectionType::Dependencies), 10);
    EXPECT_EQ(static_cast<int>(SectionType::Config), 15);
}

}  // namespace

}  // namespace weft
