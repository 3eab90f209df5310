// Real processes under kill -9 and SIGSTOP, with clients that write histories.

#include "tests/e2e/test_mesh.h"

#include <signal.h>

#include <chrono>
#include <fstream>
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
    int weft_process(const std::string& node) const {
        std::ifstream file(folder() / node / "pid");
        int pid = 0;
        file >> pid;
        return pid;
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

// Large values keep the thread that writes them in the kernel: it ends after all others, and holds
// the ports until then.
class Restart : public Crash {
protected:
    std::future<Ran> start_heavy_load() const {
        return weft_beside("bench put --value-bytes 200000 --pipeline 4 --clients 2 --seconds 8");
    }
};

TEST_F(Restart, NeverMeetsItsOwnDyingSelf) {
    auto load = start_heavy_load();
    std::this_thread::sleep_for(500ms);
    int rounds = 0;
    while (load.wait_for(0s) != std::future_status::ready) {
        ++rounds;
        ASSERT_NO_FATAL_FAILURE(expect_ok("dev kill b")) << "round " << rounds;
        ASSERT_NO_FATAL_FAILURE(expect_ok("dev start b")) << "round " << rounds;
    }
    EXPECT_GE(rounds, 3);
    EXPECT_TRUE(becomes_healthy(30));
}

// Killed by somebody else, so that nobody has waited for its end.
TEST_F(Restart, WaitsForAProcessThatWasKilledByOthers) {
    auto load = start_heavy_load();
    std::this_thread::sleep_for(500ms);
    int rounds = 0;
    while (load.wait_for(0s) != std::future_status::ready) {
        ++rounds;
        const int pid = weft_process("b");
        ASSERT_GT(pid, 1);
        ASSERT_EQ(::kill(pid, SIGKILL), 0);
        const Ran started = weft("dev start b");
        EXPECT_EQ(started.exit_code, 0) << "round " << rounds << "\n" << started.output;
        EXPECT_TRUE(started.output.starts_with("node b started")) << started.output;
        EXPECT_NE(weft_process("b"), pid);
    }
    EXPECT_GE(rounds, 3);
    EXPECT_TRUE(becomes_healthy(30));
}

TEST_F(Restart, OfAPausedNodeSaysWhatItIs) {
    expect_ok("dev pause b");
    const Ran start = weft("dev start b");
    EXPECT_EQ(start.exit_code, 6) << start.output;
    EXPECT_NE(start.output.find("'weft dev resume b'"), std::string::npos) << start.output;
    expect_ok("dev resume b");
    EXPECT_TRUE(weft("dev start b").output.starts_with("node b runs already"));
}

}  // namespace
}  // namespace weft::e2e
