// What a client that waits is told: of nodes that refuse, that come later, and of a call it gives
// up.
#include "tests/client/fake_node.h"
#include "tests/transport/loopback.h"
#include "weft/client.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace weft {
namespace {

using client::FakeNode;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::unique_ptr<FakeNode> start(std::string address) {
    FakeNode::Options options;
    options.address = address;
    options.addresses = {std::move(address)};
    auto node = std::make_unique<FakeNode>(std::move(options));
    EXPECT_TRUE(node->bound());
    return node;
}
ConnectOptions to(std::vector<std::string> addresses) {
    ConnectOptions options;
    options.addresses = std::move(addresses);
    return options;
}

TEST(Reach, IsToldAtOnceThatEveryAddressRefusesWhenItAsksForThat) {
    ConnectOptions options = to({test::free_address(), test::free_address()});
    options.timeout = seconds(60);
    options.give_up_when_refused = true;
    const auto begin = std::chrono::steady_clock::now();
    const auto refused = connect(options);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(20));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::CannotReach);
    EXPECT_EQ(refused.error().message, options.addresses[0] + " refuses the connection; " +
                                           options.addresses[1] + " refuses the connection");

    // One that answers is enough.
    auto node = start(test::free_address());
    options.addresses.push_back(node->address());
    EXPECT_TRUE(connect(options).has_value());
}

TEST(Reach, TellsTheRequestIdOfACallThatIsGivenUp) {
    auto node = start(test::free_address());
    const auto mesh = connect(to({node->address()}));
    ASSERT_TRUE(mesh.has_value());
    node->silent = true;
    CallOptions options;
    options.timeout = seconds(60);
    Pending pending = mesh->entity("kv", "x").start("put", "1", options);
    auto waiting = std::async(std::launch::async, [&] { return pending.get(); });
    while (node->requests() == 0) std::this_thread::yield();
    pending.give_up();
    const CallResult result = waiting.get();
    EXPECT_EQ(result.outcome, Outcome::Unknown);
    EXPECT_FALSE(result.request.client.is_zero());
    pending.give_up();  // nothing is left of it
    node->silent = false;
    EXPECT_TRUE(mesh->entity("kv", "x").call("put", "2").done());
}

TEST(Reach, WaitsForNodesThatStartLater) {
    const std::string address = test::free_address();
    ConnectOptions options = to({address});
    options.timeout = seconds(60);
    auto connected = std::async(std::launch::async, [&] { return connect(options).has_value(); });
    EXPECT_EQ(connected.wait_for(milliseconds(300)), std::future_status::timeout);
    auto node = start(address);
    EXPECT_TRUE(connected.get());
}

TEST(Reach, SaysAtOnceThatTheNodeToBeAskedRefuses) {
    const std::string gone = test::free_address();
    auto node = start(test::free_address());
    const auto mesh = connect(to({node->address(), gone}));
    ASSERT_TRUE(mesh.has_value());
    const auto begin = std::chrono::steady_clock::now();
    const auto asked = mesh->admin("status", {}, gone, seconds(60));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(20));
    ASSERT_FALSE(asked.has_value());
    EXPECT_EQ(asked.error().message, gone + " refuses the connection");
}

}  // namespace
}  // namespace weft
