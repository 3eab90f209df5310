// How much of what comes in one round looks at, and what becomes of what is too large to leave.

#include "core/error.h"
#include "flatbuffers/wire_client.h"
#include "flatbuffers/wire_mesh.h"
#include "tests/node_runtime/fake_peer.h"
#include "tests/node_runtime/port_rig.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace weft::node {
namespace {

using test::Rig;

TEST(Port, ARoundOfRubbishEndsAlthoughThereIsMore) {
    Rig rig;
    ASSERT_TRUE(rig.port);
    Port& port = *rig.port;

    // Five frames of messages that nobody knows.
    test::PlainTcp tcp(rig.client_address);
    ASSERT_TRUE(tcp.send(test::kReady));
    wire::FrameHeader header;
    header.channel = wire::Channel::Client;
    for (int frame = 0; frame < 5; ++frame) {
        wire::FrameWriter writer;
        for (int i = 0; i < 1000; ++i) ASSERT_TRUE(writer.add(999, 0, "12345678"));
        ASSERT_TRUE(tcp.send(test::zmtp_frame(writer.finish(header))));
    }
    const auto skipped = [&] { return port.rejects().count(Reject::Skipped); };
    Event event;
    std::uint64_t most = 0;
    EXPECT_TRUE(test::eventually({}, [&] {
        const std::uint64_t before = skipped();
        EXPECT_FALSE(port.next_event(event));
        most = std::max(most, skipped() - before);
        EXPECT_LE(most, 1024u);
        const std::uint64_t after = skipped();
        if (after - before >= 1000) {
            EXPECT_FALSE(port.next_event(event)) << "the round is over";
            EXPECT_EQ(skipped(), after);
        }
        port.end_round();
        return after == 5000;
    }));
    EXPECT_GE(most, 1000u);
}

// All that a confirm round lets go would else be copied before anything small is heard or sent.
TEST(Port, LargeRepliesLeaveOneByOneAndTheNodeDoesNotSleepOnThem) {
    Rig rig;
    ASSERT_TRUE(rig.port);
    transport::Dealer client = rig.dial(rig.client_address);
    const std::optional<ClientRef> from = rig.hello_of(client);
    ASSERT_TRUE(from);
    Effects effects;
    const auto answer = [&](std::uint64_t seq, std::size_t bytes) {
        Reply reply;
        reply.id.seq = seq;
        reply.outcome = Outcome::Done;
        reply.payload = Bytes::copy_of(std::string(bytes, 'v'));
        effects.list.push_back(SendClient{*from, std::move(reply)});
    };
    constexpr std::uint64_t kLarge = 4;
    for (std::uint64_t seq = 1; seq <= kLarge; ++seq) answer(seq, kPayloadBytesMax);
    answer(kLarge + 1, kLargeReplyBytes);
    rig.port->perform(effects);

    std::vector<std::uint64_t> came;
    const auto take = [&] {
        while (const auto bytes = client.receive()) {
            auto frame = wire::FrameReader::open(*bytes);
            if (!frame) return;
            for (auto raw = frame->next(); raw && *raw; raw = frame->next()) {
                const auto message = wire::read_to_client(**raw);
                if (message && *message) came.push_back(std::get<Reply>(**message).id.seq);
            }
        }
    };
    EXPECT_TRUE(test::eventually({}, [&] {
        take();
        return came == std::vector<std::uint64_t>{kLarge + 1};
    }));
    const auto begun = std::chrono::steady_clock::now();
    for (std::uint64_t left = kLarge; left > 0; --left) {
        ASSERT_TRUE(rig.clients->has_large()) << left;
        rig.port->sleep(rig.port->now().mono + std::chrono::seconds(10));
        rig.port->end_round();
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(900));
    EXPECT_FALSE(rig.clients->has_large());
    EXPECT_TRUE(test::eventually({}, [&] {
        (void)rig.port->next_event(rig.event);
        take();
        return came.size() == kLarge + 1;
    }));
    EXPECT_EQ(came, (std::vector<std::uint64_t>{5, 1, 2, 3, 4}));
}

TEST(Port, SoManyLargeRepliesWaitAndTheRestLeavesAtOnce) {
    Rig rig;
    ASSERT_TRUE(rig.port);
    Reply reply;
    reply.payload = Bytes::copy_of(std::string(kPayloadBytesMax, 'v'));
    Effects effects;
    for (std::uint64_t i = 0; i < 40; ++i) effects.list.push_back(SendClient{{}, reply});
    rig.port->perform(effects);
    std::size_t bytes = 0;
    while (rig.clients->has_large()) ASSERT_TRUE(rig.clients->write_large({}, bytes));
    EXPECT_LE(bytes, std::size_t{32} << 20);
    EXPECT_GT(bytes, (std::size_t{32} << 20) - kPayloadBytesMax);
}

// Finding 4 of the hostile tests: whoever could make an answer large enough ended the process.
TEST(Port, AnAnswerThatFitsNoFrameBecomesARefusalAndWhatIsBesideItArrives) {
    Rig rig;
    ASSERT_TRUE(rig.port);
    transport::Dealer client = rig.dial(rig.client_address);
    const std::optional<ClientRef> from = rig.hello_of(client);
    ASSERT_TRUE(from);

    Effects effects;
    const auto answer = [&](std::uint64_t id, std::size_t bytes) {
        routing::AdminReply reply;
        reply.id = id;
        reply.columns = {"x"};
        reply.kinds = {routing::CellKind::Text};
        reply.cells = {std::string(bytes, 'x')};
        effects.list.push_back(SendClient{*from, std::move(reply)});
    };
    answer(1, 2000);
    answer(2, wire::kFrameBytesMax - 1000);  // fits a frame, but not behind the other
    answer(3, wire::kFrameBytesMax);
    answer(4, 100);
    rig.port->perform(effects);
    std::map<std::uint64_t, std::uint16_t> errors;  // by id; 0: the answer itself
    EXPECT_TRUE(test::eventually({}, [&] {
        (void)rig.port->next_event(rig.event);
        rig.port->end_round();
        while (const auto bytes = client.receive()) {
            auto frame = wire::FrameReader::open(*bytes);
            if (!frame) return false;
            for (auto raw = frame->next(); raw && *raw; raw = frame->next()) {
                const auto message = wire::read_to_client(**raw);
                if (!message || !*message) return false;
                const auto& reply = std::get<routing::AdminReply>(**message);
                errors[reply.id] = reply.error ? reply.error->number : 0;
            }
        }
        return errors.size() == 4;
    }));
    const auto too_large = static_cast<std::uint16_t>(ErrorNumber::FrameTooLarge);
    EXPECT_EQ(errors,
              (std::map<std::uint64_t, std::uint16_t>{{1, 0}, {2, 0}, {3, too_large}, {4, 0}}));
    EXPECT_EQ(rig.port->rejects().count(Reject::TooLarge), 1u);
}

TEST(Port, AMeshMessageThatFitsNoFrameIsCountedAndWhatIsBesideItArrives) {
    Rig rig;
    ASSERT_TRUE(rig.port);
    const auto beat = [&](std::uint64_t round) {
        replication::Heartbeat message;
        message.round = ContactRound{round};
        return SendPeer{rig.peer_node, replication::PeerMessage{std::move(message)}};
    };
    replication::SnapshotChunk chunk;
    chunk.rows = Bytes::adopt(std::string(wire::kFrameBytesMax, 'x'));
    std::set<std::uint64_t> rounds;
    test::FakePeer peer(*rig.peer, rig.peer_header());
    transport::Dealer dealer = rig.dial(rig.mesh_address);
    EXPECT_TRUE(test::eventually({}, [&] {
        static_cast<void>(peer.challenge(dealer));  // the link is up when this was answered
        Effects effects;
        effects.list.push_back(beat(1));
        effects.list.push_back(SendPeer{rig.peer_node, replication::PeerMessage{chunk}});
        effects.list.push_back(beat(2));
        rig.port->perform(effects);
        rig.round();
        peer.listen();
        for (const MeshMessage& message : peer.messages) {
            const auto& each = std::get<replication::PeerMessage>(message);
            rounds.insert(std::get<replication::Heartbeat>(each).round.value);
        }
        return rounds.size() == 2;
    }));
    EXPECT_EQ(rounds, (std::set<std::uint64_t>{1, 2}));
    EXPECT_GE(rig.port->rejects().count(Reject::TooLarge), 1u);
}

}  // namespace
}  // namespace weft::node
