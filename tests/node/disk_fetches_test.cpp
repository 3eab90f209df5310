// Whose answer it is that the disk gives.
#include "node/disk/fetches.h"

#include <gtest/gtest.h>

namespace weft::node {
namespace {

TEST(DiskFetches, AnAnswerIsOfWhoAskedWithItsNumberAndOnce) {
    DiskFetches fetches;
    const DiskFetches::Owner one{PartitionId{1}, FetchId{7}};
    const DiskFetches::Owner other{PartitionId{2}, FetchId{7}};
    const DiskFetchId first = fetches.ask(one);
    const DiskFetchId desk = fetches.ask_for_desk();
    const DiskFetchId second = fetches.ask(other);
    EXPECT_LT(first, desk);
    EXPECT_LT(desk, second);
    EXPECT_EQ(fetches.answered(second), other);
    EXPECT_EQ(fetches.answered(desk), std::nullopt);
    EXPECT_EQ(fetches.answered(first), one);
    EXPECT_EQ(fetches.answered(first), std::nullopt) << "it was answered";
    EXPECT_EQ(fetches.answered(DiskFetchId{99}), std::nullopt) << "nobody asked";
}

}  // namespace
}  // namespace weft::node
