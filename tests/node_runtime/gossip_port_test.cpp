// Datagrams as a node takes them: sealed, opened, counted when they do not hold, and under faults.

#include "node/runtime/gossip_port.h"

#include "tests/transport/loopback.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::node {
namespace {

using transport::GossipKey;
using transport::GossipKeys;
using transport::GossipSeal;
using transport::SealFault;

ClusterId mesh(std::uint8_t number) {
    ClusterId id;
    id.bytes[0] = number;
    return id;
}

class GossipPortTest : public testing::Test {
protected:
    struct End {
        std::string address = test::free_address();
        std::optional<GossipPort> port;
    };
    static GossipKeys key(std::uint8_t byte) {
        std::array<std::uint8_t, GossipKey::kBytes> bytes{};
        bytes.fill(byte);
        GossipKeys keys;
        keys.keys.emplace_back(bytes);
        return keys;
    }
    static void open(End& end, GossipSeal seal) {
        auto opened = GossipPort::open(end.address, std::move(seal), Log());
        ASSERT_TRUE(opened) << opened.error().message;
        end.port.emplace(*std::move(opened));
    }
    void SetUp() override {
        for (End* end : {&a_, &b_}) open(*end, GossipSeal(mesh(1), key(7)));
    }
    // What has come there within a moment, in rounds of their own.
    static std::vector<std::string> arrivals(End& at, std::size_t count, Instant now = {}) {
        std::vector<std::string> out;
        test::eventually({{}, {at.port->descriptor()}}, [&] {
            at.port->begin_round();
            while (const auto got = at.port->next(now)) out.emplace_back(got->view());
            return out.size() >= count;
        });
        return out;
    }
    std::uint64_t refused(SealFault why) { return b_.port->refused(why); }

    End a_, b_;
};

TEST_F(GossipPortTest, WhatIsSealedWithTheSameKeyArrives) {
    a_.port->send(NodeId{}, b_.address, "one", {});
    a_.port->send(NodeId{}, "", "to nobody known", {});
    EXPECT_EQ(arrivals(b_, 1), std::vector<std::string>{"one"});
}

// Of each nothing arrives, and each is counted as what it is.
TEST_F(GossipPortTest, WhatDoesNotHoldIsCountedAndNothingElse) {
    const std::pair<SealFault, GossipSeal> strangers[] = {
        {SealFault::InTheOpen, GossipSeal(mesh(1), {})},
        {SealFault::UnknownKey, GossipSeal(mesh(1), key(8))},
        {SealFault::Forged, GossipSeal(mesh(2), key(7))}};
    auto raw = transport::Datagrams::bind(test::free_address());
    ASSERT_TRUE(raw);
    for (const auto& [fault, seal] : strangers) {
        std::string sealed;
        seal.seal("x", sealed);
        ASSERT_TRUE(raw->send(b_.address, sealed));
    }
    ASSERT_TRUE(raw->send(b_.address, "garbage"));
    ASSERT_TRUE(raw->send(b_.address, ""));
    a_.port->send(NodeId{}, b_.address, "behind them", {});
    EXPECT_EQ(arrivals(b_, 1), std::vector<std::string>{"behind them"});
    for (const auto& [fault, seal] : strangers) EXPECT_EQ(refused(fault), 1U);
    EXPECT_EQ(refused(SealFault::Garbage), 2U);
}

TEST_F(GossipPortTest, KeysChangeWhileItRuns) {
    EXPECT_EQ(b_.port->keys(), 1U);
    GossipKeys both = key(8);
    both.keys.push_back(std::move(key(7).keys.front()));
    b_.port->seal_with(GossipSeal(mesh(1), std::move(both)));
    EXPECT_EQ(b_.port->keys(), 2U);
    a_.port->send(NodeId{}, b_.address, "with the old key", {});
    EXPECT_EQ(arrivals(b_, 1), std::vector<std::string>{"with the old key"});
    b_.port->seal_with(GossipSeal(mesh(1), key(8)));
    a_.port->send(NodeId{}, b_.address, "with the old key", {});
    a_.port->seal_with(GossipSeal(mesh(1), key(8)));
    a_.port->send(NodeId{}, b_.address, "with the new one", {});
    EXPECT_EQ(arrivals(b_, 1), std::vector<std::string>{"with the new one"});
    EXPECT_EQ(refused(SealFault::UnknownKey), 1U);
}

// A flood must not keep the node from its deadlines: a round has its share, the next one goes on.
TEST_F(GossipPortTest, ARoundLooksAtNoMoreThanItsShare) {
    const int sent = GossipPort::kRoundMax + 3;
    for (int i = 0; i < sent; ++i) a_.port->send(NodeId{}, b_.address, std::to_string(i), {});
    std::size_t first = 0, all = 0;
    test::eventually({{}, {b_.port->descriptor()}}, [&] {
        b_.port->begin_round();
        std::size_t round = 0;
        while (b_.port->next({})) ++round;
        EXPECT_LE(round, static_cast<std::size_t>(GossipPort::kRoundMax));
        if (round == static_cast<std::size_t>(GossipPort::kRoundMax)) {
            EXPECT_TRUE(b_.port->has_input());
        }
        first = std::max(first, round);
        all += round;
        return all >= static_cast<std::size_t>(sent);
    });
    EXPECT_EQ(all, static_cast<std::size_t>(sent));
}

// Those that are too long to be read are no exception.
TEST_F(GossipPortTest, WhatIsTooLongTakesOfTheRoundsShare) {
    auto raw = transport::Datagrams::bind(test::free_address());
    ASSERT_TRUE(raw);
    const std::string too_long(transport::kDatagramBytesMax + 1, 'x');
    for (int i = 0; i < GossipPort::kRoundMax; ++i) ASSERT_TRUE(raw->send(b_.address, too_long));
    a_.port->send(NodeId{}, b_.address, "behind them", {});
    std::optional<Bytes> got;
    int rounds = 0;
    test::eventually({{}, {b_.port->descriptor()}}, [&] {
        b_.port->begin_round();
        ++rounds;
        got = b_.port->next({});
        return got.has_value();
    });
    ASSERT_TRUE(got);
    EXPECT_EQ(got->view(), "behind them");
    EXPECT_GE(rounds, 2);
    EXPECT_EQ(refused(SealFault::Garbage), static_cast<std::uint64_t>(GossipPort::kRoundMax));
}

// Every event of a round would ask the system anew otherwise.
TEST_F(GossipPortTest, ARoundThatFoundNothingLooksInTheNext) {
    EXPECT_FALSE(b_.port->next({}));
    a_.port->send(NodeId{}, b_.address, "later", {});
    pollfd waiting{b_.port->descriptor(), POLLIN, 0};
    ASSERT_EQ(::poll(&waiting, 1, 5000), 1);
    EXPECT_FALSE(b_.port->next({}));
    EXPECT_FALSE(b_.port->has_input()) << "the descriptor tells of it";
    b_.port->begin_round();
    EXPECT_TRUE(b_.port->next({}));
}

TEST_F(GossipPortTest, FaultsCutAndSlowWhatIsSent) {
    const NodeId b{{9}};
    FaultTable faults({{b, "b"}}, Random(1));
    ASSERT_TRUE(faults.change("out " + b.hex() + " cut 1"));
    a_.port->put_under(faults);
    a_.port->send(b, b_.address, "lost", Instant{1});
    ASSERT_TRUE(faults.change("out " + b.hex() + " cut 0"));
    ASSERT_TRUE(faults.change("out " + b.hex() + " delay_ms 50"));
    a_.port->send(b, b_.address, "late", Instant{1});
    const Instant due = Instant{1} + std::chrono::milliseconds(50);
    EXPECT_EQ(a_.port->next_due(), due);
    a_.port->begin_round();
    EXPECT_FALSE(a_.port->next(due - Duration{1}));
    EXPECT_FALSE(a_.port->next(due)) << "it is sent then";
    EXPECT_EQ(arrivals(b_, 1), std::vector<std::string>{"late"});
}

// What a datagram says of its sender is a word of anybody: it names no link that could have a
// fault.
TEST_F(GossipPortTest, UnderFaultsWhoIsNoPeerIsLeftToMembership) {
    FaultTable faults({{NodeId{{9}}, "b"}}, Random(1));
    b_.port->put_under(faults);
    membership::Header header;
    header.sender = NodeId{{77}};
    header.incarnation.boot = Boot{1};
    std::string content;
    membership::DatagramWriter(content, membership::Carrier::Datagram).begin(header);
    a_.port->send(NodeId{}, b_.address, content, {});
    EXPECT_EQ(arrivals(b_, 1), std::vector<std::string>{content});
}

}  // namespace
}  // namespace weft::node
