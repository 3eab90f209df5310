// What is read back from a disk or a peer is checked as hostile: each test breaks one thing and
// expects a typed refusal.

#include "core/entry.h"
#include "core/error.h"
#include "entry_samples.h"

#include <gtest/gtest.h>

namespace weft {

namespace {

using test::EntrySample;
using test::Sealed;
using test::sealed_body;

std::string small_entry() {
    EntrySample sample = test::small_command();
    return std::string(test::build(sample, test::some_chain()).view());
}

void flip(std::string& bytes, std::size_t bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
}

TEST(EntryDamage, EverySingleFlippedBitIsFound) {
    std::string entry = small_entry();
    for (std::size_t bit = 0; bit < entry.size() * 8; ++bit) {
        flip(entry, bit);
        const auto refused = check_entry(entry, test::some_chain());
        ASSERT_FALSE(refused.has_value()) << "bit " << bit;
        EXPECT_EQ(refused.error().number, static_cast<std::uint16_t>(ErrorNumber::DataDamaged));
        flip(entry, bit);
    }
    EXPECT_TRUE(check_entry(entry, test::some_chain()).has_value());
}

TEST(EntryDamage, EveryFlippedBitOfTheHeaderIsFoundWithoutThePredecessor) {
    std::string entry = small_entry();
    for (std::size_t bit = 0; bit < kEntryHeaderBytes * 8; ++bit) {
        flip(entry, bit);
        EXPECT_FALSE(read_entry_header(entry).has_value()) << "bit " << bit;
        EXPECT_FALSE(check_entry_alone(entry).has_value()) << "bit " << bit;
        flip(entry, bit);
    }
}

TEST(EntryDamage, EveryTruncationIsRefused) {
    const std::string entry = small_entry();
    for (std::size_t size = 0; size < entry.size(); ++size) {
        const auto part = std::string_view(entry).substr(0, size);
        EXPECT_FALSE(check_entry(part, test::some_chain()).has_value()) << size;
        EXPECT_FALSE(check_entry_alone(part).has_value()) << size;
        EXPECT_EQ(read_entry_header(part).has_value(), size >= kEntryHeaderBytes) << size;
    }
}

TEST(EntryDamage, BytesBehindTheEntryAreRefused) {
    for (std::size_t extra = 1; extra <= 16; ++extra) {
        const std::string entry = small_entry() + std::string(extra, '\0');
        EXPECT_FALSE(check_entry_alone(entry).has_value()) << extra;
    }
}

TEST(EntryDamage, EveryFlippedBitOfThePreviousChainIsFound) {
    const std::string entry = small_entry();
    for (std::size_t bit = 0; bit < 128; ++bit) {
        Chain other = test::some_chain();
        other.bytes[bit / 8] = static_cast<std::uint8_t>(other.bytes[bit / 8] ^ (1 << (bit % 8)));
        EXPECT_FALSE(check_entry(entry, other).has_value()) << bit;
    }
}

struct Case {
    const char* why;
    Sealed entry;
    ErrorNumber number;
    const char* message;
};

void expect_refused(const Case& c) {
    SCOPED_TRACE(c.why);
    // Chain and checksum hold, so that only the thing itself can be the reason.
    const auto refused = check_entry(c.entry.encoded(test::some_chain()), test::some_chain());
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().number, static_cast<std::uint16_t>(c.number));
    EXPECT_EQ(refused.error().message, c.message);
}

TEST(EntryDamage, HeaderFieldsOutOfRangeAreRefused) {
    Sealed newer, unknown_kind, no_kind, flagged, format_zero, shorter, longer, huge;
    newer.format = 2;
    format_zero.format = 0;
    unknown_kind.kind = 10;
    no_kind.kind = 0;
    flagged.flags = 1;
    longer = sealed_body(std::string("\x04\0\0\0\0\0\0\0", 8));
    shorter = longer;
    longer.body_bytes = 16;
    shorter.body_bytes = 0;
    huge.body_bytes = kEntryBytesMax - kEntryHeaderBytes + 1;
    const Case cases[] = {
        {"newer format", newer, ErrorNumber::NewerFormat, "entry format 2, known up to 1"},
        {"newer kind", unknown_kind, ErrorNumber::NewerFormat, "entry kind 10"},
        {"kind 0", no_kind, ErrorNumber::DataDamaged, "entry kind 0"},
        {"format 0", format_zero, ErrorNumber::DataDamaged, "entry format 0, flags 0x0"},
        {"flags", flagged, ErrorNumber::DataDamaged, "entry format 1, flags 0x1"},
        {"length above the body", longer, ErrorNumber::DataDamaged,
         "8 bytes of an entry body, its header says 16"},
        {"length below the body", shorter, ErrorNumber::DataDamaged,
         "8 bytes of an entry body, its header says 0"},
        {"length above the limit", huge, ErrorNumber::DataDamaged,
         "an entry body of 2097097 bytes, at most 2097096"},
    };
    for (const auto& c : cases) expect_refused(c);
}

std::string section(std::uint16_t type, std::uint16_t flags, std::uint32_t length,
                    std::string_view rest) {
    std::string bytes;
    ByteWriter writer(bytes);
    writer.put(type);
    writer.put(flags);
    writer.put(length);
    writer.put_bytes(rest);
    return bytes;
}

TEST(EntryDamage, SectionsThatDoNotCoverTheBodyAreRefused) {
    const std::string whole = section(4, 0, 8, "12345678");
    const std::string dirty = section(4, 0, 7, "1234567!");
    const std::string no_padding = section(4, 0, 3, "abc");
    const Case cases[] = {
        {"one byte of a section", sealed_body("x"), ErrorNumber::DataDamaged,
         "section at 56 runs past 1 bytes left"},
        {"too long by one", sealed_body(section(4, 0, 9, "12345678")), ErrorNumber::DataDamaged,
         "section at 56 runs past 16 bytes left"},
        {"length near the largest number", sealed_body(section(4, 0, 0xffffffff, "12345678")),
         ErrorNumber::DataDamaged, "section at 56 runs past 16 bytes left"},
        {"padding cut off", sealed_body(no_padding), ErrorNumber::DataDamaged,
         "section at 56 runs past 11 bytes left"},
        {"seven bytes left over", sealed_body(whole + std::string(7, '\0')),
         ErrorNumber::DataDamaged, "section at 72 runs past 7 bytes left"},
        {"padding not zero", sealed_body(whole + dirty), ErrorNumber::DataDamaged,
         "padding at 87 is not zero"},
        {"type 0", sealed_body(std::string(8, '\0')), ErrorNumber::DataDamaged,
         "section at 56 has type 0"},
        {"unknown section flag", sealed_body(section(4, 3, 8, "12345678")),
         ErrorNumber::DataDamaged, "section at 56 has flags 0x3"},
    };
    for (const auto& c : cases) expect_refused(c);
    EXPECT_TRUE(check_entry_alone(sealed_body(whole).encoded(Chain{})).has_value());
}

}  // namespace

}  // namespace weft
