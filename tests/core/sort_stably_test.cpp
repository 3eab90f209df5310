#include "core/sort_stably.h"

#include <gtest/gtest.h>

#include <string>

namespace weft {
namespace {

struct Item {
    int key = 0;
    std::string name;
};

TEST(SortStably, RisesAndKeepsTheOrderOfEqualOnes) {
    std::vector<Item> items = {{2, "a"}, {1, "b"}, {2, "c"}, {1, "d"}, {0, "e"}, {2, "f"}};
    sort_stably(items, &Item::key);
    std::string names;
    for (const Item& item : items) names += item.name;
    EXPECT_EQ(names, "ebdacf");
    std::vector<Item> none;
    sort_stably(none, &Item::key);
    EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace weft
