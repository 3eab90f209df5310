#include "transport/part_memory.h"

#include <gtest/gtest.h>

#include <vector>

namespace weft::transport {
namespace {

using Taken = std::vector<PartMemory::Bytes>;
constexpr std::size_t kPiece = PartMemory::kPieceBytes;

Taken take(PartMemory& memory, std::size_t count) {
    Taken taken;
    for (std::size_t i = 0; i < count; ++i) {
        memory.begin_round();
        EXPECT_TRUE(memory.has(kPiece));
        taken.push_back(memory.take(kPiece));
        taken.back()[kPiece - 1] = 'x';
    }
    return taken;
}

TEST(PartMemory, UsesAPieceAgain) {
    PartMemory memory;
    const char* first = take(memory, 1).front().get();
    EXPECT_EQ(memory.free_bytes(), kPiece);
    EXPECT_EQ(take(memory, 1).front().get(), first);
    EXPECT_EQ(memory.free_bytes(), kPiece);
}

TEST(PartMemory, HasSoManyNewPiecesInARoundAndEveryUsedOne) {
    PartMemory memory;
    take(memory, 3);
    memory.begin_round();
    Taken taken;
    for (std::size_t i = 0; i < 3 + PartMemory::kNewInRound; ++i) {
        ASSERT_TRUE(memory.has(kPiece)) << i;
        taken.push_back(memory.take(kPiece));
    }
    EXPECT_FALSE(memory.has(kPiece));
    EXPECT_TRUE(memory.has(kPiece - 1));  // of the heap
    memory.begin_round();
    EXPECT_TRUE(memory.has(kPiece));
}

TEST(PartMemory, OfOtherSizesIsOfTheHeap) {
    PartMemory memory;
    memory.take(100)[99] = 'x';
    memory.take(3 * kPiece)[3 * kPiece - 1] = 'x';
    EXPECT_EQ(memory.free_bytes(), 0u);
}

TEST(PartMemory, GivesBackWhatWasNotNeededBetweenTwoLooks) {
    constexpr std::size_t kMany = PartMemory::kKept + 2 * PartMemory::kAtOnce + 1;
    PartMemory memory;
    take(memory, kMany);
    memory.look();
    EXPECT_FALSE(memory.give_back());  // they were in use
    EXPECT_EQ(memory.free_bytes(), kMany * kPiece);
    take(memory, PartMemory::kAtOnce);
    memory.look();  // so many are needed, and the kept are kept
    EXPECT_TRUE(memory.give_back());
    EXPECT_EQ(memory.free_bytes(), (kMany - PartMemory::kAtOnce) * kPiece);
    EXPECT_FALSE(memory.give_back());
    EXPECT_EQ(memory.free_bytes(), (PartMemory::kKept + PartMemory::kAtOnce) * kPiece);
    memory.look();
    EXPECT_FALSE(memory.give_back());
    EXPECT_EQ(memory.free_bytes(), PartMemory::kKept * kPiece);
    memory.look();
    EXPECT_FALSE(memory.give_back());
    EXPECT_EQ(memory.free_bytes(), PartMemory::kKept * kPiece);
}

// What is needed after all is not given back.
TEST(PartMemory, GivesNothingBackThatWasTakenAgain) {
    constexpr std::size_t kMany = PartMemory::kKept + 4;
    PartMemory memory;
    take(memory, kMany);
    memory.look();
    memory.look();
    {
        const Taken taken = take(memory, kMany - 1);
        EXPECT_FALSE(memory.give_back());
        EXPECT_EQ(memory.free_bytes(), 0u);
    }
    EXPECT_EQ(memory.free_bytes(), (kMany - 1) * kPiece);
}

}  // namespace
}  // namespace weft::transport
