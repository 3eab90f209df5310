#include "membership/rumours.h"

#include "tests/membership/names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace weft::membership {
namespace {

const auto kAll = [](const Claim&) { return true; };

std::vector<Claim> tell(Rumours& rumours, std::size_t room, unsigned limit = 6,
                        bool counted = true) {
    std::vector<Claim> told;
    rumours.tell(limit, counted, kAll, [&](const Claim& claim) {
        if (told.size() == room) return false;
        told.push_back(claim);
        return true;
    });
    return told;
}

TEST(Rumours, AreSentSixTimesTheDigitsOfTheMembers) {
    EXPECT_EQ(rumour_sends(6, 3), 6U);
    EXPECT_EQ(rumour_sends(6, 9), 6U);
    EXPECT_EQ(rumour_sends(6, 10), 12U);
    EXPECT_EQ(rumour_sends(4, 128), 12U);
    EXPECT_EQ(rumour_sends(6, 5000), 24U);
}

TEST(Rumours, TheFewestSentGoFirstAndOfThoseTheNewest) {
    Rumours rumours(100);
    const Claim a = alive(1, incarnation_of(1)), b = alive(2, incarnation_of(1)),
                c = alive(3, incarnation_of(1));
    rumours.add(a);
    EXPECT_EQ(tell(rumours, 1), std::vector{a});
    rumours.add(b);
    rumours.add(c);
    EXPECT_EQ(tell(rumours, 2), (std::vector{c, b}));
    rumours.add(b);
    EXPECT_EQ(tell(rumours, 9).front(), b);
}

TEST(Rumours, AreForgottenAfterTheirLastSend) {
    Rumours rumours(100);
    rumours.add(alive(1, incarnation_of(1)));
    for (int i = 0; i < 6; ++i) EXPECT_EQ(tell(rumours, 9).size(), 1U);
    EXPECT_TRUE(rumours.empty());
}

// The fault of a leaver that spends its sends on those who are gone.
TEST(Rumours, WhatTheDeadAreToldIsNoSend) {
    Rumours rumours(100);
    rumours.add(left(1, incarnation_of(1)));
    for (int i = 0; i < 50; ++i) EXPECT_EQ(tell(rumours, 9, 6, false).size(), 1U);
    for (int i = 0; i < 6; ++i) EXPECT_EQ(tell(rumours, 9).size(), 1U);
    EXPECT_TRUE(tell(rumours, 9).empty());
}

TEST(Rumours, WhatANewerClaimReplacedIsNotToldAgain) {
    Rumours rumours(100);
    rumours.add(suspect(1, incarnation_of(1), 2));
    rumours.add(alive(1, incarnation_of(1, 1)));
    std::vector<Claim> told;
    rumours.tell(
        6, true, [](const Claim& claim) { return claim.state == MemberState::Alive; },
        [&](const Claim& claim) {
            told.push_back(claim);
            return true;
        });
    EXPECT_EQ(told, std::vector{alive(1, incarnation_of(1, 1))});
    EXPECT_EQ(rumours.size(), 1U);
}

TEST(Rumours, WhatOthersKnewAlreadyAgesWithoutBeingSent) {
    Rumours rumours(100);
    const Claim old = alive(1, incarnation_of(1)), young = alive(2, incarnation_of(1));
    rumours.add(old);
    rumours.were_known(2, 6);
    rumours.add(young);
    rumours.were_known(3, 6);
    EXPECT_EQ(tell(rumours, 9), (std::vector{young, old}));
    EXPECT_EQ(tell(rumours, 9), std::vector{young}) << "five and one";
    rumours.were_known(6, 6);
    EXPECT_TRUE(rumours.empty());
}

TEST(Rumours, UseTheirMemoryAgain) {
    Rumours rumours(5);
    for (std::size_t i = 0; i < 1000; ++i) {
        rumours.add(alive(i % 40, incarnation_of(1 + i)));
        tell(rumours, 2, 3);
        EXPECT_LE(rumours.size(), 5U);
    }
    std::size_t left = rumours.size();
    while (!rumours.empty()) left = std::min(left, tell(rumours, 9, 3).size());
    EXPECT_GT(left, 0U);
}

TEST(Rumours, AreBoundedAndTheMostSentGoes) {
    Rumours rumours(3);
    rumours.add(alive(1, incarnation_of(1)));
    tell(rumours, 9);
    for (std::size_t i = 2; i < 5; ++i) rumours.add(alive(i, incarnation_of(1)));
    EXPECT_EQ(rumours.size(), 3U);
    for (const Claim& claim : tell(rumours, 9)) EXPECT_NE(claim.subject, node_of(1));
}

}  // namespace
}  // namespace weft::membership
