// Real processes under kill -9 and SIGSTOP, with clients that write histories.

#include "tests/e2e/test_mesh.h"

#include <chrono>
#include <thread>

namespace weft::e2e {
namespace {

using namespace std::chrono_literals;

class Crash : public LoadTest {
protected:
    void start_loads(int seconds) {
        start_load({"put", "get=40,cas=20", seconds, 400, 8});
        start_load({"call", "get=30", seconds, 200, 4});
    }
    void expect_ok(const std::string& arguments) {
        const Ran ran = weft(arguments);
        EXPECT_EQ(ran.exit_code, 0) << arguments << "\n" << ran.output;
    }
};

TEST_F(Crash, OfALeaderLosesNothing) {
    const std::string leader = some_leader();
    ASSERT_FALSE(leader.empty());
    start_loads(7);
    std::this_thread::sleep_for(2s);
    expect_ok("dev kill " + leader);
    std::this_thread::sleep_for(2s);
    expect_ok("dev start " + leader);
    finish_and_check();
    EXPECT_TRUE(becomes_healthy(20));
}

TEST_F(Crash, OfAFollowerLosesNothing) {
    const std::string follower = nodes_but(some_leader()).front();
    start_loads(6);
    std::this_thread::sleep_for(2s);
    expect_ok("dev kill " + follower);
    std::this_thread::sleep_for(1s);
    expect_ok("dev start " + follower);
    finish_and_check();
    EXPECT_TRUE(becomes_healthy(20));
}

TEST_F(Crash, OfTwoNodesInTurnLosesNothing) {
    start_loads(11);
    std::this_thread::sleep_for(1s);
    for (const char* node : {"b", "c"}) {
        expect_ok(std::string("dev kill ") + node);
        std::this_thread::sleep_for(1500ms);
        expect_ok(std::string("dev start ") + node);
        EXPECT_TRUE(becomes_healthy(20));
    }
    finish_and_check();
}

// A power cut of all three at once (P-durable): what was answered done is there afterwards.
TEST_F(Crash, OfAllNodesAtOnceLosesNothing) {
    start_loads(9);
    std::this_thread::sleep_for(2s);
    auto a = weft_beside("dev kill a"), b = weft_beside("dev kill b"),
         c = weft_beside("dev kill c");
    EXPECT_EQ(a.get().exit_code + b.get().exit_code + c.get().exit_code, 0);
    std::this_thread::sleep_for(500ms);
    for (const char* node : {"a", "b", "c"}) expect_ok(std::string("dev start ") + node);
    EXPECT_TRUE(becomes_healthy(20));
    finish_and_check();
}

// P-single: a leader that slept through an election may neither answer the reads that wait in its
// sockets from old state nor let a write through.
TEST_F(Crash, PausedLeaderServesNothingStaleWhenItWakes) {
    const std::string leader = some_leader();
    start_loads(14);
    std::this_thread::sleep_for(1s);
    expect_ok("dev pause " + leader);
    std::this_thread::sleep_for(10s);
    expect_ok("dev resume " + leader);
    finish_and_check();
    EXPECT_TRUE(becomes_healthy(20));
}

TEST_F(Crash, RestartUnderLoadIsAHandOver) {
    start_loads(6);
    std::this_thread::sleep_for(1s);
    const auto status = weft_json("dev status");
    const int pid = status.at(0).at("pid");
    ASSERT_GT(pid, 1);
    EXPECT_EQ(std::system(("kill -TERM " + std::to_string(pid)).c_str()), 0);
    for (int i = 0;
         i < 100 && weft("-o csv dev status").output.find("a,stopped") == std::string::npos; ++i)
        std::this_thread::sleep_for(50ms);
    expect_ok("dev start a");
    finish_and_check();
    EXPECT_TRUE(becomes_healthy(20));
}

}  // namespace
}  // namespace weft::e2e
