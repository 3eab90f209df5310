#include "core/random.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <set>
#include <vector>

namespace weft {

namespace {

std::vector<std::uint64_t> draw(Random random, std::size_t count) {
    std::vector<std::uint64_t> values;
    for (std::size_t i = 0; i < count; ++i) values.push_back(random.next());
    return values;
}

// Published values of splitmix64: a seed must mean the same run on every machine and for ever.
TEST(Random, GivesTheSequenceOfSplitmix64) {
    EXPECT_EQ(draw(Random(1234567), 3),
              (std::vector<std::uint64_t>{6457827717110365317U, 3203168211198807973U,
                                          9817491932198370423U}));
}

TEST(Random, DrawingFromAStreamDoesNotMoveItsOrigin) {
    Random origin(7);
    const auto untouched = draw(origin, 10);
    Random stream = origin.stream("network");
    draw(stream, 100);
    for (int i = 0; i < 100; ++i) stream.next();
    EXPECT_EQ(draw(origin, 10), untouched);
}

TEST(Random, StreamsDifferByNameAndSeed) {
    std::set<std::uint64_t> firsts;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        const Random origin(seed);
        for (const char* name : {"", "network", "disk", "disl", "clients"})
            firsts.insert(origin.stream(name).next());
    }
    EXPECT_EQ(firsts.size(), 500U);
    EXPECT_EQ(draw(Random(7).stream("disk"), 5), draw(Random(7).stream("disk"), 5));
}

RC_GTEST_PROP(RandomLaw, BelowStaysBelow, (std::uint64_t seed, std::uint64_t bound)) {
    Random random(seed);
    for (int i = 0; i < 20; ++i) {
        const std::uint64_t value = random.below(bound);
        RC_ASSERT((bound == 0 && value == 0) || value < bound);
    }
}

RC_GTEST_PROP(RandomLaw, BetweenIncludesBothEnds, (std::uint64_t seed)) {
    Random random(seed);
    std::array<int, 3> seen{};
    for (int i = 0; i < 200; ++i) {
        const auto value = random.between(Duration{5}, Duration{7});
        RC_ASSERT(value >= Duration{5} && value <= Duration{7});
        ++seen[static_cast<std::size_t>(value.count() - 5)];
    }
    for (const int count : seen) RC_ASSERT(count > 20);
}

TEST(Random, EmptyRangeGivesItsLowEnd) {
    Random random(1);
    EXPECT_EQ(random.between(Duration{5}, Duration{5}), Duration{5});
    EXPECT_EQ(random.between(Duration{5}, Duration{3}), Duration{5});
}

TEST(Random, ChanceIsAboutWhatItSays) {
    Random random(3);
    int hits = 0;
    for (int i = 0; i < 10000; ++i) hits += random.chance(1, 4) ? 1 : 0;
    EXPECT_GT(hits, 2300);
    EXPECT_LT(hits, 2700);
    EXPECT_FALSE(random.chance(0, 5));
    EXPECT_TRUE(random.chance(5, 5));
}

}  // namespace

}  // namespace weft
