// Sessions that a full group ended are told of in the log now and then.

#include "replication/partition/ended_early.h"

#include <gtest/gtest.h>

#include <chrono>

namespace weft::replication {
namespace {

TEST(EndedEarly, AreToldTogetherAfterAPause) {
    EndedEarly ended;
    Instant now;
    EXPECT_EQ(ended.add(0, now), std::nullopt);
    EXPECT_EQ(ended.add(2, now), 2u);
    EXPECT_EQ(ended.add(3, now), std::nullopt);
    now = now + std::chrono::seconds(10);
    EXPECT_EQ(ended.add(4, now), 7u);
    now = now + std::chrono::seconds(10);
    EXPECT_EQ(ended.add(0, now), std::nullopt) << "none is left to be told of";
}

}  // namespace
}  // namespace weft::replication
