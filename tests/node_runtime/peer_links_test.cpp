// Links come and go by effects: what waits for a peer, and what it says, goes with its link.

#include "tests/node_runtime/fake_peer.h"
#include "tests/node_runtime/port_rig.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace weft::node {
namespace {

class PeerLinksTest : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(rig_.port);
        dealer_.emplace(rig_.dial(rig_.mesh_address));
        connect(peer_);
    }
    void connect(test::FakePeer& peer) {
        bool asked = false, answered = false;
        ASSERT_TRUE(test::eventually({}, [&] {
            take_events();
            peer.listen();
            if (!asked) asked = peer.challenge(*dealer_);
            if (!answered) answered = peer.answer(*dealer_);
            return asked && answered && up();
        }));
    }
    void take_events() {
        for (const Event& event : rig_.round()) {
            if (const auto* link = std::get_if<PeerLink>(&event)) states_.push_back(link->state);
            if (std::holds_alternative<FromPeer>(event)) ++heard_;
        }
    }
    bool up() const { return !states_.empty() && states_.back() == LinkState::Up; }
    void perform(std::vector<Effect> list) {
        Effects effects;
        effects.list = std::move(list);
        rig_.port->perform(effects);
    }
    std::uint64_t rejected(Reject reason) { return rig_.port->rejects().count(reason); }
    routing::NodeRecord record(const std::string& address) const {
        routing::NodeRecord record;
        record.node = rig_.peer_node;
        record.mesh_address = address;
        return record;
    }

    test::Rig rig_;
    test::FakePeer peer_{*rig_.peer, rig_.peer_header()};
    std::optional<transport::Dealer> dealer_;
    std::vector<LinkState> states_;
    int heard_ = 0;
};

TEST_F(PeerLinksTest, WhoIsUnlinkedIsAStrangerAndNothingLeavesForIt) {
    ASSERT_TRUE(peer_.send(*dealer_, MeshMessage(PeerHello{})));
    ASSERT_TRUE(test::eventually({}, [&] {
        take_events();
        return heard_ == 1;
    }));
    perform({SendPeer{rig_.peer_node, PeerHello{}}, UnlinkPeer{rig_.peer_node},
             UnlinkPeer{rig_.peer_node}, SendPeer{rig_.peer_node, PeerHello{}}});
    EXPECT_EQ(rejected(Reject::NotDelivered), 1U) << "what the round had for it";
    EXPECT_FALSE(rig_.links->knows(rig_.peer_node));
    EXPECT_TRUE(rig_.links->knows(rig_.absent_node));
    ASSERT_TRUE(peer_.send(*dealer_, MeshMessage(PeerHello{})));
    ASSERT_TRUE(test::eventually({}, [&] {
        take_events();
        return rejected(Reject::UnknownSender) > 0;
    }));
    EXPECT_EQ(heard_, 1);
    EXPECT_TRUE(peer_.messages.empty());
    EXPECT_EQ(states_, std::vector<LinkState>{LinkState::Up}) << "the node knows";
}

TEST_F(PeerLinksTest, TheRestOfAFrameOfAnUnlinkedPeerIsDropped) {
    wire::FrameWriter writer;
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(wire::write(writer, MeshMessage(PeerHello{})));
    ASSERT_TRUE(dealer_->send(writer.finish(peer_.header())));
    Event event;
    ASSERT_TRUE(test::eventually({}, [&] {
        const bool came = rig_.port->next_event(event) && std::holds_alternative<FromPeer>(event);
        if (!came) rig_.port->end_round();
        return came;
    }));
    perform({UnlinkPeer{rig_.peer_node}});
    take_events();
    EXPECT_EQ(heard_, 0);
}

TEST_F(PeerLinksTest, WhoHasMovedIsLinkedAnewAndHasToProveItself) {
    perform({LinkPeer{record(rig_.peer_address)}});
    take_events();
    EXPECT_EQ(states_, std::vector<LinkState>{LinkState::Up}) << "it is there already";
    const std::string elsewhere = test::free_address();
    auto listener = transport::Router::bind(elsewhere, {wire::kFrameBytesMax});
    ASSERT_TRUE(listener);
    perform({LinkPeer{record(elsewhere)}});
    take_events();
    EXPECT_EQ(states_, (std::vector<LinkState>{LinkState::Up, LinkState::Down}));
    test::FakePeer moved(*listener, rig_.peer_header());
    ASSERT_TRUE(peer_.send(*dealer_, MeshMessage(PeerHello{})));
    ASSERT_TRUE(test::eventually({}, [&] {
        take_events();
        return rejected(Reject::Unproven) > 0;
    })) << "what was proven at the former address proves nothing";
    connect(moved);
    ASSERT_TRUE(peer_.send(*dealer_, MeshMessage(PeerHello{})));
    EXPECT_TRUE(test::eventually({}, [&] {
        take_events();
        return heard_ == 1;
    }));
}

TEST_F(PeerLinksTest, ANodeThatCannotMakeALinkEnds) {
    perform({LinkPeer{record("no address")}});
    ASSERT_TRUE(rig_.port->stop().has_value());
    EXPECT_EQ(rig_.port->stop()->exit_code, kExitNoLink);
}

}  // namespace
}  // namespace weft::node
