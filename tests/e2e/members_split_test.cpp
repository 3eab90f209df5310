// Who is there, as real nodes see it while links between them are cut: each side condemns the other
// within the time of a suspicion, whom one hears but another does not is condemned by nobody, and
// what was said in a split is taken back without a person.

#include "tests/e2e/test_mesh.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace weft::e2e {
namespace {

using namespace std::chrono_literals;

// A suspicion that nobody confirms lasts 18 periods, and who has no answers doubts itself and
// probes up to nine times as slowly: three probes and the suspicion.
constexpr auto kBound = 60s;

class MembersSplit : public MeshTest {
protected:
    void SetUp() override {
        MeshTest::SetUp();
        ASSERT_TRUE(becomes_healthy(30));
        ASSERT_TRUE(come([this] { return all_hold(everybody(), everybody(), "alive"); }));
    }
    std::string everybody() const { return std::string("abcd").substr(0, std::size_t(nodes())); }
    void expect_ok(const std::string& arguments) const {
        const Ran ran = weft(arguments);
        EXPECT_EQ(ran.exit_code, 0) << arguments << "\n" << ran.output;
    }
    template <typename Condition>
    bool come(const Condition& condition) const {
        const auto until = std::chrono::steady_clock::now() + kBound;
        while (std::chrono::steady_clock::now() < until) {
            if (condition()) return true;
            std::this_thread::sleep_for(50ms);
        }
        return false;
    }
    // Each of `by` holds each of `of` for that, itself apart; links of clients are never cut.
    bool all_hold(std::string_view by, std::string_view of, const std::string& state) const {
        std::size_t held = 0, asked = 0;
        for (const char one : by)
            asked += of.size() - (of.find(one) != std::string_view::npos ? 1 : 0);
        for (const auto& row : weft_json("members --each")) {
            const std::string node = row.value("node", "?"), member = row.value("member", "?");
            if (node != member && by.find(node) != std::string_view::npos &&
                of.find(member) != std::string_view::npos && row.value("state", "") == state)
                ++held;
        }
        return held == asked;
    }
    // How often `by` told of it.
    long told(const std::string& by, const std::string& event, const std::string& of) const {
        const auto events = weft_json("events -n 10000");
        return std::ranges::count_if(events, [&](const auto& row) {
            return row.value("node", "") == by && row.value("event", "") == event &&
                   row.value("subject", "") == of;
        });
    }
    std::map<std::string, int> refutations() const {
        std::map<std::string, int> all;
        for (const auto& row : weft_json("members"))
            all[row.value("member", "?")] = row.value("refutations", -1);
        return all;
    }
};

class MembersSplitOfFour : public MembersSplit {
protected:
    int nodes() const override { return 4; }
};

TEST_F(MembersSplit, EachSideCondemnsTheOtherAndAllIsTakenBack) {
    expect_ok("put kv/x before");
    const auto before = refutations();
    expect_ok("dev split 'a,b | c'");
    EXPECT_TRUE(come([this] { return all_hold("ab", "c", "dead"); }));
    expect_ok("put kv/x after --timeout 10s");
    EXPECT_TRUE(come([this] { return all_hold("c", "ab", "dead"); }));
    EXPECT_TRUE(come([this] { return all_hold("ab", "ab", "alive"); }))
        << "who answers is not accused with the others";
    EXPECT_NE(weft("health").output.find("c: 65 partitions without a leader"), std::string::npos);
    for (const auto& [by, of] : {std::pair("a", "c"), {"b", "c"}, {"c", "a"}, {"c", "b"}}) {
        EXPECT_GE(told(by, "member.suspected", of), 1) << by << " of " << of;
        EXPECT_GE(told(by, "member.dead", of), 1) << by << " of " << of;
    }
    expect_ok("dev heal");
    EXPECT_TRUE(come([this] { return all_hold("abc", "abc", "alive"); }));
    for (const auto& [member, count] : refutations())
        EXPECT_GT(count, before.at(member)) << member << " itself says that it lives";
    EXPECT_TRUE(becomes_healthy(30));
    EXPECT_EQ(weft("get --raw kv/x").output, "after");
}

// d is alone at the same time: nobody confirms what it says, so when it has condemned all others
// the longest suspicion is over that a could have had of b.
TEST_F(MembersSplitOfFour, NobodyIsCondemnedWhomOthersReach) {
    expect_ok("dev split 'a,b,c | d'");
    expect_ok("dev cut 'a>b'");
    EXPECT_TRUE(come([this] { return all_hold("d", "abc", "dead"); }));
    EXPECT_TRUE(come([this] { return all_hold("abc", "d", "dead"); }));
    EXPECT_TRUE(come([this] { return all_hold("abc", "abc", "alive"); }));
    for (const char* by : {"a", "b", "c"})
        for (const char* of : {"a", "b", "c"}) EXPECT_EQ(told(by, "member.dead", of), 0);
    expect_ok("dev heal");
    EXPECT_TRUE(come([this] { return all_hold("abcd", "abcd", "alive"); }));
}

}  // namespace
}  // namespace weft::e2e
