#include "membership/health.h"

#include <gtest/gtest.h>

namespace weft::membership {
namespace {

// Lifeguard IV-A.
TEST(LocalHealth, ADeadTargetIsNoSignOfBeingDeaf) {
    LocalHealth health(8);
    health.probe_failed(3, 0);
    EXPECT_EQ(health.score(), 0);
    health.probe_failed(3, 2);
    EXPECT_EQ(health.score(), 2);
    health.probe_failed(0, 0);
    EXPECT_EQ(health.score(), 3);
    health.refuted();
    EXPECT_EQ(health.score(), 4);
    health.probe_answered();
    EXPECT_EQ(health.factor(), 4);
}

TEST(LocalHealth, StaysWithinItsLimit) {
    LocalHealth health(8);
    for (int i = 0; i < 20; ++i) health.probe_failed(3, 3);
    EXPECT_EQ(health.factor(), 8);
    for (int i = 0; i < 20; ++i) health.probe_answered();
    EXPECT_EQ(health.factor(), 1);
}

TEST(LocalHealth, IsSwitchedOffByALimitOfOne) {
    LocalHealth health(1);
    health.probe_failed(3, 3);
    health.refuted();
    EXPECT_EQ(health.factor(), 1);
}

}  // namespace
}  // namespace weft::membership
