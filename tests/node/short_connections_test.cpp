// Whoever looks after a complaint finds the connections that had to go.

#include "node/short_connections.h"

#include <gtest/gtest.h>

#include <chrono>

namespace weft::node::test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(ShortConnectionsTest, AreSummedUpUntilAMinuteAfterTheLast) {
    const Instant start = Instant{} + minutes(10);
    ShortConnections seen;
    EXPECT_FALSE(seen.recent(start));
    seen.add(start, {1, 2, 3});
    seen.add(start + seconds(59), {10, 20, 30});
    const Instant last = start + minutes(2) - seconds(2);
    ASSERT_TRUE(seen.recent(last));
    EXPECT_EQ(seen.recent(last)->no_descriptor, 11U);
    EXPECT_EQ(seen.recent(last)->displaced, 22U);
    EXPECT_EQ(seen.recent(last)->heavy, 33U);
    EXPECT_FALSE(seen.recent(last + seconds(1)));
    seen.add(last + seconds(1), {1, 0, 0});
    EXPECT_EQ(seen.recent(last + seconds(1))->displaced, 0U) << "it was quiet for a minute";
}

}  // namespace
}  // namespace weft::node::test
