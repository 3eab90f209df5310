// When what must add up is looked at.

#include "node/check_turns.h"

#include <gtest/gtest.h>

namespace weft::node::test {
namespace {

TEST(CheckTurns, InASimulatorEveryStepIsChecked) {
    CheckTurns turns(true, 1000);
    EXPECT_TRUE(turns.after_step());
    EXPECT_TRUE(turns.after_partition_step());
    EXPECT_TRUE(turns.after_partition_step());
    EXPECT_FALSE(turns.after_round()) << "what a step has left was looked at";
}

TEST(CheckTurns, InProductionOneOfSoManyIsAndRoundsCountForThemselves) {
    CheckTurns turns(false, 3);
    for (int again = 0; again < 3; ++again) {
        EXPECT_FALSE(turns.after_step());
        EXPECT_FALSE(turns.after_partition_step());
        EXPECT_FALSE(turns.after_partition_step());
        EXPECT_FALSE(turns.after_round());
        EXPECT_TRUE(turns.after_partition_step());
        EXPECT_FALSE(turns.after_round());
        EXPECT_TRUE(turns.after_round());
    }
    CheckTurns always(false, 1);
    EXPECT_TRUE(always.after_partition_step());
    EXPECT_TRUE(always.after_round());
}

}  // namespace
}  // namespace weft::node::test
