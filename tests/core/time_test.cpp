#include "core/time.h"

#include <gtest/gtest.h>

namespace weft {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(Time, NeverStaysNever) {
    EXPECT_EQ(Instant::never() + hours(1), Instant::never());
    EXPECT_GT(Instant::never(), Instant{0} + hours(1));
}

TEST(Time, LongAgoCanBeMeasuredAgainstAnyMomentWithoutOverflow) {
    EXPECT_GT(Instant{} - Instant::long_ago(), hours(24 * 365));
    EXPECT_LT(Instant::long_ago() + hours(1), Instant{});
}

TEST(Time, SpansAndMomentsAddUp) {
    const Instant start{1000};
    EXPECT_EQ((start + milliseconds(5)) - start, milliseconds(5));
    EXPECT_EQ((start + milliseconds(5)) - milliseconds(5), start);
}

}  // namespace

}  // namespace weft
