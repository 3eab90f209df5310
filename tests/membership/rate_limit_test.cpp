#include "membership/rate_limit.h"

#include <gtest/gtest.h>

namespace weft::membership {
namespace {

using namespace std::chrono_literals;

TEST(RateLimit, WhoAccusesEverybodyIsHeardAFewTimesOnly) {
    RateLimit limit;
    int counted = 0;
    for (int i = 0; i < 100; ++i) counted += limit.take(Instant{}, 1s, 8) ? 1 : 0;
    EXPECT_EQ(counted, 8);
}

TEST(RateLimit, OneAPeriodAlwaysCounts) {
    RateLimit limit;
    Instant now;
    for (int i = 0; i < 1000; ++i, now = now + 1s) EXPECT_TRUE(limit.take(now, 1s, 8));
    for (int i = 0; i < 7; ++i) EXPECT_TRUE(limit.take(now, 1s, 8)) << i;
    EXPECT_TRUE(limit.take(now + 1s, 1s, 8));
    EXPECT_TRUE(limit.take(now + 1s, 1s, 8));
    EXPECT_FALSE(limit.take(now + 1s, 1s, 8));
}

}  // namespace
}  // namespace weft::membership
