#include "cli/torture_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace weft::cli {
namespace {

using namespace std::chrono_literals;
using Ms = std::chrono::milliseconds;

auto as_tuple(const TortureStep& step) {
    return std::tuple(step.at, step.act, step.node, step.control, step.links, step.value);
}

bool same(const TorturePlan& a, const TorturePlan& b) {
    return std::ranges::equal(a.steps, b.steps, {}, as_tuple, as_tuple);
}

// What the steps make of the nodes, as the nemesis carries them out.
struct Nodes {
    struct Node {
        bool runs = true, paused = false;
        std::string control;
    };
    std::vector<Node> nodes;
    std::vector<NodeLink> faulty;
    std::size_t fewest = 0;  // that ran at once

    explicit Nodes(std::size_t count) : nodes(count), fewest(count) {}
    void take(const TortureStep& step) {
        Node& node = nodes.at(step.node);
        switch (step.act) {
            case NodeAct::Kill:
                node.runs = node.paused = false;
                break;
            case NodeAct::Start:
                node.runs = true;
                break;
            case NodeAct::Pause:
                node.paused = node.runs;
                break;
            case NodeAct::Resume:
                node.paused = false;
                break;
            case NodeAct::Control:
                node.control = step.control;
                break;
            case NodeAct::Heal:
                faulty.clear();
                break;
            case NodeAct::Cut:
            case NodeAct::Slow:
            case NodeAct::Lossy:
                EXPECT_FALSE(step.links.empty());
                for (const auto& [from, to] : step.links) {
                    EXPECT_TRUE(from < nodes.size() && to < nodes.size() && from != to);
                    faulty.emplace_back(from, to);
                }
        }
        fewest = std::min(fewest, static_cast<std::size_t>(std::ranges::count_if(
                                      nodes, [](const Node& n) { return n.runs; })));
    }
};

TEST(TorturePlan, IsDrawnFromTheSeedAlone) {
    const auto plan = [](std::uint64_t seed) { return draw_torture_plan(seed, 3, 300s); };
    EXPECT_TRUE(same(plan(7), plan(7)));
    EXPECT_FALSE(same(plan(7), plan(8)));
    EXPECT_FALSE(same(plan(7), draw_torture_plan(7, 5, 300s)));
}

TEST(TorturePlan, FiveMinutesHaveEveryFault) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        std::set<TortureFault> kinds;
        for (const auto& episode : draw_torture_plan(seed, 3, 300s).episodes)
            kinds.insert(episode.fault);
        EXPECT_EQ(kinds.size(), kTortureFaults) << "seed " << seed;
    }
}

TEST(TorturePlan, EndsWithEveryNodeRunningWithoutAFault) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed)
        for (const std::size_t count : {1U, 2U, 3U, 5U, 9U})
            for (const Ms length : {Ms(3s), Ms(12s), Ms(90s), Ms(600s)}) {
                SCOPED_TRACE(testing::Message() << "seed " << seed << ", " << count << " nodes, "
                                                << length.count() << " ms");
                const TorturePlan plan = draw_torture_plan(seed, count, length);
                ASSERT_FALSE(plan.episodes.empty());
                Nodes nodes(count);
                Ms before{};
                for (const TortureStep& step : plan.steps) {
                    EXPECT_GE(step.at, before);
                    EXPECT_LE(step.at, length);
                    before = step.at;
                    nodes.take(step);
                }
                for (const auto& node : nodes.nodes)
                    EXPECT_TRUE(node.runs && !node.paused && node.control.empty());
                EXPECT_TRUE(nodes.faulty.empty());
            }
}

// The faults that take a quorum away must do so, and one that is away long is away long.
TEST(TorturePlan, TakesQuorumsAwayAndKeepsNodesAwayForLong) {
    std::size_t fewest = 3;
    Ms longest{};
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        const TorturePlan plan = draw_torture_plan(seed, 3, 300s);
        Nodes nodes(3);
        for (const TortureStep& step : plan.steps) nodes.take(step);
        fewest = std::min(fewest, nodes.fewest);
        for (const auto& episode : plan.episodes)
            longest = std::max(longest, episode.until - episode.from);
    }
    EXPECT_EQ(fewest, 0U);
    EXPECT_GE(longest, 30s);
}

TEST(TorturePlan, BlamesTheFewestForLinks) {
    using Blamed = std::vector<std::size_t>;
    EXPECT_EQ(nodes_to_blame({}), Blamed{});
    EXPECT_EQ(nodes_to_blame({{0, 1}}).size(), 1U);
    EXPECT_EQ(nodes_to_blame({{0, 2}, {2, 0}, {1, 2}, {2, 1}}), Blamed{2}) << "2 is alone";
    EXPECT_EQ(nodes_to_blame({{0, 2}, {0, 3}, {1, 2}, {1, 3}}).size(), 2U) << "halves";
    EXPECT_EQ(nodes_to_blame({{0, 1}, {1, 2}, {2, 0}}).size(), 2U) << "each is alone";
}

// A split leaves a side that is no smaller than the other.
TEST(TorturePlan, SplitsLeaveAMajorityOrHalves) {
    std::size_t splits = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed)
        for (const std::size_t count : {2U, 3U, 4U, 5U})
            for (const TortureStep& step : draw_torture_plan(seed, count, 300s).steps) {
                if (step.act != NodeAct::Cut || step.links.size() == 1) continue;
                ++splits;
                EXPECT_LE(nodes_to_blame(step.links).size(), count / 2);
            }
    EXPECT_GT(splits, 100U);
}

TEST(TorturePlan, NamesEveryFault) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < kTortureFaults; ++i)
        names.insert(torture_fault_name(static_cast<TortureFault>(i)));
    EXPECT_EQ(names.size(), kTortureFaults);
    EXPECT_FALSE(names.contains(""));
}

}  // namespace
}  // namespace weft::cli
