// What people say of the links of a dev mesh, and what the nodes are told.

#include "cli/dev_faults.h"

#include "core/error.h"
#include "node/runtime/fault_table.h"
#include "tests/support/temp_folder.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <sodium.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weft::cli {
namespace {

class DevFaults : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_GE(sodium_init(), 0);
        auto mesh = DevMesh::create(temp_.path() / "mesh", {.nodes = 4, .first_port = 18'340});
        ASSERT_TRUE(mesh) << mesh.error().message;
        mesh_ = *std::move(mesh);
        for (const DevNode& own : mesh_->nodes()) {
            std::map<NodeId, std::string> others;
            for (const DevNode& node : mesh_->nodes())
                if (node.name != own.name) others[node.record.node] = node.name;
            tables_.emplace_back(std::move(others), Random(1));
        }
    }
    // "a>b c>d", in order; else the error's message.
    std::string words(const Result<std::vector<DevLink>>& links) const {
        if (!links) return links.error().message;
        std::string text;
        for (const auto& [from, to] : *links)
            text += (text.empty() ? "" : " ") + name(from) + ">" + name(to);
        return text;
    }
    std::string sides(const std::vector<std::string>& given) const {
        return words(parse_sides(*mesh_, given));
    }
    std::string links(const std::string& given) const { return words(parse_links(*mesh_, given)); }
    std::string name(std::size_t place) const { return mesh_->nodes()[place].name; }
    // Does to tables as nodes do.
    void tell(const FaultOrders& orders) {
        for (const auto& [place, order] : orders) {
            const auto done = tables_[place].change(order);
            EXPECT_TRUE(done) << done.error().message;
        }
    }
    std::string told(std::size_t place) const { return tables_[place].text(); }

    test::TempFolder temp_;
    std::optional<DevMesh> mesh_;
    std::vector<node::FaultTable> tables_;
};

TEST_F(DevFaults, LinksBetweenNodesThatShareNoSideAreCut) {
    const std::string halves = "a>c a>d b>c b>d c>a c>b d>a d>b";
    EXPECT_EQ(sides({"a,b | c,d"}), halves);
    EXPECT_EQ(sides({" b , a|d,c "}), halves);
    EXPECT_EQ(sides({"a,b", "c,d"}), halves);
    EXPECT_EQ(sides({"c,d"}), halves) << "the others are a side";
    EXPECT_EQ(sides({"a|b"}), "a>b a>c a>d b>a b>c b>d c>a c>b d>a d>b");
    EXPECT_EQ(sides({"a,b,d", "b,c,d"}), "a>c c>a") << "b and d are on both";
    EXPECT_EQ(sides({"a,b", "b,c", "c,d", "d,a"}), "a>c b>d c>a d>b") << "a ring";
}

TEST_F(DevFaults, SidesThatMeanNothingAreNamed) {
    EXPECT_NE(sides({"a,b,c,d"}).find("one side holds all"), std::string::npos);
    for (const char* empty : {"", " ", "a|", "|a", "a||b", "a,|b", ","})
        EXPECT_NE(sides({empty}).find("a side without a node"), std::string::npos) << empty;
    EXPECT_NE(sides({"a|e"}).find("no node 'e'"), std::string::npos);
    EXPECT_NE(sides({"a b|c"}).find("no node 'a b'"), std::string::npos);
}

TEST_F(DevFaults, ALinkIsOneWayOrAllOfANode) {
    EXPECT_EQ(links("a>b"), "a>b");
    EXPECT_EQ(links(" d > c "), "d>c");
    EXPECT_EQ(links("b"), "b>a a>b b>c c>b b>d d>b");
    EXPECT_NE(links("a>a").find("no link of two nodes"), std::string::npos);
    EXPECT_NE(links("a>b>c").find("neither"), std::string::npos);
    for (const char* unknown : {"", ">", "a>", ">b", "e", "a-b", "a>e"})
        EXPECT_NE(links(unknown).find("no node '"), std::string::npos) << unknown;
}

TEST_F(DevFaults, ASplitIsToldToBothEndsAndReplacesTheLast) {
    tell(order_split(*mesh_, *parse_sides(*mesh_, std::vector<std::string>{"d"})));
    EXPECT_EQ(told(0), "to d: cut; from d: cut");
    tell(order_faults(*mesh_, *parse_links(*mesh_, "a>d"), FaultKind::Slow, 50));
    tell(order_split(*mesh_, *parse_sides(*mesh_, std::vector<std::string>{"a,d", "b,c"})));
    EXPECT_NE(told(0).find("to b: cut; from b: cut"), std::string::npos) << told(0);
    EXPECT_NE(told(0).find("to d: 50 ms late"), std::string::npos) << "what is slow stays slow";
    EXPECT_EQ(told(0).find("from d"), std::string::npos) << told(0);
    tell(order_heal(*mesh_));
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(told(i), "");
}

TEST_F(DevFaults, OneEndSlowsAndLosesAndZeroEndsIt) {
    tell(order_faults(*mesh_, *parse_links(*mesh_, "b"), FaultKind::Slow, 50));
    tell(order_faults(*mesh_, *parse_links(*mesh_, "b>c"), FaultKind::Lossy, 20));
    tell(order_faults(*mesh_, *parse_links(*mesh_, "b>a"), FaultKind::Cut, 1));
    EXPECT_EQ(told(0), "to b: 50 ms late; from b: cut");
    EXPECT_EQ(told(2), "to b: 50 ms late") << "b alone slows what it sends";
    tell(order_faults(*mesh_, *parse_links(*mesh_, "b"), FaultKind::Slow, 0));
    EXPECT_EQ(told(0), "from b: cut");
    EXPECT_EQ(told(2), "");
}

TEST_F(DevFaults, NodesThatDoNotRunAreTold) {
    const auto answers = ask_faults(*mesh_, std::chrono::seconds(1));
    ASSERT_TRUE(answers) << answers.error().message;
    EXPECT_EQ(answers->silent.size(), 4U);
    EXPECT_TRUE(answers->faults.empty());
    EXPECT_EQ(faults_text(*mesh_, {{{0, 1}, {true, 5, 0}}, {{1, 0}, {false, 0, 20}}}),
              "a>b cut, 5 ms late; b>a 20 % lost");
}

}  // namespace
}  // namespace weft::cli
