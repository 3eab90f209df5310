#include "node/recent_events.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace weft::node {
namespace {

std::vector<std::uint64_t> after(const RecentEvents& events, std::uint64_t number,
                                 std::size_t count = 100) {
    std::vector<std::uint64_t> numbers;
    events.each_after(number, count, [&](const RecentEvent& e) { numbers.push_back(e.number); });
    return numbers;
}

TEST(RecentEvents, AreNumberedFromOne) {
    RecentEvents events(3);
    EXPECT_EQ(events.last(), 0U);
    EXPECT_TRUE(after(events, 0).empty());
    events.add({}, "x", "a", "");
    events.add({}, "y", "b", "");
    EXPECT_EQ(after(events, 0), (std::vector<std::uint64_t>{1, 2}));
    EXPECT_EQ(after(events, 1), std::vector<std::uint64_t>{2});
    EXPECT_TRUE(after(events, 2).empty());
    EXPECT_TRUE(after(events, 77).empty()) << "of a life that had more";
    EXPECT_EQ(after(events, 0, 1), std::vector<std::uint64_t>{1});
    EXPECT_EQ(events.lost_after(0), 0U);
}

TEST(RecentEvents, BeyondTheirBoundSayHowManyAreGone) {
    RecentEvents events(3);
    for (int i = 0; i < 10; ++i) events.add({}, "x", "a", "");
    EXPECT_EQ(after(events, 0), (std::vector<std::uint64_t>{8, 9, 10}));
    EXPECT_EQ(events.lost_after(0), 7U);
    EXPECT_EQ(events.lost_after(6), 1U);
    EXPECT_EQ(events.lost_after(7), 0U);
    EXPECT_EQ(events.lost_after(10), 0U);
    EXPECT_EQ(after(events, 8), (std::vector<std::uint64_t>{9, 10}));
}

}  // namespace
}  // namespace weft::node
