// S5: what makes it certain that a process is gone, and for how long.

#include "node/evidence.h"

#include <gtest/gtest.h>

#include <chrono>

namespace weft::node::test {
namespace {

using News = EvidenceNews;

constexpr Instant kNow{1'000'000};
constexpr Instant kLater{2'000'000};

TEST(Evidence, ARefusedConnectionHoldsUntilANewerBootShows) {
    Evidence evidence;
    EXPECT_FALSE(evidence.holds());
    EXPECT_EQ(evidence.on_refused(true), News::Begins);
    EXPECT_EQ(evidence.on_refused(true), News::None) << "that is no news";
    EXPECT_TRUE(evidence.holds());
    EXPECT_EQ(evidence.deadline(), Instant::never());
    EXPECT_EQ(evidence.on_time(kLater), News::None);
    EXPECT_EQ(evidence.on_new_boot(true, kLater), News::Ends);
    EXPECT_FALSE(evidence.holds());
}

TEST(Evidence, ANewerBootHoldsForAsLongAsTheFormerOnesLeaseCould) {
    Evidence evidence;
    EXPECT_EQ(evidence.on_new_boot(false, kLater), News::None) << "no former one was known";
    EXPECT_EQ(evidence.on_new_boot(true, kLater), News::Begins);
    EXPECT_EQ(evidence.deadline(), kLater);
    EXPECT_EQ(evidence.on_time(kNow), News::None);
    EXPECT_EQ(evidence.on_time(kLater), News::Ends);
    EXPECT_FALSE(evidence.holds());
    EXPECT_EQ(evidence.deadline(), Instant::never());
    EXPECT_EQ(evidence.on_time(kLater), News::None) << "once";
}

TEST(Evidence, ARefusalMakesItLast) {
    Evidence evidence;
    evidence.on_new_boot(true, kLater);
    EXPECT_EQ(evidence.on_refused(true), News::None) << "it holds already";
    EXPECT_EQ(evidence.on_time(kLater), News::None);
    EXPECT_TRUE(evidence.holds());
}

TEST(Evidence, OfANodeThatNeverRanThereIsNone) {
    Evidence evidence;
    EXPECT_EQ(evidence.on_refused(false), News::None);
    EXPECT_FALSE(evidence.holds());
    EXPECT_EQ(evidence.on_refused(true), News::Begins);
}

TEST(Evidence, DroppedItEndsOnce) {
    Evidence evidence;
    EXPECT_EQ(evidence.drop(), News::None);
    evidence.on_refused(true);
    EXPECT_EQ(evidence.drop(), News::Ends);
    EXPECT_EQ(evidence.drop(), News::None);
    EXPECT_FALSE(evidence.holds());
}

}  // namespace
}  // namespace weft::node::test
