// Faults of links at the port: what they take, in either direction, and what they leave alone.

#include "node/runtime/fault_socket.h"
#include "tests/node_runtime/fake_peer.h"
#include "tests/node_runtime/port_rig.h"
#include "tests/support/temp_folder.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace weft::node {
namespace {

using Rounds = std::vector<std::uint64_t>;

MeshMessage beat(std::uint64_t round) {
    replication::Heartbeat message;
    message.round = ContactRound{round};
    return replication::PeerMessage(std::move(message));
}

void add_round(const MeshMessage& message, Rounds& rounds) {
    const auto* peer = std::get_if<replication::PeerMessage>(&message);
    const auto* heartbeat = peer ? std::get_if<replication::Heartbeat>(peer) : nullptr;
    if (heartbeat != nullptr) rounds.push_back(heartbeat->round.value);
}

// A port beside one peer, whose links have faults.
class PortUnderFaults : public testing::Test {
protected:
    PortUnderFaults() {
        NodeId peer, absent;
        peer.bytes.fill(7);
        absent.bytes.fill(8);
        auto socket = FaultSocket::open((temp_.path() / "s").string(),
                                        FaultTable({{peer, "b"}, {absent, "c"}}, Random(1)), Log());
        if (!socket) return;
        socket_ = *std::move(socket);
        rig_ = std::make_unique<test::Rig>(socket_.get());
        peer_ = std::make_unique<test::FakePeer>(*rig_->peer, rig_->peer_header());
        dealer_.emplace(rig_->dial(rig_->mesh_address));
    }
    void SetUp() override {
        ASSERT_TRUE(rig_ && rig_->port);
        ASSERT_EQ(rig_->peer_node.bytes[0], 7);
    }
    LinkFaults& faults() { return socket_->faults(); }
    void set(const std::string& way, const std::string& what) {
        ASSERT_TRUE(faults().table().change(way + " " + rig_->peer_node.hex() + " " + what));
    }
    // Rounds until `done`; the heartbeats that came are in told_ and heard().
    template <class Done>
    bool until(Done done) {
        return test::eventually({}, [&] {
            for (const Event& event : rig_->round()) {
                if (const auto* from = std::get_if<FromPeer>(&event))
                    add_round(from->message, told_);
                if (const auto* link = std::get_if<PeerLink>(&event))
                    up_ = link->state == LinkState::Up;
                if (const auto* words = std::get_if<LinksUnderFaults>(&event))
                    in_words_.push_back(words->text);
            }
            peer_->listen();
            return done();
        });
    }
    Rounds heard() const {
        Rounds rounds;
        for (const MeshMessage& message : peer_->messages) add_round(message, rounds);
        return rounds;
    }
    // Both links are proven and used.
    void connect() {
        bool asked = false, answered = false;
        ASSERT_TRUE(until([&] {
            if (!asked) asked = peer_->challenge(*dealer_);
            if (!answered) answered = peer_->answer(*dealer_);
            return asked && answered && up_;
        }));
        ASSERT_TRUE(until([&] { return peer_->send(*dealer_, beat(1)) && !told_.empty(); }));
        // All of them, so that none comes later.
        ASSERT_TRUE(peer_->send(*dealer_, beat(2)));
        ASSERT_TRUE(until([&] { return told_.back() == 2; }));
        told_.clear();
    }
    void send(std::uint64_t round) {
        Effects effects;
        effects.list.emplace_back(SendPeer{rig_->peer_node, beat(round)});
        rig_->port->perform(effects);
    }

    test::TempFolder temp_;
    std::unique_ptr<FaultSocket> socket_;
    std::unique_ptr<test::Rig> rig_;
    std::unique_ptr<test::FakePeer> peer_;
    std::optional<transport::Dealer> dealer_;
    Rounds told_;
    bool up_ = false;
    std::vector<std::string> in_words_;
};

TEST_F(PortUnderFaults, TheNodeIsToldThatTheyArePossible) {
    ASSERT_TRUE(until([&] { return !in_words_.empty(); }));
    EXPECT_EQ(in_words_, std::vector<std::string>{""});
}

TEST_F(PortUnderFaults, WhatComesFromACutPeerIsLost) {
    connect();
    set("in", "cut 1");
    const auto before = faults().lost();
    ASSERT_TRUE(peer_->send(*dealer_, beat(3)));
    ASSERT_TRUE(until([&] { return faults().lost() > before; }));
    send(4);
    ASSERT_TRUE(until([&] { return !heard().empty(); })) << "the other way is whole";
    EXPECT_EQ(told_, Rounds{});
    set("in", "cut 0");
    ASSERT_TRUE(peer_->send(*dealer_, beat(5)));
    ASSERT_TRUE(until([&] { return !told_.empty(); }));
    EXPECT_EQ(told_, Rounds{5});
}

TEST_F(PortUnderFaults, WhatGoesToACutPeerIsLost) {
    connect();
    set("out", "cut 1");
    send(3);
    EXPECT_EQ(faults().lost(), 1U);
    ASSERT_TRUE(peer_->send(*dealer_, beat(4)));
    ASSERT_TRUE(until([&] { return !told_.empty(); })) << "the other way is whole";
    set("out", "cut 0");
    send(5);
    ASSERT_TRUE(until([&] { return !heard().empty(); }));
    EXPECT_EQ(heard(), Rounds{5});
}

TEST_F(PortUnderFaults, LateFramesOfBothWaysComeInTheirOrder) {
    connect();
    set("in", "delay_ms 30");
    set("out", "delay_ms 30");
    for (const std::uint64_t round : {3U, 4U, 5U}) {
        ASSERT_TRUE(peer_->send(*dealer_, beat(round)));
        send(round);
    }
    EXPECT_NE(faults().next_due(), Instant::never());
    EXPECT_EQ(heard(), Rounds{});
    ASSERT_TRUE(until([&] { return told_.size() == 3 && heard().size() == 3; }));
    EXPECT_EQ(told_, (Rounds{3, 4, 5}));
    EXPECT_EQ(heard(), (Rounds{3, 4, 5}));
    EXPECT_EQ(faults().lost(), 0U);
}

// A process that starts behind a cut must not have a proven link.
TEST_F(PortUnderFaults, ALinkIsNotProvenThroughACut) {
    set("out", "cut 1");
    ASSERT_TRUE(until([&] { return faults().lost() >= 2; })) << "the port asks again and again";
    EXPECT_EQ(peer_->challenges, 0);
    set("out", "cut 0");
    connect();
    EXPECT_GT(peer_->challenges, 0);
}

}  // namespace
}  // namespace weft::node
