// From when until when this node serves its group.

#include "replication/partition/serving.h"

#include "tests/support/said_by.h"
#include "weft/errors.h"

#include <gtest/gtest.h>

#include <optional>

namespace weft::replication {
namespace {

constexpr Term kTerm{7};
Serving::Group whole() {
    return {
        .leads = kTerm, .hands_over = false, .intact = true, .loaded = true, .all_applied = true};
}

// Raft paper 8: a leader knows what is committed once an entry of its term is.
TEST(ServingRule, BeginsWhenAllIsApplied) {
    struct Case {
        const char* why;
        Serving::Group group;
        bool begins, soon;
    };
    const Case cases[] = {
        {"all applied", whole(), true, true},
        {"the no-op is missing", {kTerm, false, true, true, false}, false, true},
        {"sessions are read", {kTerm, false, true, false, true}, false, true},
        {"damaged", {kTerm, false, false, true, true}, false, false},
        {"hands over: it begins and lets nothing in", {kTerm, true, true, true, true}, true, false},
        {"does not lead", {std::nullopt, false, true, true, true}, false, false},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        EXPECT_EQ(Serving{}.may_begin(c.group), c.begins);
        EXPECT_EQ(Serving{}.soon(c.group), c.soon);
    }
}

TEST(ServingRule, BeginsOnce) {
    Serving serving;
    EXPECT_FALSE(serving);
    serving.begin(kTerm);
    EXPECT_TRUE(serving);
    EXPECT_TRUE(serving.in(kTerm));
    EXPECT_FALSE(serving.in(Term{6}));
    EXPECT_FALSE(serving.may_begin(whole()));
    EXPECT_FALSE(serving.soon(whole()));
}

TEST(ServingRule, EndsWithItsTerm) {
    Serving serving;
    EXPECT_EQ(serving.over(std::nullopt), std::nullopt);
    EXPECT_EQ(serving.over(kTerm), std::nullopt) << "it has not begun";
    serving.begin(kTerm);
    EXPECT_EQ(serving.over(kTerm), std::nullopt);
    EXPECT_EQ(serving.over(std::nullopt), kTerm);
    EXPECT_EQ(serving.over(Term{9}), kTerm) << "won again meanwhile";
    EXPECT_TRUE(serving.in(kTerm)) << "until what was committed in it is applied";
    serving.end();
    EXPECT_EQ(serving.term(), std::nullopt);
    EXPECT_TRUE(serving.may_begin(whole()));
}

// S9.
TEST(ServingRule, RefusesWithTheReason) {
    Serving serving;
    ASSERT_TRUE(serving.refusal(false).has_value());
    EXPECT_EQ(serving.refusal(true)->message, "this node does not lead the group");
    serving.begin(kTerm);
    EXPECT_FALSE(serving.refusal(false).has_value());
    ASSERT_TRUE(serving.refusal(true).has_value());
    EXPECT_EQ(number_of(*serving.refusal(true)), ErrorNumber::NoLeader);
    EXPECT_EQ(serving.refusal(true)->message, "this node is handing the group over");
}

TEST(ServingRule, NobodyWaitsForWhoDoesNotServe) {
    Serving serving;
    serving.check(0);
    EXPECT_EQ(weft::test::said_by([&] { serving.check(2); }), "2 requests wait without leading");
    serving.begin(kTerm);
    serving.check(2);
}

}  // namespace
}  // namespace weft::replication
