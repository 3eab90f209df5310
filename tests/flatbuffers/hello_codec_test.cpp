// Hellos by version: what has changed, to whom everything was told before.
#include "core/error.h"
#include "flatbuffers/wire_client.h"
#include "flatbuffers/wire_types.h"
#include "tests/flatbuffers/message_fields.h"
#include "tests/flatbuffers/wire_samples.h"

#include <gtest/gtest.h>

#include <utility>

namespace weft::wire {
namespace {

Result<std::optional<routing::ToNode>> there_and_back(const routing::ToNode& message) {
    return read_to_node(test::only_message(test::frame_of(message, Channel::Client)));
}
Result<std::optional<routing::ToClient>> there_and_back(const routing::ToClient& message) {
    return read_to_client(test::only_message(test::frame_of(message, Channel::Client)));
}
routing::HelloReply decoded(const routing::HelloReply& sent) {
    auto back = there_and_back(routing::ToClient(sent));
    if (back && *back) return std::get<routing::HelloReply>(**std::move(back));
    ADD_FAILURE() << (back ? "skipped" : back.error().message);
    return {};
}

// A mesh of `count` nodes whose last one leads, to a client that reads routes by version.
routing::HelloReply hello_of(std::size_t count) {
    auto hello = test::sample_hello_reply();
    hello.version = 5;
    hello.nodes_digest = 8;
    hello.nodes.clear();
    for (std::size_t i = 0; i < count; ++i) {
        NodeId node;
        node.bytes[0] = static_cast<std::uint8_t>(i);
        node.bytes[1] = static_cast<std::uint8_t>(i >> 8);
        node.bytes[2] = 1;
        hello.nodes.push_back({node, "n" + std::to_string(i), "127.0.0.1:7341"});
    }
    hello.leaders.assign(3, static_cast<std::uint16_t>(count - 1));
    return hello;
}

TEST(HelloCodec, CarriesWhatHasChanged) {
    const auto sent = test::sample_hello_changes();
    EXPECT_EQ(fields(decoded(sent)), fields(sent));
    const auto known = test::sample_hello_known();
    const auto back = there_and_back(routing::ToNode(known));
    ASSERT_TRUE(back && *back);
    EXPECT_EQ(fields(std::get<routing::ClientHello>(**back)), fields(known));
    auto nothing = sent;
    nothing.leaders.clear();
    nothing.terms.clear();
    nothing.told.clear();
    EXPECT_EQ(fields(decoded(nothing)), fields(nothing));
}

TEST(HelloCodec, CarriesTheMostNodesAndNotOneMore) {
    const auto sent = hello_of(routing::kHelloNodesMax);
    EXPECT_EQ(fields(decoded(sent)), fields(sent));
    const auto more = there_and_back(routing::ToClient(hello_of(routing::kHelloNodesMax + 1)));
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().number, std::uint16_t(ErrorNumber::BadMessage));
}

// A byte names 254 of them, and the rest would be told as leading nothing.
TEST(HelloCodec, TellsNoOlderClientOfMoreNodesThanItCanName) {
    FrameWriter writer;
    auto hello = hello_of(254);
    hello.version = 0;
    EXPECT_EQ(decoded(hello).leaders, hello.leaders);
    hello = hello_of(255);
    hello.version = 0;
    const auto written = write(writer, routing::ToClient(hello));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().number, std::uint16_t(ErrorNumber::NewerWire));
}

TEST(HelloCodec, RefusesListsThatDoNotHold) {
    const auto refuses_changes = [](auto change) {
        auto hello = test::sample_hello_changes();
        change(hello);
        return !there_and_back(routing::ToClient(hello));
    };
    EXPECT_TRUE(refuses_changes([](auto& h) { h.told[1] = h.told[0]; })) << "twice";
    EXPECT_TRUE(refuses_changes([](auto& h) { std::swap(h.told[0], h.told[1]); }));
    EXPECT_TRUE(refuses_changes([](auto& h) { h.told[1] = PartitionId{601}; })) << "no such group";
    EXPECT_TRUE(refuses_changes([](auto& h) { h.told.pop_back(); }));
    EXPECT_TRUE(refuses_changes([](auto& h) { h.leaders.clear(); }));
    EXPECT_TRUE(refuses_changes([](auto& h) { h.leaders[0] = 4096; })) << "no such place";
    EXPECT_TRUE(refuses_changes([](auto& h) { h.terms[0] = kCounterMax + 1; }));
    EXPECT_TRUE(refuses_changes([](auto& h) { h.version = kCounterMax + 1; }));
    EXPECT_TRUE(refuses_changes([](auto& h) {
        h.nodes = test::sample_hello_reply().nodes;
        h.leaders[0] = 2;
    })) << "behind the list that comes with it";
    const auto refuses_known = [](auto change) {
        auto hello = test::sample_hello_known();
        change(hello);
        return !there_and_back(routing::ToNode(hello));
    };
    EXPECT_TRUE(refuses_known([](auto& h) { h.wanted[0] = PartitionId{16385}; }));
    EXPECT_TRUE(refuses_known([](auto& h) { h.wanted.resize(routing::kWantedMax + 1); }));
    EXPECT_TRUE(refuses_known([](auto& h) { h.known.version = kCounterMax + 1; }));
}

// docs/wire-format.md quotes these bytes.
TEST(HelloCodec, ARefreshIsShort) {
    const auto bytes = [](const routing::HelloReply& hello) {
        return test::frame_of(routing::ToClient(hello), Channel::Client).size();
    };
    routing::HelloReply all = hello_of(3);
    all.groups = 1024;
    all.leaders.assign(1025, 2);
    all.terms.assign(1025, 9);
    routing::HelloReply older = all;
    older.version = older.nodes_digest = 0;
    EXPECT_EQ(bytes(older), 9600u);
    EXPECT_EQ(bytes(all), 10664u);
    routing::HelloReply nothing = all;
    nothing.nodes.clear();
    nothing.leaders.clear();
    nothing.terms.clear();
    EXPECT_EQ(bytes(nothing), 296u);
    routing::HelloReply one = nothing;
    one.told = {PartitionId{17}};
    one.leaders = {2};
    one.terms = {9};
    EXPECT_EQ(bytes(one), 328u);
}

}  // namespace
}  // namespace weft::wire
