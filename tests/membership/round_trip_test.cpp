#include "membership/round_trip.h"

#include <gtest/gtest.h>

namespace weft::membership {
namespace {

using namespace std::chrono_literals;

TEST(RoundTrip, FollowsWhatIsMeasured) {
    RoundTrip trip;
    EXPECT_EQ(trip.smoothed(), 0ns);
    trip.answered_after(8ms);
    EXPECT_EQ(trip.smoothed(), 8ms);
    trip.answered_after(16ms);
    EXPECT_EQ(trip.smoothed(), 9ms);
    for (int i = 0; i < 100; ++i) trip.answered_after(1ms);
    EXPECT_LT(trip.smoothed(), 1100us);
}

// RFC 6298 2.2 and 2.3.
TEST(RoundTrip, TheLongestFollowsHowMuchTheyDiffer) {
    RoundTrip trip;
    EXPECT_FALSE(trip.measured());
    trip.answered_after(std::chrono::milliseconds(8));
    EXPECT_EQ(trip.longest(), std::chrono::milliseconds(24));
    trip.answered_after(std::chrono::milliseconds(16));
    EXPECT_EQ(trip.smoothed(), std::chrono::milliseconds(9));
    EXPECT_EQ(trip.longest(), std::chrono::milliseconds(29));
    for (int i = 0; i < 100; ++i) trip.answered_after(std::chrono::milliseconds(9));
    EXPECT_LT(trip.longest(), std::chrono::milliseconds(10));
}

TEST(RoundTrip, WhoAnswersLateIsSlow) {
    RoundTrip trip;
    trip.answered_after(249ms);
    EXPECT_EQ(trip.quality(250ms), Quality::Good);
    for (int i = 0; i < 8; ++i) trip.answered_after(900ms);
    EXPECT_EQ(trip.quality(250ms), Quality::Slow);
}

// Rapid 4.1: 40 % of the last ten.
TEST(RoundTrip, WhoLosesFourOfTenIsDegradedUntilItAnswersAgain) {
    RoundTrip trip;
    for (int i = 0; i < 3; ++i) trip.probe_ended(false);
    EXPECT_EQ(trip.quality(250ms), Quality::Good);
    trip.probe_ended(true);
    trip.probe_ended(false);
    EXPECT_EQ(trip.quality(250ms), Quality::Degraded);
    for (int i = 0; i < 6; ++i) trip.probe_ended(true);
    EXPECT_EQ(trip.quality(250ms), Quality::Good);
}

TEST(RoundTrip, AClockThatStandsStillMeasuresTheLeast) {
    RoundTrip trip;
    trip.answered_after(0ns);
    EXPECT_EQ(trip.smoothed(), 1us);
    trip.answered_after(-5s);
    EXPECT_EQ(trip.smoothed(), 1us);
}

}  // namespace
}  // namespace weft::membership
