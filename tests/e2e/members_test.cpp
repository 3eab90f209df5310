// Who is there, as real nodes see it: a killed process is known to all at once, a stopped one is
// suspected by name, and with foreign keys nobody is heard by datagram.

#include "tests/e2e/test_mesh.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <thread>

namespace weft::e2e {
namespace {

using namespace std::chrono_literals;

class Members : public MeshTest {
protected:
    void SetUp() override {
        MeshTest::SetUp();
        ASSERT_TRUE(comes_to("b", "alive"));
    }
    // As people read it; nodes that are down do not answer.
    bool is(const std::string& member, const std::string& state) const {
        const std::regex row("(^|\\n)" + member + " +" + state + " +[0-9]+ +[0-9]");
        return std::regex_search(weft("members").output, row);
    }
    bool comes_to(const std::string& member, const std::string& state) const {
        const auto until = std::chrono::steady_clock::now() + 30s;
        while (std::chrono::steady_clock::now() < until) {
            if (is(member, state)) return true;
            std::this_thread::sleep_for(50ms);
        }
        return false;
    }
    bool happened(const std::string& event, const std::string& subject) const {
        const std::regex row(event + " +" + subject + " ");
        return std::regex_search(weft("events -n 1000").output, row);
    }
};

TEST_F(Members, AKilledProcessIsDeadForAllAndReturns) {
    ASSERT_EQ(weft("dev kill b").exit_code, 0);
    EXPECT_TRUE(comes_to("b", "dead"));
    EXPECT_TRUE(happened("member.dead", "b"));
    EXPECT_NE(weft("status").output.find("\nmembers: 2 alive, 1 dead: b\n"), std::string::npos);
    for (const auto& row : nlohmann::json::parse(weft("-o json status").printed, nullptr, false))
        EXPECT_TRUE(row["node"] == "b" || row["members_dead"] == 1) << row.dump();
    ASSERT_EQ(weft("dev start b").exit_code, 0);
    EXPECT_TRUE(comes_to("b", "alive"));
    EXPECT_TRUE(happened("member.returned", "b"));
}

TEST_F(Members, EachTellsItsVersionAndWhoIsSilentHasNone) {
    const std::string runs = weft_json("version").value("version", "?");
    for (const auto& row : weft_json("members")) EXPECT_EQ(row.value("version", ""), runs);
    ASSERT_EQ(weft("dev kill b").exit_code, 0);
    const auto rows = nlohmann::json::parse(weft("-o json members").printed, nullptr, false);
    ASSERT_EQ(rows.size(), 3U);
    for (const auto& row : rows)
        EXPECT_EQ(row.value("version", ""), row["member"] == "b" ? "-" : runs) << row.dump();
}

TEST_F(Members, AStoppedProcessIsDeadInTheEndAndRefutesIt) {
    ASSERT_EQ(weft("dev pause b").exit_code, 0);
    EXPECT_TRUE(comes_to("b", "dead"));
    EXPECT_TRUE(happened("member.suspected", "b"));
    ASSERT_EQ(weft("dev resume b").exit_code, 0);
    EXPECT_TRUE(comes_to("b", "alive"));
}

// Nobody believes it, and nobody needs to: it is shown as dead, and the mesh is well.
TEST_F(Members, WhoHasAnotherKeyIsNotHeardByDatagramAndServesAllTheSame) {
    ASSERT_EQ(weft("dev kill b").exit_code, 0);
    ASSERT_TRUE(comes_to("b", "dead"));
    const auto keys = folder() / "b" / "gossip.keys";
    std::filesystem::remove(keys);
    ASSERT_EQ(weft("mesh keygen --out " + keys.string()).exit_code, 0);
    ASSERT_EQ(weft("dev start b").exit_code, 0);
    EXPECT_TRUE(becomes_healthy(20));
    const auto said = [&] {
        std::ifstream log(folder() / "a" / "log");
        const std::string text((std::istreambuf_iterator<char>(log)), {});
        return text.find("gossip.rejected reason=unknown_key") != std::string::npos;
    };
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!said() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(100ms);
    EXPECT_TRUE(said());
    EXPECT_FALSE(is("b", "alive"));
}

}  // namespace
}  // namespace weft::e2e
