// Peers that mean harm, without keys: in each case a good client goes on being served.

#include "core/random.h"
#include "tests/transport/loopback.h"
#include "transport/sockets.h"

#include <gtest/gtest.h>
#include <zmq.h>

#include <memory>
#include <set>

namespace weft::transport {
namespace {

constexpr std::size_t kLimit = std::size_t{64} << 10;

struct Closer {
    void operator()(void* socket) const { zmq_close(socket); }
};
using RawSocket = std::unique_ptr<void, Closer>;

class HostilePeer : public testing::Test {
protected:
    void SetUp() override {
        auto bound = Router::bind(address_, {kLimit});
        ASSERT_TRUE(bound) << bound.error().message;
        router_.emplace(*std::move(bound));
        auto made = Dealer::connect(context_, address_, kLimit);
        ASSERT_TRUE(made);
        good_.emplace(*std::move(made));
    }

    // The good client's frame arrives, whatever came before it.
    void expect_good_service() {
        bool sent = false;
        std::string got;
        EXPECT_TRUE(test::eventually({{}, {router_->descriptor()}}, [&] {
            sent = sent || good_->send("good");
            while (const auto next = router_->receive()) got = next->frame;
            return got == "good";
        }));
    }

    RawSocket raw_dealer(std::string_view routing_id = {}) {
        RawSocket socket(zmq_socket(context_.handle(), ZMQ_DEALER));
        const int linger = 0;
        zmq_setsockopt(socket.get(), ZMQ_LINGER, &linger, sizeof linger);
        if (!routing_id.empty())
            zmq_setsockopt(socket.get(), ZMQ_ROUTING_ID, routing_id.data(), routing_id.size());
        zmq_connect(socket.get(), ("tcp://" + address_).c_str());
        return socket;
    }

    // What is sent has arrived after a moment; then one look is enough.
    bool cut_off(test::PlainTcp& tcp) {
        const std::uint64_t before = router_->counts().rejected;
        return test::eventually({{}, {router_->descriptor()}},
                                [&] {
                                    while (router_->receive()) {
                                    }
                                    return router_->counts().rejected > before;
                                }) &&
               tcp.closed_by_peer();
    }

    bool rejects_one() {
        const std::uint64_t before = router_->counts().rejected;
        return test::eventually({{}, {router_->descriptor()}}, [&] {
            while (router_->receive()) {
            }
            return router_->counts().rejected > before;
        });
    }

    Context context_;
    std::string address_ = test::free_address();
    std::optional<Router> router_;
    std::optional<Dealer> good_;
};

// A listener of libzmq took such bytes for ZMTP 1.0, and aborted when it was closed.
TEST_F(HostilePeer, RandomBytesReachNobody) {
    Random random(11);
    std::vector<std::unique_ptr<test::PlainTcp>> hostile;
    for (int i = 0; i < 32; ++i) {
        hostile.push_back(std::make_unique<test::PlainTcp>(address_));
        ASSERT_TRUE(hostile.back()->connected());
        std::string bytes(65536, '\0');
        for (char& c : bytes) c = static_cast<char>(random.next());
        hostile.back()->send(bytes);
    }
    expect_good_service();
    EXPECT_TRUE(test::eventually({{}, {router_->descriptor()}}, [&] {
        EXPECT_FALSE(router_->receive());
        return router_->counts().rejected == 32;
    }));
    for (const auto& tcp : hostile) EXPECT_TRUE(tcp->closed_by_peer());
}

// Greetings of ZMTP 1.0 (which had none at first: a frame with an empty routing id), 1.0 with a
// revision, and 2.0. All of weft speaks 3.1.
const std::string kOldGreetings[] = {
    std::string("\x01\0\x02\0x", 5),
    std::string("\xff\0\0\0\0\0\0\0\x01\x7f\0\x05\x01\0", 14),
    std::string("\xff\0\0\0\0\0\0\0\x01\x7f\x01\x05\0\0", 14),
};

TEST_F(HostilePeer, OldVersionsOfTheProtocolAreCutOff) {
    for (const std::string& greeting : kOldGreetings) {
        test::PlainTcp tcp(address_);
        ASSERT_TRUE(tcp.send(greeting));
        EXPECT_TRUE(cut_off(tcp)) << static_cast<int>(greeting[10 % greeting.size()]);
    }
    expect_good_service();
}

// Another program may have had the port before: an HTTP server, say.
TEST_F(HostilePeer, AnotherProgramOnThePortDoesNotKeepADealerFromTheNodeThatComes) {
    const std::string address = test::free_address();
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in at = test::loopback(test::port_of(address));
    ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    ASSERT_EQ(listen(listener, 8), 0);
    auto dealer = Dealer::connect(context_, address, kLimit);
    ASSERT_TRUE(dealer);
    const int met = accept(listener, nullptr, nullptr);
    ASSERT_GE(met, 0);
    char greeting[10];
    ASSERT_EQ(recv(met, greeting, sizeof greeting, MSG_WAITALL), 10);
    const std::string answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
    ASSERT_EQ(::send(met, answer.data(), answer.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(answer.size()));
    shutdown(met, SHUT_WR);
    while (recv(met, greeting, sizeof greeting, 0) > 0) {
    }
    close(met);
    close(listener);
    auto router = Router::bind(address, {kLimit});
    ASSERT_TRUE(router) << router.error().message;
    EXPECT_TRUE(test::eventually({{}, {router->descriptor()}}, [&] {
        (void)router->receive();
        return dealer->send("good");
    }));
}

TEST_F(HostilePeer, ManySilentGreetingsDoNotStopOthers) {
    std::vector<std::unique_ptr<test::PlainTcp>> silent;
    const std::string greeting("\xff\0\0\0\0\0\0\0\x01\x7f", 10);
    for (int i = 0; i < 200; ++i) {
        silent.push_back(std::make_unique<test::PlainTcp>(address_));
        silent.back()->send(greeting);
    }
    expect_good_service();
}

std::string big_endian(std::uint32_t number) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xff);
    return bytes;
}

// A ZMTP 3.0 greeting with NULL security and a READY command.
std::string ready(std::string_view routing_id = {}) {
    std::string bytes("\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL", 16);
    bytes.resize(64, '\0');
    std::string command(
        "\x05READY\x0bSocket-Type\0\0\0\x06"
        "DEALER",
        28);
    if (!routing_id.empty()) {
        command += "\x08Identity" + big_endian(static_cast<std::uint32_t>(routing_id.size()));
        command += routing_id;
    }
    bytes += '\x04';
    bytes += static_cast<char>(command.size());
    return bytes + command;
}

// The same, then a frame header with `size`.
std::string claim_of(std::uint64_t size) {
    std::string bytes = ready();
    bytes += '\x02';  // long frame
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift & 0xff);
    return bytes;
}

TEST_F(HostilePeer, AClaimOfHugeFramesIsCutOff) {
    for (const std::uint64_t size : {std::uint64_t{1} << 62, std::uint64_t{kLimit} * 16}) {
        test::PlainTcp tcp(address_);
        ASSERT_TRUE(tcp.connected());
        tcp.send(claim_of(size));
        EXPECT_TRUE(cut_off(tcp)) << size;
    }
    expect_good_service();
}

TEST_F(HostilePeer, OversizedMessagesNeverArrive) {
    RawSocket socket = raw_dealer();
    const std::string big(kLimit * 2, 'x');
    zmq_send(socket.get(), big.data(), big.size(), 0);
    EXPECT_TRUE(rejects_one());
    expect_good_service();
}

TEST_F(HostilePeer, MessagesOfManyPartsAreCountedAndDropped) {
    RawSocket socket = raw_dealer();
    for (int i = 0; i < 4; ++i) zmq_send(socket.get(), "part", 4, ZMQ_SNDMORE);
    zmq_send(socket.get(), "end", 3, 0);
    EXPECT_TRUE(rejects_one());
    expect_good_service();
}

TEST_F(HostilePeer, EmptyFramesArriveAsEmpty) {
    RawSocket socket = raw_dealer();
    zmq_send(socket.get(), "", 0, 0);
    bool arrived = false;
    EXPECT_TRUE(test::eventually({{}, {router_->descriptor()}}, [&] {
        while (const auto next = router_->receive()) arrived |= next->frame.empty();
        return arrived;
    }));
    expect_good_service();
}

// What a peer calls itself is not looked at, so it cannot be somebody else. A listener of
// libzmq aborted when somebody claimed the number that it would give next.
TEST_F(HostilePeer, ChosenRoutingIdsAreNotLookedAt) {
    std::vector<std::unique_ptr<test::PlainTcp>> connections;
    for (std::uint32_t id = 0; id < 100; ++id) {
        connections.push_back(std::make_unique<test::PlainTcp>(address_));
        ASSERT_TRUE(connections.back()->send(ready(std::string(1, '\0') + big_endian(id / 2)) +
                                             std::string("\0\1x", 3)));
    }
    std::set<ClientRef> names;
    EXPECT_TRUE(test::eventually({{}, {router_->descriptor()}}, [&] {
        while (const auto got = router_->receive()) names.insert(got->from);
        return names.size() == 100;
    }));
    expect_good_service();
}

// A full pipe, then commands, then a reset: an assertion in a listener of libzmq (RCVHWM reached).
TEST_F(HostilePeer, CommandsBehindManyMessagesAndAResetEndOneConnection) {
    std::string burst = ready();
    for (int i = 0; i < 60; ++i) burst += std::string("\0\1x", 3);
    for (int i = 0; i < 200; ++i) burst += std::string("\4\7\4PING\0\0", 9);
    for (int i = 0; i < 100; ++i) {
        test::PlainTcp tcp(address_);
        ASSERT_TRUE(tcp.send(burst));
        tcp.reset();
        if (i % 10 == 0) expect_good_service();
    }
    expect_good_service();
}

// Parts of one message without end: libzmq kept them all.
TEST_F(HostilePeer, AMessageWithoutEndIsCutOffAtItsFirstPart) {
    test::PlainTcp tcp(address_);
    ASSERT_TRUE(tcp.send(ready()));
    const std::string part = std::string("\1\xff", 2) + std::string(255, 'x');
    ASSERT_TRUE(tcp.send(part + part));
    EXPECT_TRUE(cut_off(tcp));
    EXPECT_LT(router_->held_bytes(), 4096u);
    expect_good_service();
}

TEST_F(HostilePeer, ConnectionsThatEndInMidMessageLeaveNothing) {
    const std::string half = claim_of(1000) + std::string(500, 'x');
    for (int i = 0; i < 50; ++i) {
        test::PlainTcp tcp(address_);
        ASSERT_TRUE(tcp.connected());
        tcp.send(half);
    }
    expect_good_service();
    EXPECT_EQ(router_->counts().rejected, 0u);
    EXPECT_TRUE(test::eventually({{}, {router_->descriptor()}}, [&] {
        while (router_->receive()) {
        }
        return router_->connections() == 1;
    }));
    EXPECT_LT(router_->held_bytes(), 4096u);
}

}  // namespace
}  // namespace weft::transport
