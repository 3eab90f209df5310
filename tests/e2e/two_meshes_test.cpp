// Meshes on one machine that could be taken for one another.

#include "tests/e2e/test_mesh.h"

#include <chrono>
#include <set>

namespace weft::e2e {
namespace {

using namespace std::chrono_literals;

class TwoMeshes : public MeshTest {
protected:
    // Another mesh in a folder of its own; stopped and removed with the test.
    std::string there() const { return "WEFT_DEV_DIR='" + file("other").string() + "'"; }
    void TearDown() override {
        const Ran ran = weft("dev down --clean", there());
        EXPECT_EQ(ran.exit_code, 0) << ran.output;
        MeshTest::TearDown();
    }
    std::vector<std::string> clients_of(const std::string& environment) const {
        const Ran ran = weft("-o json dev status", environment);
        std::vector<std::string> addresses;
        for (const auto& row : nlohmann::json::parse(ran.output, nullptr, false))
            if (row.is_object()) addresses.push_back(row.value("client", ""));
        return addresses;
    }
    // Our mesh is down and the other one has its ports.
    void let_the_other_take_our_ports() {
        ASSERT_EQ(weft("dev down").exit_code, 0);
        const Ran up = weft("dev --detach", there());
        ASSERT_EQ(up.exit_code, 0) << up.output;
        ASSERT_EQ(clients_of(there()), clients_of("")) << "no test without the same ports";
    }
};

// A put into a stranger's mesh said "ok", and the value was the stranger's.
TEST_F(TwoMeshes, NothingIsStoredInTheOneThatTookThePorts) {
    ASSERT_NO_FATAL_FAILURE(let_the_other_take_our_ports());
    const std::string node = "-c '" + (folder() / "a").string() + "' ";
    const std::string whole = "-c '" + folder().string() + "' ";
    const auto begin = std::chrono::steady_clock::now();
    for (const std::string& arguments :
         {std::string("put kv/alice ours"), node + "put kv/alice ours", whole + "put kv/alice ours",
          std::string("call counter/x add 1"), std::string("get kv/alice"), std::string("health"),
          std::string("status"), std::string("health --exit-when-healthy"),
          std::string("bench put --seconds 0.2")}) {
        SCOPED_TRACE(arguments);
        const Ran ran = weft(arguments);
        EXPECT_EQ(ran.exit_code, 78) << ran.output;
        EXPECT_NE(ran.output.find("WEFT-2001"), std::string::npos) << ran.output;
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 9 * 5s) << "no call waited in vain";
    EXPECT_EQ(weft("get kv/alice", there()).exit_code, 5) << "nothing was stored there";
    EXPECT_EQ(weft("call counter/x get", there()).output, "0\n");
    const auto addresses = clients_of("");
    ASSERT_FALSE(addresses.empty());
    EXPECT_EQ(weft("put kv/bob theirs --addr " + addresses.front()).exit_code, 0)
        << "an address means whoever answers there";
    EXPECT_EQ(weft("get kv/bob", there()).output, "theirs\n");
}

// It said "started (pid 0)", for the stranger answered on the port.
TEST_F(TwoMeshes, StartOfANodeWhosePortIsTakenNamesTheReason) {
    ASSERT_NO_FATAL_FAILURE(let_the_other_take_our_ports());
    const Ran one = weft("dev start a");
    EXPECT_EQ(one.exit_code, 78) << one.output;
    EXPECT_TRUE(one.output.starts_with("error WEFT-1004: node a ended: 127.0.0.1:")) << one.output;
    EXPECT_NE(one.output.find("is taken by another program"), std::string::npos) << one.output;
    EXPECT_NE(one.output.find((folder() / "a" / "log").string()), std::string::npos) << one.output;
    const Ran all = weft("dev --detach");
    EXPECT_EQ(all.exit_code, 78) << all.output;
    EXPECT_TRUE(all.output.starts_with("error WEFT-1004: node ")) << all.output;
    for (const Ran* ran : {&one, &all})
        EXPECT_EQ(ran->output.find("\\x0a"), std::string::npos) << ran->output;
    const auto processes = nlohmann::json::parse(weft("-o json dev status").output);
    for (const auto& row : processes) EXPECT_EQ(row.at("state"), "stopped") << row;
    EXPECT_EQ(weft("health", there()).exit_code, 0) << "the other mesh is not hurt";
}

// All of them found 7340 free, and the later ones died of it.
TEST_F(TwoMeshes, ManyMadeAtTheSameMomentHavePortsOfTheirOwn) {
    constexpr int kMeshes = 4;
    const auto at = [this](int i) {
        return "WEFT_DEV_DIR='" + file("many-" + std::to_string(i)).string() + "'";
    };
    std::vector<std::future<Ran>> started;
    for (int i = 0; i < kMeshes; ++i)
        started.push_back(std::async(std::launch::async, [this, at, i] {
            return weft("dev --detach --nodes 2 --timeout 60s", at(i));
        }));
    for (auto& one : started) {
        const Ran ran = one.get();
        EXPECT_EQ(ran.exit_code, 0) << ran.output;
    }
    std::set<std::string> addresses;
    for (int i = 0; i < kMeshes; ++i) {
        for (const std::string& address : clients_of(at(i)))
            EXPECT_TRUE(addresses.insert(address).second) << address << " twice";
        EXPECT_EQ(weft("health", at(i)).exit_code, 0);
        EXPECT_EQ(weft("put kv/x " + std::to_string(i), at(i)).exit_code, 0);
    }
    EXPECT_EQ(addresses.size(), 2U * kMeshes);
    for (int i = 0; i < kMeshes; ++i) {
        EXPECT_EQ(weft("get kv/x", at(i)).output, std::to_string(i) + "\n");
        EXPECT_EQ(weft("dev down --clean", at(i)).exit_code, 0);
    }
}

}  // namespace
}  // namespace weft::e2e
