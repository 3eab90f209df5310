// What a peer has told of the partitions it would not lead.

#include "node/told_eligibility.h"

#include <gtest/gtest.h>

#include <vector>

namespace weft::node::test {
namespace {

using Change = ToldEligibility::Change;
constexpr PartitionId kOne{1}, kThree{3}, kFour{4}, kLast{16384};

TEST(ToldEligibility, OnlyWhatIsNewIsAChangeAndWhereItStandsAgainComesFirst) {
    ToldEligibility told;
    EXPECT_EQ(told.on_told({}), std::vector<Change>{}) << "it would lead everywhere";
    EXPECT_EQ(told.on_told({kThree, kLast}),
              (std::vector<Change>{{kThree, false}, {kLast, false}}));
    EXPECT_EQ(told.on_told({kThree, kLast}), std::vector<Change>{}) << "as before";
    EXPECT_EQ(told.on_told({kOne, kThree, kFour}),
              (std::vector<Change>{{kLast, true}, {kOne, false}, {kFour, false}}));
}

TEST(ToldEligibility, OfAnotherLinkOrProcessNothingIsKnown) {
    ToldEligibility told;
    told.on_told({kOne, kFour});
    EXPECT_EQ(told.forget(), (std::vector<Change>{{kOne, true}, {kFour, true}}));
    EXPECT_EQ(told.forget(), std::vector<Change>{});
    EXPECT_EQ(told.on_told({kOne}), (std::vector<Change>{{kOne, false}}));
}

}  // namespace
}  // namespace weft::node::test
