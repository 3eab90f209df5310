// Faults of a node's links: the rules, what they do to frames, and the socket that sets them.

#include "core/error.h"
#include "node/runtime/fault_socket.h"
#include "node/runtime/fault_table.h"
#include "node/runtime/link_faults.h"
#include "tests/support/temp_folder.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace weft::node {
namespace {

using namespace std::chrono_literals;

NodeId id(std::uint8_t byte) {
    NodeId node;
    node.bytes.fill(byte);
    return node;
}
const NodeId kB = id(0xb), kC = id(0xc);
constexpr ClientRef kNobody{};

FaultTable table() { return FaultTable({{kB, "b"}, {kC, "c"}}, Random(1)); }
std::string out_b(const std::string& what) { return "out " + kB.hex() + " " + what; }
std::string in_c(const std::string& what) { return "in " + kC.hex() + " " + what; }

TEST(FaultTable, HoldsWhatItWasToldAndSaysIt) {
    FaultTable faults = table();
    EXPECT_EQ(faults.lines(), "");
    EXPECT_EQ(faults.text(), "");
    ASSERT_TRUE(
        faults.change(out_b("cut 1") + "; " + in_c("delay_ms 50") + ";" + in_c("loss_percent 20")));
    EXPECT_EQ(faults.lines(), out_b("cut 1\n") + in_c("delay_ms 50\n") + in_c("loss_percent 20\n"));
    EXPECT_EQ(faults.text(), "to b: cut; from c: 50 ms late, 20 % lost");
    EXPECT_FALSE(faults.judge(Way::Out, kB));
    EXPECT_EQ(faults.judge(Way::In, kB), Duration{0}) << "the other way is whole";
    EXPECT_EQ(faults.judge(Way::Out, kC), Duration{0});
    ASSERT_TRUE(faults.change(out_b("cut 0")));
    EXPECT_EQ(faults.judge(Way::Out, kB), Duration{0});
    ASSERT_TRUE(faults.change("heal; " + out_b("delay_ms 7"))) << "one after the other";
    EXPECT_EQ(faults.text(), "to b: 7 ms late");
    EXPECT_EQ(faults.judge(Way::Out, kB), 7ms);
    ASSERT_TRUE(faults.change(""));
    ASSERT_TRUE(faults.change(" ; ;; "));
    EXPECT_EQ(faults.text(), "to b: 7 ms late");
}

TEST(FaultTable, TakesWhatItSays) {
    FaultTable faults = table(), again = table();
    ASSERT_TRUE(faults.change(out_b("cut 1;") + out_b("delay_ms 10000;") + in_c("cut 1;") +
                              in_c("loss_percent 100")));
    std::string lines = faults.lines();
    std::ranges::replace(lines, '\n', ';');
    ASSERT_TRUE(again.change(lines));
    EXPECT_EQ(again.lines(), faults.lines());
    EXPECT_EQ(std::ranges::count(lines, ';'), 4);
}

TEST(FaultTable, LosesItsShare) {
    FaultTable faults = table();
    ASSERT_TRUE(faults.change(out_b("loss_percent 20")));
    int lost = 0;
    for (int i = 0; i < 10'000; ++i) lost += faults.judge(Way::Out, kB) ? 0 : 1;
    EXPECT_NEAR(lost, 2000, 200);
    ASSERT_TRUE(faults.change(out_b("loss_percent 100")));
    for (int i = 0; i < 1000; ++i) EXPECT_FALSE(faults.judge(Way::Out, kB));
}

TEST(FaultTable, TakesAllOfALineOrNothing) {
    const struct {
        std::string line;
        ErrorNumber number;
    } cases[] = {
        {"cut", ErrorNumber::BadMessage},
        {"heal now", ErrorNumber::BadMessage},
        {out_b("cut"), ErrorNumber::BadMessage},
        {out_b("cut 1 1"), ErrorNumber::BadMessage},
        {out_b("cut 2"), ErrorNumber::BadMessage},
        {out_b("cut -1"), ErrorNumber::BadMessage},
        {out_b("cut x"), ErrorNumber::BadMessage},
        {out_b("cut 1x"), ErrorNumber::BadMessage},
        {out_b("delay_ms 10001"), ErrorNumber::BadMessage},
        {out_b("delay_ms 99999999999999999999"), ErrorNumber::BadMessage},
        {out_b("loss_percent 101"), ErrorNumber::BadMessage},
        {out_b("loss_percent 0.5"), ErrorNumber::BadMessage},
        {out_b("burn 1"), ErrorNumber::BadMessage},
        {"both " + kB.hex() + " cut 1", ErrorNumber::BadMessage},
        {"out b cut 1", ErrorNumber::BadMessage},
        {"out " + kB.hex() + "0 cut 1", ErrorNumber::BadMessage},
        {"out " + id(1).hex() + " cut 1", ErrorNumber::NotThere},
        {std::string("out\0in", 6), ErrorNumber::BadMessage},
        {"\xff\xfe", ErrorNumber::BadMessage},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.line);
        FaultTable faults = table();
        const auto done = faults.change(in_c("cut 1") + ";" + c.line);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().number, std::uint16_t(c.number));
        EXPECT_EQ(faults.lines(), "");
    }
}

Instant at(Duration since) { return Instant{} + since; }

std::vector<std::string> due(LinkFaults& faults, Duration when) {
    faults.tick(at(when));
    std::vector<std::string> frames;
    while (auto kept = faults.due(Way::Out)) frames.push_back(std::move(kept->frame));
    return frames;
}

bool sent(LinkFaults& faults, Duration when, const std::string& frame) {
    faults.tick(at(when));
    return faults.pass(Way::Out, kB, kNobody, frame);
}

using Frames = std::vector<std::string>;

TEST(LinkFaults, LateFramesComeInOrderWhateverTheDelayBecomes) {
    LinkFaults faults(table());
    EXPECT_TRUE(sent(faults, 0ms, "now"));
    ASSERT_TRUE(faults.table().change(out_b("delay_ms 50")));
    EXPECT_FALSE(sent(faults, 1ms, "one"));
    EXPECT_FALSE(sent(faults, 2ms, "two"));
    EXPECT_EQ(faults.next_due(), at(51ms));
    EXPECT_EQ(due(faults, 50ms), Frames{});
    EXPECT_EQ(due(faults, 51ms), Frames{"one"});
    ASSERT_TRUE(faults.table().change("heal"));
    EXPECT_FALSE(sent(faults, 51ms, "three")) << "it would overtake";
    EXPECT_EQ(due(faults, 51ms), (Frames{"two", "three"}));
    EXPECT_TRUE(sent(faults, 51ms, "four"));
    EXPECT_EQ(faults.next_due(), Instant::never());
    EXPECT_EQ(faults.lost(), 0U);
}

TEST(LinkFaults, ACutAndAnEndTakeWhatIsOnItsWay) {
    LinkFaults faults(table());
    ASSERT_TRUE(faults.table().change(out_b("delay_ms 50")));
    EXPECT_FALSE(sent(faults, 0ms, "one"));
    ASSERT_TRUE(faults.table().change(out_b("cut 1")));
    EXPECT_FALSE(sent(faults, 1ms, "two"));
    EXPECT_EQ(due(faults, 99ms), Frames{});
    EXPECT_EQ(faults.lost(), 2U);
    ASSERT_TRUE(faults.table().change(out_b("cut 0")));
    EXPECT_FALSE(sent(faults, 100ms, "three"));
    faults.forget(Way::Out, kB);
    EXPECT_EQ(due(faults, 999ms), Frames{});
    EXPECT_EQ(faults.lost(), 3U);
}

TEST(LinkFaults, WhatIsLateIsBounded) {
    LinkFaults faults(table());
    ASSERT_TRUE(faults.table().change(out_b("delay_ms 50")));
    const std::string half(LinkFaults::kKeptBytesMax / 2, 'x');
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(sent(faults, 0ms, half));
    EXPECT_EQ(faults.lost(), 1U);
    EXPECT_EQ(due(faults, 50ms).size(), 2U);
    EXPECT_FALSE(sent(faults, 50ms, half)) << "there is room again";
    EXPECT_EQ(faults.lost(), 1U);
}

class Socket : public ::testing::Test {
protected:
    std::string path() const { return (temp_.path() / "s").string(); }
    void open() {
        auto opened = FaultSocket::open(path(), table(), Log());
        ASSERT_TRUE(opened) << opened.error().message;
        socket_ = *std::move(opened);
    }
    std::uint16_t refused(const std::string& path) const {
        const auto opened = FaultSocket::open(path, table(), Log());
        return opened ? std::uint16_t{0} : opened.error().number;
    }
    int dial() const {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path().copy(address.sun_path, sizeof address.sun_path - 1);
        const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        EXPECT_EQ(
            ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        return descriptor;
    }
    static void say(int descriptor, const std::string& text) {
        (void)::send(descriptor, text.data(), text.size(), MSG_NOSIGNAL);
    }
    // All that comes until the end; only for a connection that serve() has ended.
    static std::string answer(int descriptor) {
        std::string all(4096, '\0');
        const ssize_t got = ::recv(descriptor, all.data(), all.size(), 0);
        all.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        ::close(descriptor);
        return all;
    }
    std::string ask(const std::string& text) {
        const int descriptor = dial();
        say(descriptor, text);
        ::shutdown(descriptor, SHUT_WR);
        changed_ = socket_->serve(at(0ms));
        return answer(descriptor);
    }

    test::TempFolder temp_;
    std::unique_ptr<FaultSocket> socket_;
    bool changed_ = false;
};

TEST_F(Socket, SetsAndTellsFaults) {
    open();
    EXPECT_EQ(ask("\n"), "ok\n");
    EXPECT_FALSE(changed_);
    EXPECT_EQ(ask(out_b("cut 1\n")), "ok\n" + out_b("cut 1\n"));
    EXPECT_TRUE(changed_);
    EXPECT_EQ(socket_->faults().table().text(), "to b: cut");
    EXPECT_EQ(ask("\n"), "ok\n" + out_b("cut 1\n"));
    EXPECT_FALSE(changed_);
    EXPECT_EQ(ask("heal\n"), "ok\n");
    EXPECT_TRUE(changed_);
}

TEST_F(Socket, TakesALineThatComesInParts) {
    open();
    const int descriptor = dial();
    for (const char c : out_b("cut 1")) {
        say(descriptor, {c});
        EXPECT_FALSE(socket_->serve(at(0ms)));
    }
    say(descriptor, "\n");
    EXPECT_TRUE(socket_->serve(at(0ms)));
    EXPECT_EQ(answer(descriptor), "ok\n" + out_b("cut 1\n"));
}

TEST_F(Socket, RefusesWhatIsNoLine) {
    open();
    EXPECT_EQ(ask("nonsense\n").substr(0, 11), "error 4003 ");
    EXPECT_EQ(ask("out " + id(9).hex() + " cut 1\n").substr(0, 11), "error 8103 ");
    EXPECT_EQ(ask(std::string(FaultSocket::kLineMax, ' ') + "\n"), "ok\n");
    EXPECT_EQ(ask(std::string(FaultSocket::kLineMax + 1, ' ') + "\n").substr(0, 11), "error 4003 ");
    EXPECT_EQ(ask(std::string(60'000, 'x')).substr(0, 11), "error 4003 ") << "without an end";
    EXPECT_EQ(ask("heal"), "") << "half a line";
    EXPECT_EQ(ask(""), "");
    EXPECT_EQ(ask("\n"), "ok\n") << "it serves all the same";
}

TEST_F(Socket, WhoeverSaysNothingKeepsNobodyOut) {
    open();
    std::vector<int> silent;
    for (std::size_t i = 0; i < FaultSocket::kConnectionsMax; ++i) silent.push_back(dial());
    EXPECT_FALSE(socket_->serve(at(0ms)));
    EXPECT_EQ(ask("\n"), "ok\n");
    std::vector<int> open_ones;
    socket_->descriptors(open_ones);
    EXPECT_EQ(open_ones.size(), FaultSocket::kConnectionsMax) << "and the listener";
    EXPECT_FALSE(socket_->serve(at(FaultSocket::kPatience + 1ms)));
    open_ones.clear();
    socket_->descriptors(open_ones);
    EXPECT_EQ(open_ones.size(), 1U);
    for (const int descriptor : silent) ::close(descriptor);
}

TEST_F(Socket, BelongsToItsOwnerAndGoesWithTheProcess) {
    open();
    struct stat found{};
    ASSERT_EQ(::stat(path().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777, 0600U);
    EXPECT_EQ(refused(path()), std::uint16_t(ErrorNumber::BadConfiguration)) << "it is in use";
    EXPECT_EQ(ask("\n"), "ok\n") << "and was left alone";
    socket_.reset();
    EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(Socket, ReplacesWhatADeadProcessLeftAndNothingElse) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    const int dead = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::close(dead);
    open();
    EXPECT_EQ(ask("\n"), "ok\n");
    const std::string file = (temp_.path() / "file").string();
    std::ofstream(file) << "precious";
    EXPECT_EQ(refused(file), std::uint16_t(ErrorNumber::BadConfiguration));
    EXPECT_EQ(std::filesystem::file_size(file), 8U);
    EXPECT_EQ(refused((temp_.path() / "nowhere" / "s").string()),
              std::uint16_t(ErrorNumber::BadConfiguration));
    EXPECT_EQ(refused((temp_.path() / std::string(120, 'x')).string()),
              std::uint16_t(ErrorNumber::BadConfiguration));
}

}  // namespace
}  // namespace weft::node
