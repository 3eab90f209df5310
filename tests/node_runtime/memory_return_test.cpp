#include "node/runtime/memory_return.h"

#include <gtest/gtest.h>

namespace weft::node {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

// Samples that are wanted between `from` and `from + span`, all of `bytes`; how often it answered
// that memory should go back.
int returns(MemoryReturn& memory, Instant& now, Duration span, std::size_t bytes) {
    int count = 0;
    for (const Instant end = now + span; now < end; now = now + std::chrono::milliseconds(100))
        if (memory.wants_sample(now) && memory.sample(now, bytes)) ++count;
    return count;
}

TEST(MemoryReturn, ComesOnceAfterAPeakThatIsOverForAWholeSpan) {
    MemoryReturn memory;
    Instant now{1'000'000'000};
    EXPECT_EQ(returns(memory, now, 2 * MemoryReturn::kSpan, 20 * kMiB), 0);
    EXPECT_EQ(returns(memory, now, 2 * MemoryReturn::kSpan, 60 * kMiB), 0);
    EXPECT_EQ(returns(memory, now, 3 * MemoryReturn::kSpan, 20 * kMiB), 1);
    EXPECT_EQ(returns(memory, now, 9 * MemoryReturn::kSpan, 20 * kMiB), 0);
}

TEST(MemoryReturn, LeavesWhatALoadWillTakeAgain) {
    MemoryReturn memory;
    Instant now{1'000'000'000};
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(returns(memory, now, MemoryReturn::kSpan / 3, 60 * kMiB), 0);
        EXPECT_EQ(returns(memory, now, MemoryReturn::kSpan / 3, 20 * kMiB), 0);
    }
}

TEST(MemoryReturn, IsNotWorthItForLittle) {
    MemoryReturn memory;
    Instant now{1'000'000'000};
    returns(memory, now, 2 * MemoryReturn::kSpan, 20 * kMiB);
    EXPECT_EQ(
        returns(memory, now, 5 * MemoryReturn::kSpan, 20 * kMiB - MemoryReturn::kWorthBytes + 1),
        0);
}

// Passivation lowers the memory little by little, over several spans.
TEST(MemoryReturn, FollowsASlowFall) {
    MemoryReturn memory;
    Instant now{1'000'000'000};
    int count = returns(memory, now, MemoryReturn::kSpan, 60 * kMiB);
    for (std::size_t mib = 60; mib > 20; --mib)
        count += returns(memory, now, MemoryReturn::kSpan / 10, mib * kMiB);
    count += returns(memory, now, 2 * MemoryReturn::kSpan, 20 * kMiB);
    EXPECT_GE(count, 2);
    EXPECT_LE(count, 6);
}

// What strangers made the node hold is given back at once: it comes at their will, not in spans.
TEST(MemoryReturn, MuchThatConnectionsHeldIsGivenBackWhenItIsGone) {
    MemoryReturn memory;
    EXPECT_FALSE(memory.held(31 * kMiB));
    EXPECT_FALSE(memory.held(0)) << "not worth it";
    EXPECT_FALSE(memory.held(100 * kMiB));
    EXPECT_FALSE(memory.held(69 * kMiB));
    EXPECT_TRUE(memory.held(68 * kMiB));
    EXPECT_FALSE(memory.held(68 * kMiB)) << "once";
    EXPECT_TRUE(memory.held(0));
    EXPECT_FALSE(memory.held(0));
}

}  // namespace
}  // namespace weft::node
