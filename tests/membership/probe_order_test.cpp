#include "membership/probe_order.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <set>

namespace weft::membership {
namespace {

const auto kAll = [](MemberIndex) { return true; };

std::vector<std::optional<MemberIndex>> same(std::size_t members) {
    std::vector<std::optional<MemberIndex>> moved(members);
    for (std::uint32_t i = 0; i < members; ++i) moved[i] = MemberIndex{i};
    return moved;
}

// SWIM 4.3.
TEST(ProbeOrder, MeetsEachMemberOnceARound) {
    ProbeOrder order(Random{1});
    order.change({}, 50);
    std::vector<MemberIndex> first, second;
    for (int i = 0; i < 50; ++i) first.push_back(*order.next(kAll));
    for (int i = 0; i < 50; ++i) second.push_back(*order.next(kAll));
    EXPECT_EQ(std::set(first.begin(), first.end()).size(), 50U);
    EXPECT_EQ(std::set(second.begin(), second.end()).size(), 50U);
    EXPECT_NE(first, second);
}

TEST(ProbeOrder, SkipsWhoIsNotWantedAndSaysWhenNobodyIs) {
    ProbeOrder order(Random{1});
    order.change({}, 5);
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(order.next([](MemberIndex index) { return index.value == 3; }), MemberIndex{3});
    EXPECT_EQ(order.next([](MemberIndex) { return false; }), std::nullopt);
    ProbeOrder empty(Random{1});
    EXPECT_EQ(empty.next(kAll), std::nullopt);
}

TEST(ProbeOrder, AJoinerComesAnywhereInTheRound) {
    std::map<int, int> places;
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        ProbeOrder order(Random{seed});
        order.change({}, 9);
        order.change(same(9), 10);
        int place = 0;
        while (order.next(kAll)->value != 9) ++place;
        ++places[place];
    }
    EXPECT_EQ(places.size(), 10U);
    for (const auto& [place, times] : places) EXPECT_GT(times, 10) << place;
}

TEST(ProbeOrder, AChangeOfTheRosterKeepsTheRound) {
    ProbeOrder order(Random{4});
    order.change({}, 10);
    std::set<std::uint32_t> met;
    for (int i = 0; i < 5; ++i) met.insert(order.next(kAll)->value);
    // Member 0 is gone, all others move down by one.
    auto moved = same(10);
    moved[0] = std::nullopt;
    for (std::uint32_t i = 1; i < 10; ++i) moved[i] = MemberIndex{i - 1};
    order.change(moved, 9);
    const std::size_t left = met.contains(0) ? 5 : 4;
    for (std::size_t i = 0; i < left; ++i) met.insert(order.next(kAll)->value + 1);
    met.insert(0);
    EXPECT_EQ(met.size(), 10U);
}

}  // namespace
}  // namespace weft::membership
