// What strangers and tight limits were seen not to do to real processes. What they did is measured
// by scripts/hostile.sh.

#include "tests/e2e/test_mesh.h"
#include "tests/hostile/attacks.h"

#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>

namespace weft::e2e {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class Hostile : public LoadTest {
protected:
    struct Node {
        int pid = 0;
        std::uint16_t client = 0, mesh = 0;
    };
    Node node(const std::string& name) const {
        for (const auto& row : weft_json("dev status")) {
            if (row.at("node") != name) continue;
            const auto port = [&](const char* of) {
                const std::string address = row.at(of);
                return static_cast<std::uint16_t>(
                    std::stoi(address.substr(address.rfind(':') + 1)));
            };
            return {row.at("pid"), port("client"), port("mesh")};
        }
        return {};
    }
    static hostile::Plan plan(const Node& at, std::chrono::milliseconds span,
                              std::uint64_t amount) {
        hostile::Plan out;
        out.client_port = at.client;
        out.mesh_port = at.mesh;
        out.targets = {at.client, at.mesh};
        out.amount = amount;
        out.end = hostile::Clock::now() + span;
        return out;
    }
    static std::ptrdiff_t descriptors_of(int pid) {
        return std::distance(fs::directory_iterator(fmt::format("/proc/{}/fd", pid)), {});
    }
    // A connection of its own to that node and no other.
    static bool answers_hello(const Node& at) {
        return hostile::ask_hello(at.client, 3s).has_value();
    }
    // In all views, within `limit`.
    bool all_alive(std::chrono::seconds limit) const {
        const auto end = std::chrono::steady_clock::now() + limit;
        for (;;) {
            const auto views = weft_json("members --each");
            if (views.size() == 9 && std::ranges::all_of(views, [](const auto& row) {
                    return row.at("state") == "alive";
                }))
                return true;
            if (std::chrono::steady_clock::now() >= end) return false;
            std::this_thread::sleep_for(100ms);
        }
    }
    // Every line of the logs that says of somebody that it does not answer.
    std::string accusations() const {
        std::string out;
        for (const char* name : {"a", "b", "c"}) {
            std::istringstream log(log_of(name));
            for (std::string line; std::getline(log, line);)
                if (line.find(" member.suspected ") != std::string::npos ||
                    line.find(" member.dead ") != std::string::npos)
                    out += line + "\n";
        }
        return out;
    }
    std::string log_of(const std::string& name) const {
        std::ifstream log(folder() / name / "log");
        return {std::istreambuf_iterator<char>(log), {}};
    }
};

// A handshake has five seconds. This test takes as long as that.
TEST_F(Hostile, SilentAndSlowConnectionsAreCutAndTheirDescriptorsComeBack) {
    const Node a = node("a");
    const std::ptrdiff_t before = descriptors_of(a.pid);
    start_load({"put", "", 5, 200, 8});
    auto silent =
        std::async(std::launch::async, [&] { return hostile::half_open(plan(a, 9s, 200)); });
    const hostile::Tally slow = hostile::slowloris(plan(a, 9s, 20));
    const hostile::Tally half = silent.get();
    EXPECT_EQ(half.connections, 200U);
    EXPECT_EQ(half.cut, 200U);
    EXPECT_EQ(slow.connections, 20U);
    EXPECT_EQ(slow.cut, 20U);
    finish_and_check();
    std::ptrdiff_t now = 0;
    for (int i = 0; i < 100 && (i == 0 || now > before + 10); ++i) {
        now = descriptors_of(a.pid);
        std::this_thread::sleep_for(20ms);
    }
    EXPECT_LE(now, before + 10) << before << " before";
    EXPECT_EQ(node("a").pid, a.pid);
}

TEST_F(Hostile, ReplayedStreamsOfPeersAreCountedAndLoseNothing) {
    const Node a = node("a");
    start_load({"put", "get=40,cas=20", 2, 400, 8});
    const hostile::Tally replayed = hostile::replay(plan(a, 2s, 100'000));
    EXPECT_EQ(replayed.trouble, "");
    EXPECT_GT(replayed.messages, 64U);
    finish_and_check();
    EXPECT_EQ(node("a").pid, a.pid);
    // They come on connections that have not proven to be the peer's, and go no further.
    for (const auto& row : weft_json("status"))
        EXPECT_EQ(row.at("former_boot_frames").get<int>(), 0);
    ASSERT_EQ(::kill(a.pid, SIGTERM), 0);
    // Counted by reason and told at the end: meant for b, cut off or flipped, not a client's,
    // not the peer's.
    std::string log;
    for (int i = 0; i < 200 && log.find("node.stopped") == std::string::npos; ++i) {
        std::this_thread::sleep_for(20ms);
        log = log_of("a");
    }
    for (const char* reason : {"wrong_receiver", "bad_frame", "wrong_channel", "unproven"})
        EXPECT_NE(log.find(fmt::format("input.rejected_total reason={}", reason)),
                  std::string::npos)
            << reason << "\n"
            << log;
}

// As fast as they can be sent: the node shows why it refused them, and nobody is accused.
TEST_F(Hostile, FloodsOfDatagramsCondemnNobodyAndAreShown) {
    const Node a = node("a");
    ASSERT_TRUE(all_alive(10s));
    const std::string before = accusations();
    start_load({"put", "get=40,cas=20", 5, 200, 8});
    for (const auto attack : {hostile::datagram_garbage, hostile::datagram_damage,
                              hostile::datagram_replay, hostile::datagram_foreign}) {
        hostile::Plan flood = plan(a, 1s, 1'000'000'000);
        std::ifstream keys(folder() / "a" / "gossip.keys");
        flood.gossip_keys.assign(std::istreambuf_iterator<char>(keys), {});
        const hostile::Tally tally = attack(flood);
        EXPECT_EQ(tally.trouble, "");
        EXPECT_GT(tally.messages, 1000U);
    }
    finish_and_check();
    EXPECT_TRUE(all_alive(0s));
    EXPECT_EQ(accusations(), before);
    EXPECT_EQ(node("a").pid, a.pid);
    ASSERT_EQ(weft("dev down").exit_code, 0);
    const std::string log = log_of("a");
    for (const char* why :
         {"rejected_total reason=garbage", "rejected_total reason=forged",
          "rejected_total reason=unknown_key", "rejected_total reason=in_the_open",
          "dropped_total reason=replayed", "dropped_total reason=foreign",
          "dropped_total reason=unknown", "dropped_total reason=implausible"})
        EXPECT_NE(log.find(fmt::format("gossip.{}", why)), std::string::npos) << why;
}

// In turn, so that a quorum is always there.
TEST_F(Hostile, PausesOfAllNodesInTurnLoseNothing) {
    start_load({"put", "get=40,cas=20", 3, 400, 8});
    for (const char* name : {"a", "b", "c"}) {
        const Node paused = node(name);
        ASSERT_EQ(::kill(paused.pid, SIGSTOP), 0);
        std::this_thread::sleep_for(600ms);
        ASSERT_EQ(::kill(paused.pid, SIGCONT), 0);
        std::this_thread::sleep_for(200ms);
    }
    finish_and_check();
    EXPECT_TRUE(becomes_healthy(20));
}

TEST_F(Hostile, MoreConnectionsThanDescriptorsLeaveANodeThatServesAfterwards) {
    const Node a = node("a");
    const auto few = static_cast<rlim_t>(descriptors_of(a.pid) + 32);
    const rlimit limit{few, few};
    ASSERT_EQ(::prlimit(a.pid, RLIMIT_NOFILE, &limit, nullptr), 0);
    start_load({"put", "get=40,cas=20", 2, 200, 8});
    const hostile::Tally tally = hostile::fd_flood(plan(a, 1500ms, 100));
    EXPECT_EQ(tally.connections, 100U) << "the kernel takes them before the node does";
    finish_and_check();
    EXPECT_EQ(node("a").pid, a.pid);
    bool answered = false;
    for (int i = 0; i < 20 && !answered; ++i) answered = answers_hello(a);
    EXPECT_TRUE(answered);
    const Ran health = weft("health");
    EXPECT_NE(health.exit_code, 0);
    EXPECT_NE(health.output.find("found no file descriptor"), std::string::npos) << health.output;
    EXPECT_NE(log_of("a").find("connections.cut port="), std::string::npos);
}

TEST_F(Hostile, TooLittleAddressSpaceIsRefusedAndASmallStackIsEnough) {
    ASSERT_EQ(weft("dev kill a").exit_code, 0);
    const Ran refused = weft("dev start a", "ulimit -v 300000;");
    EXPECT_NE(refused.exit_code, 0);
    EXPECT_NE(refused.output.find("WEFT-5001"), std::string::npos) << refused.output;
    const Ran started = weft("dev start a", "ulimit -s 128;");
    EXPECT_EQ(started.exit_code, 0) << started.output;
    EXPECT_TRUE(becomes_healthy(20));
    EXPECT_EQ(weft("put kv/after limits").exit_code, 0);
}

}  // namespace
}  // namespace weft::e2e
