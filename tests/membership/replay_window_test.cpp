#include "membership/replay_window.h"

#include <gtest/gtest.h>

namespace weft::membership {
namespace {

TEST(ReplayWindow, TakesEachSequenceOnceInAnyOrder) {
    ReplayWindow window;
    for (const std::uint64_t sequence : {1U, 5U, 3U, 2U, 4U, 60U, 6U}) {
        EXPECT_TRUE(window.take(Boot{1}, Sequence{sequence})) << sequence;
        EXPECT_FALSE(window.take(Boot{1}, Sequence{sequence})) << sequence;
    }
    EXPECT_FALSE(window.take(Boot{1}, Sequence{0}));
}

TEST(ReplayWindow, RefusesWhatLiesFarBehind) {
    ReplayWindow window;
    EXPECT_TRUE(window.take(Boot{1}, Sequence{1000}));
    EXPECT_TRUE(window.take(Boot{1}, Sequence{1000 - 63}));
    EXPECT_FALSE(window.take(Boot{1}, Sequence{1000 - 64}));
}

TEST(ReplayWindow, ANewBootBeginsAnewAndTheOldOneIsOver) {
    ReplayWindow window;
    EXPECT_TRUE(window.take(Boot{1}, Sequence{1000}));
    EXPECT_TRUE(window.take(Boot{2}, Sequence{1}));
    EXPECT_FALSE(window.take(Boot{2}, Sequence{1}));
    EXPECT_FALSE(window.take(Boot{1}, Sequence{1001}));
}

}  // namespace
}  // namespace weft::membership
