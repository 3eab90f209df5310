#include "core/group_map.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

namespace weft {
namespace {

std::vector<std::uint32_t> groups(const GroupMap<int>& map) {
    std::vector<std::uint32_t> all;
    for (const auto& [group, value] : map) all.push_back(group.value);
    return all;
}

TEST(GroupMap, HoldsWhatItWasGivenInTheOrderOfTheGroups) {
    GroupMap<int> map;
    for (const std::uint32_t group : {7u, 0u, 4'000'000'000u, 1u, 3u})
        map[PartitionId{group}] = static_cast<int>(group % 100);
    EXPECT_EQ(groups(map), (std::vector<std::uint32_t>{0, 1, 3, 7, 4'000'000'000u}));
    for (const auto& [group, value] : map) {
        ASSERT_NE(map.find(group), nullptr);
        EXPECT_EQ(*map.find(group), static_cast<int>(group.value % 100));
    }
    for (const std::uint32_t group : {2u, 4u, 5u, 3'999'999'999u, 4'294'967'295u})
        EXPECT_EQ(map.find(PartitionId{group}), nullptr) << group;
}

TEST(GroupMap, TakesRoomForTheGroupsItHoldsOnly) {
    GroupMap<int> map;
    map[PartitionId{4'294'967'295u}] = 1;
    EXPECT_EQ(map.size(), 1u);
    map[PartitionId{4'294'967'295u}] += 1;
    EXPECT_EQ(map.size(), 1u);
    EXPECT_EQ(*map.find(PartitionId{4'294'967'295u}), 2);
}

TEST(GroupMap, ForgetsTheOneThatIsErased) {
    GroupMap<int> map;
    for (std::uint32_t group = 0; group < 10; ++group) map[PartitionId{group}] = 1;
    map.erase(PartitionId{4});
    map.erase(PartitionId{4});
    map.erase(PartitionId{77});
    EXPECT_EQ(map.find(PartitionId{4}), nullptr);
    EXPECT_EQ(groups(map), (std::vector<std::uint32_t>{0, 1, 2, 3, 5, 6, 7, 8, 9}));
    EXPECT_EQ(map[PartitionId{4}], 0);
}

}  // namespace
}  // namespace weft
