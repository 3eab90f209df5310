#include "core/indexed.h"

#include "weft/types.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace weft {
namespace {

using Place = Strong<struct PlaceTag, std::uint32_t>;
using Other = Strong<struct OtherTag, std::uint32_t>;

template <class Index>
constexpr bool finds = requires(const Indexed<Place, int>& some, Index index) { some[index]; };
static_assert(finds<Place>);
static_assert(!finds<Other> && !finds<std::uint32_t>, "only its own kind of place finds something");

TEST(Indexed, TellsThePlaceOfWhatIsAddedAndAllPlacesInOrder) {
    Indexed<Place, std::string> words;
    EXPECT_FALSE(words.has(Place{0}));
    EXPECT_EQ(words.add("a"), Place{0});
    EXPECT_EQ(words.add("b"), Place{1});
    EXPECT_EQ(words[Place{1}], "b");
    EXPECT_FALSE(words.has(Place{2}));
    std::vector<Place> places;
    for (const Place place : words.indexes()) places.push_back(place);
    EXPECT_EQ(places, (std::vector<Place>{Place{0}, Place{1}}));
}

TEST(Indexed, ReachesAPlaceAndKeepsWhatIsThere) {
    Indexed<Place, int> numbers(1);
    numbers[Place{0}] = 7;
    numbers.reach(Place{2});
    EXPECT_EQ(numbers.size(), 3u);
    numbers.reach(Place{0});
    EXPECT_EQ(numbers.size(), 3u) << "never shrinks";
    EXPECT_EQ(numbers[Place{0}], 7);
    EXPECT_EQ(numbers[Place{2}], 0);
}

}  // namespace
}  // namespace weft
