// Bad frames at both ports of a real node while a good client goes on being served.

#include "core/error.h"
#include "core/random.h"
#include "flatbuffers/wire_mesh.h"
#include "tests/node_runtime/fake_peer.h"
#include "tests/node_runtime/raw_client.h"
#include "tests/node_runtime/test_mesh.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace weft {
namespace {

class HostileFrames : public testing::Test {
protected:
    void SetUp() override {
        mesh_.start();
        good_ = std::make_unique<test::RawClient>(context_, record().client_address);
        ASSERT_TRUE(good_->greet()) << mesh_.nodes[0]->log();
        ASSERT_EQ(good_->call("kv", "kept", "put", "before").outcome, Outcome::Done);
    }
    void TearDown() override {
        const Reply kept = good_->call("kv", "kept", "get", "");
        EXPECT_EQ(kept.payload.view(), "before");
        EXPECT_EQ(good_->call("kv", "other", "put", "after").outcome, Outcome::Done);
        EXPECT_EQ(mesh_.nodes[0]->stop(), 0) << mesh_.nodes[0]->log();
    }

    const routing::NodeRecord& record() const { return mesh_.nodes[0]->record(); }
    test::RawClient mesh_port() { return {context_, record().mesh_address}; }
    test::RawClient client_port() {
        test::RawClient client(context_, record().client_address);
        client.hello = good_->hello;
        return client;
    }
    // The node's total for `reason`, told when it stops.
    bool counted(std::string_view reason) {
        mesh_.nodes[0]->stop();
        const std::string line = "input.rejected_total reason=" + std::string(reason);
        const bool found = mesh_.nodes[0]->log().find(line) != std::string::npos;
        mesh_.start();
        // A hello sent before the end of the old connection was noticed is lost with it.
        bool greeted = false;
        for (int i = 0; i < 3 && !greeted; ++i) greeted = good_->greet();
        return greeted && found;
    }
    wire::FrameHeader peer_header() const {
        wire::FrameHeader header;
        header.channel = wire::Channel::Peer;
        header.cluster = mesh_.cluster();
        header.sender.bytes.fill(9);
        header.sender_boot = Boot{1};
        header.receiver = record().node;
        return header;
    }
    static std::string peer_frame(const wire::FrameHeader& header) {
        wire::FrameWriter writer;
        EXPECT_TRUE(wire::write(writer, node::MeshMessage(replication::PeerMessage(
                                            replication::TimeoutNow{PartitionId{1}, Term{1000}}))));
        return writer.finish(header);
    }

    test::TestMesh mesh_{1};
    transport::Context context_;
    std::unique_ptr<test::RawClient> good_;
};

TEST_F(HostileFrames, RandomTruncatedAndFlippedBytesOnBothPorts) {
    const std::string request =
        good_->frame_of(good_->request("kv", "hostile", "put", "should never be"));
    Random random(5);
    // Each on a connection of its own: the first bad frame ends it.
    for (int i = 0; i < 200; ++i) {
        std::string bytes(random.below(400), '\0');
        for (char& c : bytes) c = static_cast<char>(random.next());
        std::string flipped = request;
        flipped[random.below(flipped.size())] ^= 1;
        for (const std::string& frame :
             {bytes, request.substr(0, random.below(request.size())), flipped}) {
            const auto& port = i % 2 == 0 ? record().client_address : record().mesh_address;
            EXPECT_TRUE(test::PlainTcp(port).send(test::kReady + test::zmtp_frame(frame)));
        }
    }
    const Reply absent = good_->call("kv", "hostile", "get", "");
    EXPECT_FALSE(absent.exists);
    EXPECT_TRUE(counted("bad_frame"));
}

// A frame that does not hold is answered too: what, and what to do about it.
TEST_F(HostileFrames, AClientHearsWhyItsFrameWasRefused) {
    const auto refusal = [&](const std::string& frame) {
        test::RawClient client = client_port();
        std::optional<Error> error;
        client.send(frame);
        client.receive_until([&](routing::ToClient& message) {
            if (auto* reply = std::get_if<routing::AdminReply>(&message)) error = reply->error;
            return error.has_value();
        });
        return error ? error->number : std::uint16_t{0};
    };
    EXPECT_EQ(refusal("not a frame"), std::uint16_t(ErrorNumber::BadFrame));
    std::string newer = good_->frame_of(good_->request("kv", "x", "get", ""));
    newer[4] = 2;
    EXPECT_EQ(refusal(newer), std::uint16_t(ErrorNumber::NewerWire));
    EXPECT_EQ(refusal(std::string(wire::kFrameBytesMax + 100, 'x')),
              std::uint16_t(ErrorNumber::FrameTooLarge));
    EXPECT_EQ(refusal(peer_frame(peer_header())), std::uint16_t(ErrorNumber::UnexpectedMessage));
}

TEST_F(HostileFrames, RequestsOverTheirLimitsAreAnsweredWithTheReason) {
    test::RawClient client = client_port();
    const std::string long_id(kIdBytesMax + 1, 'i');
    const std::string large(kPayloadBytesMax + 1, 'p');
    struct Case {
        const char* type;
        std::string_view id, command, payload;
        ErrorNumber number;
    };
    using std::string_view_literals::operator""sv;
    const Case cases[] = {
        {"kv", long_id, "get", "", ErrorNumber::BadEntityId},
        {"kv", "", "get", "", ErrorNumber::BadEntityId},
        {"kv", "a\0b"sv, "get", "", ErrorNumber::BadEntityId},
        {"kv", "\xff\xfe", "get", "", ErrorNumber::BadEntityId},
        {"kv", "x", "put", large, ErrorNumber::PayloadTooLarge},
        {"nothing", "x", "get", "", ErrorNumber::UnknownEntityType},
        {"kv", "x", "steal", "", ErrorNumber::UnknownCommand},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(std::string(c.command) + " " + std::string(c.id.substr(0, 20)));
        const Reply reply = client.ask(client.request(c.type, c.id, c.command, c.payload));
        EXPECT_EQ(reply.outcome, Outcome::NotDone);
        EXPECT_EQ(reply.error.number, std::uint16_t(c.number)) << reply.error.message;
    }
}

TEST_F(HostileFrames, AnotherMeshsClientIsToldSo) {
    test::RawClient client = client_port();
    client.hello.cluster.bytes.fill(1);
    const Reply reply = client.ask(client.request("kv", "kept", "put", "stolen"));
    EXPECT_EQ(reply.outcome, Outcome::NotDone);
    EXPECT_EQ(reply.error.number, std::uint16_t(ErrorNumber::WrongMesh));
    client.hello = good_->hello;
    client.hello.node.bytes.fill(1);
    const Reply elsewhere = client.ask(client.request("kv", "kept", "put", "stolen"));
    EXPECT_EQ(elsewhere.outcome, Outcome::NotDone);
    EXPECT_TRUE(elsewhere.error.is_retryable());
}

// S32: another sender, mesh or receiver than the frame must name.
TEST_F(HostileFrames, StrangersOnTheMeshPortAreCountedByReason) {
    test::RawClient port = mesh_port();
    wire::FrameHeader header = peer_header();
    ASSERT_TRUE(port.send(peer_frame(header)));
    header.sender = record().node;  // claims to be the node itself
    ASSERT_TRUE(port.send(peer_frame(header)));
    header = peer_header();
    header.cluster.bytes.fill(1);
    ASSERT_TRUE(port.send(peer_frame(header)));
    header = peer_header();
    header.receiver.bytes.fill(1);
    ASSERT_TRUE(port.send(peer_frame(header)));
    header = peer_header();
    header.channel = wire::Channel::Client;
    ASSERT_TRUE(port.send(peer_frame(header)));
    const auto rejected = [&](std::string_view reason) {
        return test::eventually({}, [&] {
            return mesh_.nodes[0]->log().find("reason=" + std::string(reason)) != std::string::npos;
        });
    };
    for (const char* reason :
         {"unknown_sender", "wrong_cluster", "wrong_receiver", "wrong_channel"})
        EXPECT_TRUE(rejected(reason)) << reason;
}

// A client that asks and does not read costs nobody else anything: it is not read while much waits
// for it. What it asked for is there when it reads, or it is said that it was dropped.
TEST_F(HostileFrames, AClientThatDoesNotReadIsServedWhenItDoesOrItsLossIsSaid) {
    const std::string value(std::size_t{1} << 20, 'v');
    ASSERT_EQ(good_->call("kv", "large", "put", value).outcome, Outcome::Done);
    test::RawClient slow = client_port();
    // A few at a time: more reads at once would be refused, and refusals are small. Connections
    // take turns: when the good one has its eight, the slow one's have been answered, too.
    for (int batch = 0; batch < 20; ++batch) {
        for (int i = 0; i < 8; ++i)
            ASSERT_TRUE(slow.send(slow.frame_of(slow.request("kv", "large", "get", ""))));
        for (int i = 0; i < 8; ++i)
            EXPECT_EQ(good_->call("kv", "large", "get", "").outcome, Outcome::Done);
    }
    int replies = 0;
    slow.receive_until([&](routing::ToClient& message) {
        replies += std::holds_alternative<Reply>(message) ? 1 : 0;
        return replies == 160;
    });
    const bool cut = mesh_.nodes[0]->log().find("connections.cut port=client") != std::string::npos;
    EXPECT_GT(replies, 0);
    EXPECT_TRUE(replies == 160 || cut || counted("not_delivered")) << replies;
}

// Before a round had an end in rubbish, the node answered nobody until the flood was over.
TEST_F(HostileFrames, AFloodOfRubbishKeepsNobodyFromBeingServed) {
    // Frames of one byte: cheaper to send than to look at.
    std::string rubbish = test::kReady;
    for (int i = 0; i < 20'000; ++i) rubbish += std::string("\0\x01x", 3);
    std::atomic<bool> over = false;
    std::atomic<int> at_it = 0;
    std::vector<std::thread> floods;
    for (int thread = 0; thread < 2; ++thread)
        floods.emplace_back([&] {
            // Again and again: each is cut at its first frame.
            for (bool first = true; !over; first = false) {
                std::vector<std::unique_ptr<test::PlainTcp>> connections;
                for (int i = 0; i < 128; ++i) {
                    const auto& port = i % 2 == 0 ? record().client_address : record().mesh_address;
                    connections.push_back(std::make_unique<test::PlainTcp>(port));
                    connections.back()->send_some(rubbish);
                }
                if (first) ++at_it;
            }
        });
    ASSERT_TRUE(test::eventually({}, [&] { return at_it == 2; }));
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    int served = 0;
    while (std::chrono::steady_clock::now() < until) {
        const Reply put = good_->call("kv", "flooded", "put", "x");
        EXPECT_EQ(put.outcome, Outcome::Done) << put.error.message;
        if (put.outcome != Outcome::Done) break;
        ++served;
    }
    over = true;
    for (std::thread& flood : floods) flood.join();
    EXPECT_GT(served, 10);
}

TEST_F(HostileFrames, AConnectionThatSendsRubbishIsToldOnceAndCut) {
    test::PlainTcp client(record().client_address);
    std::string sent = test::kReady;
    for (int i = 0; i < 100; ++i) sent += test::zmtp_frame("rubbish");
    // Behind all that, a request that would be served.
    const std::string request = good_->frame_of(good_->request("kv", "kept", "put", "rubbish"));
    ASSERT_TRUE(client.send(sent + test::zmtp_frame(request)));
    std::string got;
    EXPECT_TRUE(client.closed_by_peer(&got));
    std::size_t told = 0;
    for (std::size_t at = 0; (at = got.find("a frame of 7 bytes", at)) != std::string::npos; ++at)
        ++told;
    EXPECT_EQ(told, 1u) << testing::PrintToString(got);
    test::PlainTcp peer(record().mesh_address);
    ASSERT_TRUE(peer.send(test::kReady + test::zmtp_frame("rubbish")));
    EXPECT_TRUE(peer.closed_by_peer());
}

// A round ends in the middle of a frame: the rest of it waits for no further one.
TEST_F(HostileFrames, ARequestBehindThousandsOfUnknownMessagesIsAnswered) {
    test::RawClient client = client_port();
    wire::FrameWriter writer;
    for (int frame = 0; frame < 5; ++frame) {
        for (int i = 0; i < 1000; ++i) EXPECT_TRUE(writer.add(999, 0, "12345678"));
        if (frame == 4) {
            EXPECT_TRUE(
                wire::write(writer, routing::ToNode(client.request("kv", "kept", "get", ""))));
        }
        ASSERT_TRUE(client.send(writer.finish(client.header())));
    }
    EXPECT_TRUE(client.receive_until([](routing::ToClient& message) {
        const auto* reply = std::get_if<Reply>(&message);
        return reply != nullptr && reply->payload.view() == "before";
    }));
}

TEST_F(HostileFrames, AFrameOfNothingButUnknownMessagesIsRefused) {
    test::RawClient client = client_port();
    wire::FrameWriter writer;
    for (int i = 0; i < 1025; ++i) EXPECT_TRUE(writer.add(999, 0, "12345678"));
    ASSERT_TRUE(client.send(writer.finish(client.header())));
    EXPECT_TRUE(client.receive_until([](routing::ToClient& message) {
        const auto* reply = std::get_if<routing::AdminReply>(&message);
        return reply != nullptr && reply->error &&
               reply->error->number == std::uint16_t(ErrorNumber::BadFrame);
    }));
}

class HostileMesh : public testing::Test {
protected:
    void SetUp() override {
        mesh_.start();
        ASSERT_TRUE(serves("before"));
    }
    bool serves(const std::string& value, std::optional<std::size_t> without = {}) {
        return test::eventually({}, [&] {
            for (std::size_t i = 0; i < mesh_.nodes.size(); ++i) {
                if (i == without) continue;
                test::RawClient each(context_, mesh_.nodes[i]->record().client_address);
                if (!each.greet()) return false;
                const Reply put = each.ask(each.request("kv", "key", "put", value));
                if (put.outcome == Outcome::Done) return true;
            }
            return false;
        });
    }
    bool logged(std::size_t node, std::string_view text) {
        return test::eventually(
            {}, [&] { return mesh_.nodes[node]->log().find(text) != std::string::npos; });
    }
    // Of frames from b to a.
    wire::FrameHeader header(Boot boot) const {
        wire::FrameHeader header;
        header.channel = wire::Channel::Peer;
        header.cluster = mesh_.cluster();
        header.sender = mesh_.nodes[1]->record().node;
        header.sender_boot = boot;
        header.receiver = mesh_.nodes[0]->record().node;
        return header;
    }
    transport::Dealer dial_a() {
        return *transport::Dealer::connect(context_, mesh_.nodes[0]->record().mesh_address,
                                           wire::kFrameBytesMax);
    }
    static node::MeshMessage vote(std::uint32_t group) {
        return replication::PeerMessage(
            replication::VoteAsks{{{PartitionId{group}, Term{1u << 30}, {}, false, true}}});
    }

    test::TestMesh mesh_{3};
    transport::Context context_;
};

// What a stranger says in a founder's name teaches nothing of that founder.
TEST_F(HostileMesh, AForgedBootAndPositionOfAPeerAreNotBelieved) {
    test::RawClient port(context_, mesh_.nodes[0]->record().mesh_address);
    wire::FrameHeader forged = header(Boot{1000});
    forged.durable = Lsn{std::uint64_t{1} << 62};
    for (std::uint32_t group = 1; group <= 8; ++group) {
        wire::FrameWriter writer;
        node::PeerHello hello;
        hello.genesis.bytes = blake2b_128(mesh_.genesis_bytes);
        EXPECT_TRUE(wire::write(writer, node::MeshMessage(hello)));
        EXPECT_TRUE(wire::write(writer, vote(group)));
        ASSERT_TRUE(port.send(writer.finish(forged)));
    }
    EXPECT_TRUE(logged(0, "reason=unproven"));
    // Now a has none but b to agree with.
    EXPECT_EQ(mesh_.nodes[2]->stop(), 0);
    EXPECT_TRUE(serves("after", 2));
    EXPECT_EQ(mesh_.nodes[0]->log().find("boot=1000"), std::string::npos);
    // b's next process is what it says.
    EXPECT_EQ(mesh_.nodes[1]->stop(), 0);
    mesh_.nodes[1]->start();
    EXPECT_TRUE(serves("in the end", 2));
    for (const auto& node : mesh_.nodes) EXPECT_EQ(node->stop(), 0) << node->log();
}

// A founder's name on frames of a process that is gone, and on frames that make no sense, from who
// listens at that founder's address.
TEST_F(HostileMesh, FormerBootsAndBadMessagesOfAPeerChangeNothing) {
    EXPECT_EQ(mesh_.nodes[1]->stop(), 0);
    mesh_.nodes[1]->start();
    EXPECT_TRUE(logged(0, "boot=2"));
    EXPECT_EQ(mesh_.nodes[1]->stop(), 0);
    auto listener =
        transport::Router::bind(mesh_.nodes[1]->record().mesh_address, {wire::kFrameBytesMax});
    ASSERT_TRUE(listener) << listener.error().message;
    test::FakePeer former(*listener, header(Boot{1}));
    transport::Dealer dealer = dial_a();
    ASSERT_TRUE(test::eventually({}, [&] {
        // Asking is what makes a dial at once.
        static_cast<void>(former.challenge(dealer));
        former.listen();
        return former.answer(dealer);
    }));
    for (std::uint32_t group = 1; group <= 8; ++group)
        ASSERT_TRUE(test::eventually({}, [&] { return former.send(dealer, vote(group)); }));
    EXPECT_TRUE(serves("after", 1));
    wire::FrameWriter writer;
    EXPECT_TRUE(writer.add(65, wire::kMustUnderstand, std::string(64, '\x41')));
    const std::string bad = writer.finish(header(Boot{1}));
    EXPECT_TRUE(test::eventually({}, [&] { return dealer.send(bad); }));
    EXPECT_TRUE(logged(0, "reason=bad_message"));
    EXPECT_TRUE(serves("in the end", 1));
    for (const auto& node : mesh_.nodes) node->stop();
    // No term rose: nobody was elected a second time.
    for (const auto& node : mesh_.nodes)
        EXPECT_EQ(node->log().find("term=1073741824"), std::string::npos);
    EXPECT_EQ(mesh_.nodes[0]->log().find("reason=other_sender"), std::string::npos);
}

}  // namespace
}  // namespace weft
