// Who is there, as real nodes see it: a killed process is known to all at once, a stopped one is
// suspected by name, and with foreign keys nobody is heard by datagram.

#include "tests/e2e/test_mesh.h"
#include "tests/transport/loopback.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
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
    // What happened to them, in everybody's words.
    std::string of_members() const {
        std::istringstream events(weft("events -n 1000").output);
        std::string out;
        for (std::string line; std::getline(events, line);)
            if (line.find(" member.") != std::string::npos) out += line + "\n";
        return out;
    }
    std::string log_of(const std::string& node) const {
        std::ifstream log(folder() / node / "log");
        return {std::istreambuf_iterator<char>(log), {}};
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

// As many puts as the machine can take, for longer than a suspicion lasts that all confirm.
TEST_F(Members, FullLoadCondemnsNobody) {
    const auto done = weft_json("bench put --clients 8 --pipeline 64 --seconds 8");
    EXPECT_GT(done.at("outcomes").at("done"), 1000) << done;
    int suspected = 0;
    for (const auto& event : weft_json("events -n 100000")) {
        EXPECT_NE(event.at("event"), "member.dead") << event;
        suspected += event.at("event") == "member.suspected" ? 1 : 0;
    }
    RecordProperty("suspected", suspected);
    for (const auto& row : weft_json("members --each")) EXPECT_EQ(row.at("state"), "alive") << row;
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
        return log_of("a").find("gossip.rejected reason=unknown_key") != std::string::npos;
    };
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!said() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(100ms);
    EXPECT_TRUE(said());
    EXPECT_FALSE(is("b", "alive"));
}

// The same id, key and disk at another port, while a runs: in the boot that a is in, then in a
// later one. Its links prove nothing, as what they are asked goes to a; so it is met by nobody, and
// what it says of a later boot comes to a, which counts it.
TEST_F(Members, AClonedDiskThatRunsTooIsCountedAndCondemnsNobody) {
    ASSERT_EQ(weft("dev kill a").exit_code, 0);
    const auto clone = file("clone");
    std::filesystem::create_directory(clone);
    for (const char* part : {"data", "genesis", "gossip.keys", "node.key", "node.line"})
        std::filesystem::copy(folder() / "a" / part, clone / part,
                              std::filesystem::copy_options::recursive);
    ASSERT_EQ(weft("dev start a").exit_code, 0);
    ASSERT_TRUE(comes_to("a", "alive"));
    const std::string before = of_members();
    EXPECT_NE(before, "");
    for (int boot = 2; boot <= 3; ++boot) {
        const std::string run = "node run '" + clone.string() + "' --listen-mesh " +
                                test::free_address() + " --listen-client " + test::free_address();
        const Ran ran = weft(run, "timeout -s TERM 4");
        EXPECT_NE(ran.output.find("boot=" + std::to_string(boot) + " "), std::string::npos);
        EXPECT_EQ(ran.output.find("peer.hello"), std::string::npos) << ran.output;
        EXPECT_EQ(ran.output.find("partition.serving"), std::string::npos) << ran.output;
    }
    EXPECT_EQ(of_members(), before) << "nobody was suspected, dead or back";
    const auto views = weft_json("members --each");
    EXPECT_EQ(views.size(), 9U);
    for (const auto& row : views) {
        EXPECT_EQ(row.at("state"), "alive") << row;
        EXPECT_EQ(row.at("boot"), row.at("member") == "a" ? 2 : 1) << row;
    }
    EXPECT_EQ(weft("health").exit_code, 0);
    // a knows, and says why.
    ASSERT_EQ(weft("dev down").exit_code, 0);
    const std::string log = log_of("a");
    EXPECT_NE(log.find("self.superseded boot=2"), std::string::npos) << log;
    EXPECT_NE(log.find("gossip.dropped_total reason=cloned"), std::string::npos) << log;
}

}  // namespace
}  // namespace weft::e2e
