// The path of one put may allocate little; an entry may cost the block it is returned in and no
// more. Counted by replacing the program's allocator, hence a program of its own.

#include "core/entry.h"
#include "core/hash.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

namespace {

std::size_t& allocations() {
    static std::size_t count = 0;
    return count;
}

}  // namespace

// noinline keeps g++ from pairing an inlined free() with operator new and warning of a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
    ++allocations();
    if (void* block = std::malloc(size == 0 ? 1 : size)) return block;
    std::abort();
}
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept { std::free(block); }

namespace weft {

namespace {

TEST(Allocations, AnEntryCostsOneOnceTheBuilderHasItsRoom) {
    const std::string value(200, 'v');
    EntryBuilder builder;
    EntryHeader header;
    Chain previous;
    for (int round = 0; round < 3; ++round) {
        const std::size_t before = allocations();
        builder.begin(EntryKind::Command);
        builder.section(SectionType::Request, "0123456789abcdef");
        builder.section(SectionType::Value, value, true);
        const Bytes entry = builder.finish(header, previous);
        const std::size_t spent = allocations() - before;
        if (round > 0) {
            EXPECT_EQ(spent, 1U);
        }
        previous = header.chain;
    }
}

TEST(Allocations, CheckingAWholeEntryCostsNone) {
    EntryBuilder builder;
    EntryHeader header;
    builder.begin(EntryKind::Command);
    builder.section(SectionType::Value, std::string(2000, 'v'));
    const Bytes entry = builder.finish(header, Chain{});
    const std::size_t before = allocations();
    const bool good = check_entry(entry.view(), Chain{}).has_value();
    EXPECT_EQ(allocations() - before, 0U);
    EXPECT_TRUE(good);
}

TEST(Allocations, HashesCostNone) {
    const std::string text(5000, 't');
    const std::size_t before = allocations();
    Xxh3Stream stream;
    stream.update(text);
    const bool same = stream.digest128() == xxh3_128(text);
    const std::uint64_t other = siphash24(HashKey{}, text) ^ blake2b_128(text)[0];
    EXPECT_EQ(allocations() - before, 0U);
    EXPECT_TRUE(same);
    EXPECT_NE(other, 0U);
}

}  // namespace

}  // namespace weft
