#include "transport/address.h"

#include "core/error.h"
#include "tests/transport/loopback.h"
#include "transport/listener.h"
#include "transport/sockets.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

namespace weft::transport {
namespace {

// What is accepted.
std::string parsed(const char* address) {
    const auto to = parse_address(address);
    if (!to) return fmt::format("WEFT-{}", to.error().number);
    EXPECT_FALSE(to->named) << address;
    return to->text();
}

TEST(Address, ANumberIsOfLoopback) {
    EXPECT_EQ(parsed("127.0.0.1:7340"), "127.0.0.1:7340");
    EXPECT_EQ(parsed("127.8.9.10:1"), "127.8.9.10:1");
    for (const char* six : {"::1:7340", "[::1]:7340"}) EXPECT_EQ(parsed(six), "[::1]:7340") << six;
    const auto local = parse_address("localhost:65535");
    ASSERT_TRUE(local);
    EXPECT_EQ(*local, (Destination{"127.0.0.1", 65535}));
    for (const char* beyond : {"0.0.0.0:7340", "192.168.1.4:7340", "128.0.0.1:7340", "[::]:7340",
                               "[fe80::1]:7340", "::ffff:127.0.0.1:7340"})
        EXPECT_EQ(parsed(beyond), "WEFT-1003") << beyond;
}

TEST(Address, ANameIsLeftAsItIs) {
    const std::string label(63, 'n');
    const std::string longest =
        fmt::format("{}.{}.{}.{}", label, label, label, std::string(61, 'n'));
    ASSERT_EQ(longest.size(), 253u);
    for (const std::string& name :
         {std::string("node-1.example.org"), std::string("node_b"), std::string("NODE."),
          std::string("1.2.3.4.example"), std::string("3com"), longest}) {
        const auto to = parse_address(name + ":7340");
        ASSERT_TRUE(to) << name;
        EXPECT_EQ(*to, (Destination{name, 7340, true})) << name;
    }
    for (const std::string& bad :
         {longest + "n", "n" + label, std::string("*"), std::string("-node"), std::string("node-"),
          std::string("no de"), std::string("node..b"), std::string("."), std::string("nöde"),
          std::string("127.1"), std::string("10.0.0.300"), std::string("0x7f.0x1"),
          std::string("node\n"), std::string("ipc:///tmp/x"), std::string("tcp://127.0.0.1"),
          std::string("[node]x"), std::string("node%lo")}) {
        const auto to = parse_address(bad + ":7340");
        ASSERT_FALSE(to) << bad;
        EXPECT_EQ(to.error().number, std::uint16_t(ErrorNumber::BadConfiguration)) << bad;
    }
}

TEST(Address, APortIsNamed) {
    for (const char* bad : {"127.0.0.1", ":7340", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
                            "127.0.0.1:7340x", "127.0.0.1:-1", "node:", ""}) {
        const auto good = check_address(bad);
        ASSERT_FALSE(good) << bad;
        EXPECT_EQ(good.error().number, std::uint16_t(ErrorNumber::BadConfiguration)) << bad;
        EXPECT_EQ(good.error().code, ErrorCode::Configuration) << bad;
    }
    EXPECT_TRUE(check_address("node:7340"));
}

TEST(Address, OfANameOnlyLoopbackIsUsed) {
    const Destination at{"node", 7340, true};
    const auto places = loopback_of(at, {"10.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"});
    ASSERT_TRUE(places);
    EXPECT_EQ(*places, (std::vector<Destination>{{"127.0.0.2", 7340}, {"::1", 7340}}));
    const auto beyond = loopback_of(at, {"10.0.0.1", "fe80::1"});
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().number, std::uint16_t(ErrorNumber::ListenNeedsKeys));
    EXPECT_NE(beyond.error().message.find("node is 10.0.0.1, fe80::1, which is not"),
              std::string::npos)
        << beyond.error().message;
}

TEST(Address, TheSystemIsAskedForNames) {
    const auto local = resolve("localhost");
    ASSERT_TRUE(local) << local.error().message;
    EXPECT_TRUE(loopback_of({"localhost", 1, true}, *local));
    // Too long for any name server to be asked.
    const auto unknown = resolve(std::string(300, 'n'));
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().number, std::uint16_t(ErrorNumber::BadConfiguration));
}

// Crash evidence (S5): the sign that a process is gone.
TEST(Address, ConnectIsRefusedOnlyWhereNobodyListens) {
    Context context;
    const std::string address = test::free_address();
    const auto refused = [&] {
        ConnectTrial trial(address);
        while (!trial.refused()) continue;
        return *trial.refused();
    };
    EXPECT_TRUE(refused());
    auto router = Router::bind(address, {1024});
    ASSERT_TRUE(router);
    EXPECT_FALSE(refused());
    EXPECT_EQ(ConnectTrial("localhost.invalid:7340").refused(), false);
}

// As from another host: here the kernel answers no further connection while one waits to be taken,
// asks again by itself after a second, and is refused then.
TEST(Address, ARefusalMayComeLate) {
    Descriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at = test::loopback(0);
    socklen_t size = sizeof at;
    ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&at), size), 0);
    ASSERT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    ASSERT_EQ(listen(listener.get(), 0), 0);
    const std::string address = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
    const test::PlainTcp waits(address);
    ConnectTrial trial(address);
    EXPECT_EQ(trial.refused(), std::nullopt) << "and the caller goes on";
    {
        const Descriptor closed(std::move(listener));
    }
    EXPECT_TRUE(test::eventually({}, [&] { return trial.refused().has_value(); }));
    EXPECT_EQ(trial.refused(), true);
}

// Of two test programs at a time one took the port that the other was about to listen on.
TEST(Loopback, AFreePortIsGivenToNobodyElse) {
    const std::uint16_t port = test::free_port();
    const Descriptor other(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in at = test::loopback(port);
    EXPECT_NE(bind(other.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(errno, EADDRINUSE);
    const std::string address = fmt::format("127.0.0.1:{}", port);
    EXPECT_FALSE(test::PlainTcp(address).connected()) << "nobody listens";
    EXPECT_TRUE(Router::bind(address, {1024}));
    EXPECT_TRUE(Router::bind(fmt::format("127.0.0.2:{}", port), {1024}));
}

TEST(Address, APortInUseIsNamed) {
    Context context;
    const std::string address = test::free_address();
    auto first = Router::bind(address, {1024});
    ASSERT_TRUE(first);
    auto second = Router::bind(address, {1024});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().number, std::uint16_t(ErrorNumber::PortInUse));
    EXPECT_NE(second.error().message.find(address), std::string::npos);
}

// Of a node's two addresses: which one is it?
TEST(Address, ThatCannotBeListenedOnIsNamed) {
    const auto router = Router::bind("10.0.0.1:7340", {1024});
    ASSERT_FALSE(router);
    EXPECT_TRUE(router.error().message.starts_with("cannot listen on 10.0.0.1:7340: "))
        << router.error().message;
}

TEST(Address, SocketsRefuseWhatIsNotLoopback) {
    Context context;
    EXPECT_EQ(Router::bind("0.0.0.0:7340", {1024}).error().number,
              std::uint16_t(ErrorNumber::ListenNeedsKeys));
    EXPECT_EQ(Dealer::connect(context, "10.0.0.1:7340", 1024).error().number,
              std::uint16_t(ErrorNumber::ListenNeedsKeys));
}

}  // namespace
}  // namespace weft::transport
