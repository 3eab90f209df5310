// Routes alone; what a whole Caller makes of them is in routes_test.cpp.
#include "client/core/routes.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft::client {
namespace {

class RouteRule : public testing::Test {
protected:
    RouteRule() { routes_.set_groups(2); }

    void pass(Duration span) { step_.now.mono = step_.now.mono + span; }
    bool claim(NodeIndex said_by, NodeIndex leader, std::uint64_t term) {
        return routes_.claim(
            {.group = kGroup, .said_by = said_by, .leader = leader, .term = Term{term}});
    }
    // Call 1 is under way in `group`, if any.
    std::string checked(std::optional<PartitionId> group = {}, std::size_t nodes = 3,
                        std::size_t listed = 0) const {
        std::vector<UnderWay> under_way;
        if (group) under_way.push_back({kCall, *group});
        return weft::test::said_by([&] { routes_.check(under_way, nodes, listed); });
    }

    static constexpr PartitionId kGroup{1}, kOther{2};
    static constexpr NodeIndex kA{0}, kB{1};
    static constexpr CallIndex kCall{1}, kNext{2};
    static constexpr LaneIndex kFirst{0}, kSecond{1};

    CallerOptions options_;
    Random random_{1};
    Effects out_;
    Step step_{.now = {Instant{1'000'000'000}, WallTime{5}}, .random = random_, .out = out_};
    Routes routes_{options_};
};

// Raft paper 5.1: a term has one leader, and a newer term wins.
TEST_F(RouteRule, ANewerTermIsFollowed) {
    struct Case {
        const char* why;
        NodeIndex said_by, leader;
        std::uint64_t term;
        bool follows;
        NodeIndex then;
    };
    const Case cases[] = {
        {"the first one", kA, kA, 5, true, kA},
        {"an older term", kB, kB, 4, false, kA},
        {"the same term", kB, kB, 5, false, kA},
        {"another node knows of no leader", kB, kNoNode, 5, false, kA},
        {"a newer one without leader", kB, kNoNode, 6, false, kNoNode},
        {"its term did not count: the old leader still leads", kA, kA, 5, true, kA},
        {"the leader itself knows of none", kA, kNoNode, 5, false, kNoNode},
        {"a newer term", kB, kB, 7, true, kB},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        EXPECT_EQ(claim(c.said_by, c.leader, c.term), c.follows);
        EXPECT_EQ(routes_.leader(kGroup), c.then);
    }
}

TEST_F(RouteRule, AfterARefusalOneCallGoesAhead) {
    claim(kA, kA, 1);
    EXPECT_TRUE(routes_.admits(step_, kGroup));
    routes_.close(step_, kGroup);
    EXPECT_EQ(routes_.leader(kGroup), kNoNode);
    claim(kB, kB, 2);
    EXPECT_FALSE(routes_.admits(step_, kGroup)) << "all pause";
    pass(routes_.deadline() - step_.time());
    EXPECT_EQ(routes_.pop_due(step_.time()), kGroup);
    EXPECT_TRUE(routes_.admits(step_, kGroup));
    routes_.sent(kGroup, kCall);
    EXPECT_FALSE(routes_.admits(step_, kGroup)) << "they wait for the canary";
    EXPECT_EQ(routes_.deadline(), Instant::never());
    EXPECT_TRUE(routes_.accepted(kGroup));
    EXPECT_TRUE(routes_.admits(step_, kGroup));
    EXPECT_FALSE(routes_.accepted(kGroup)) << "it was open";
}

TEST_F(RouteRule, TheNextCallMayGoWhenTheCanaryIsUnderWayNoMore) {
    claim(kA, kA, 1);
    routes_.lost(step_, kGroup);
    routes_.sent(kGroup, kCall);
    routes_.release(step_, kGroup, kNext);
    EXPECT_EQ(routes_.deadline(), Instant::never()) << "that was not the canary";
    routes_.release(step_, kGroup, kCall);
    EXPECT_EQ(routes_.deadline(), step_.time());
    EXPECT_TRUE(routes_.admits(step_, kGroup));
    routes_.sent(kGroup, kNext);
    EXPECT_FALSE(routes_.ended(kGroup, kCall));
    EXPECT_TRUE(routes_.ended(kGroup, kNext));
    EXPECT_FALSE(routes_.ended(PartitionId{9}, kNext)) << "of a group that the mesh has not";
}

TEST_F(RouteRule, AHintOfANewerTermIsFollowedAtOnceByOneCall) {
    claim(kA, kA, 3);
    EXPECT_FALSE(routes_.follow_hint(step_, kGroup, kB, Term{3}));
    EXPECT_FALSE(routes_.follow_hint(step_, kGroup, kNoNode, Term{4}));
    routes_.close(step_, kGroup);
    EXPECT_FALSE(routes_.admits(step_, kGroup)) << "all pause";
    EXPECT_TRUE(routes_.follow_hint(step_, kGroup, kB, Term{4}));
    EXPECT_EQ(routes_.leader(kGroup), kB);
    EXPECT_TRUE(routes_.admits(step_, kGroup)) << "who leads is known";
    routes_.sent(kGroup, kCall);
    EXPECT_FALSE(routes_.admits(step_, kGroup));
    EXPECT_FALSE(claim(kA, kA, 4)) << "of that term there is one already";
    EXPECT_TRUE(routes_.follow_hint(step_, kGroup, kA, Term{5}));
    EXPECT_TRUE(routes_.admits(step_, kGroup)) << "the canary went to a former leader";
}

TEST_F(RouteRule, AHintEndsTheGrowingOfThePause) {
    claim(kA, kA, 1);
    const auto pause = [&] {
        routes_.close(step_, kGroup);
        EXPECT_FALSE(routes_.admits(step_, kGroup));
        const Duration until = routes_.deadline() - step_.time();
        pass(until);
        routes_.pop_due(step_.time());
        return until;
    };
    for (int i = 0; i < 10; ++i) pause();
    EXPECT_GE(pause(), options_.backoff_max / 2);
    routes_.follow_hint(step_, kGroup, kB, Term{2});
    EXPECT_LE(pause(), options_.backoff_min);
}

TEST_F(RouteRule, LanesThatAreHeldBackWaitOn) {
    routes_.wait(kGroup, kFirst);
    routes_.wait(kGroup, kSecond);
    const std::vector<LaneIndex> waiting = routes_.take_waiting(kGroup);
    EXPECT_FALSE(routes_.has_waiting(kGroup));
    EXPECT_FALSE(routes_.hold_back(kGroup, waiting));
    routes_.window_full(kGroup);
    EXPECT_TRUE(routes_.hold_back(kGroup, waiting));
    EXPECT_EQ(routes_.take_waiting(kGroup), waiting);
    EXPECT_TRUE(routes_.ended(kGroup, kCall)) << "there is room again";
    EXPECT_FALSE(routes_.hold_back(kGroup, waiting));
}

TEST_F(RouteRule, NodesAreAskedWithAGrowingPauseAsLongAsAGroupStarves) {
    routes_.wait(kGroup, kFirst);
    routes_.starve(step_, kGroup);
    routes_.starve(step_, kGroup);
    routes_.starve(step_, kOther);
    EXPECT_EQ(routes_.starving(), (std::vector{kGroup, kOther}));
    EXPECT_EQ(routes_.probe_at(), step_.time());
    EXPECT_TRUE(routes_.on_probe(step_));
    EXPECT_EQ(routes_.starving(), std::vector{kGroup}) << "nobody waits for the other one";
    for (int i = 0; i < 10; ++i) {
        pass(routes_.probe_at() - step_.time());
        EXPECT_TRUE(routes_.on_probe(step_));
        EXPECT_LE(routes_.probe_at() - step_.time(), options_.backoff_max);
    }
    EXPECT_GE(routes_.probe_at() - step_.time(), options_.backoff_max / 2);
    EXPECT_EQ(checked({}, 3, 1), "");
    routes_.feed(kGroup);
    EXPECT_FALSE(routes_.on_probe(step_));
    EXPECT_EQ(routes_.probe_at(), Instant::never());
}

TEST_F(RouteRule, NodesAreNotAskedTwiceInAMoment) {
    EXPECT_TRUE(routes_.may_ask(step_));
    EXPECT_FALSE(routes_.may_ask(step_));
    routes_.distrust();
    EXPECT_TRUE(routes_.may_ask(step_));
    pass(suspicion(options_));
    EXPECT_TRUE(routes_.may_ask(step_));
}

TEST_F(RouteRule, FindsEachFaultThatIsPlanted) {
    claim(kA, kA, 1);
    EXPECT_EQ(checked(), "");
    EXPECT_EQ(checked({}, 0), "node 0 leads and is not known");
    EXPECT_EQ(checked({}, 3, 1), "1 lanes are listed, 0 wait");
    routes_.lost(step_, kGroup);
    routes_.sent(kGroup, kCall);
    EXPECT_EQ(checked(kGroup), "");
    EXPECT_EQ(checked(kOther), "the canary of group 1 is not under way there");
    EXPECT_EQ(checked(), "the canary of group 1 is not under way there");
    routes_.starve(step_, kGroup);
    EXPECT_EQ(checked(kGroup), "");
    routes_.feed(kGroup);
    EXPECT_EQ(checked(kGroup), "0 groups starve, 1 are listed") << "between two steps";
}

TEST_F(RouteRule, FindsThatNobodyWillAskForAGroupThatStarves) {
    routes_.starve(step_, kGroup);
    auto& starving = const_cast<std::vector<PartitionId>&>(routes_.starving());
    starving.clear();
    EXPECT_FALSE(routes_.on_probe(step_));
    starving.push_back(kGroup);
    EXPECT_EQ(checked(), "1 groups starve and nobody will ask");
}

}  // namespace
}  // namespace weft::client
