// Which other nodes there are for this one, and what the driver and each of them is told.

#include "node/peers.h"

#include "node/roster.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace weft::node::test {
namespace {

constexpr std::uint64_t kNonce = 1000;
constexpr Instant kNow{5'000'000'000};

NodeId node(std::uint8_t number) {
    NodeId id;
    id.bytes[0] = number;
    return id;
}

routing::NodeRecord record(std::uint8_t number, std::string address = "a:1") {
    routing::NodeRecord known;
    known.node = node(number);
    known.mesh_address = std::move(address);
    return known;
}

struct PeersTest : testing::Test {
    PeersTest() {
        EXPECT_TRUE(peers.meet(record(1)));
        EXPECT_TRUE(peers.meet(record(2)));
        link_changes();
    }
    // "+1@a:1 -2"
    std::string link_changes() {
        std::vector<Effect> out;
        peers.take_link_changes(out);
        std::string said;
        for (const Effect& effect : out) {
            said += said.empty() ? "" : " ";
            if (const auto* link = std::get_if<LinkPeer>(&effect))
                said += "+" + std::to_string(link->record.node.bytes[0]) + "@" +
                        link->record.mesh_address;
            if (const auto* gone = std::get_if<UnlinkPeer>(&effect))
                said += "-" + std::to_string(gone->peer.bytes[0]);
        }
        return said;
    }
    // Its hello came and said how far its disk is; round 1 writes that.
    void hear(std::uint8_t number, Lsn durable) {
        Peer& peer = *peers.find(node(number));
        if (peer.witness().boot() == Boot{}) {
            PeerHello hello;
            hello.nonce = 7;
            peer.handshake.on_hello({Boot{1}, Lsn{1}}, hello, {}, {kNow, RoundSeq{}, RoundSeq{1}},
                                    peers.tokens());
        }
        peer.handshake.on_frame({Boot{1}, durable}, RoundSeq{1});
    }
    // The peer's frame of this round.
    std::size_t said_in_round(std::uint8_t number, Lsn durable) {
        std::vector<Effect> out;
        peers.find(node(number))->outbox.add(PeerHello{});
        peers.find(node(number))->outbox.add(MeshMessage{MemberMessage{}});
        peers.flush(1000, durable, out);
        return out.size();
    }

    Peers peers{kNonce, ContactRound{1}};
};

TEST_F(PeersTest, TheDriverIsToldOfLinksOnceAndOfEveryNewAddress) {
    EXPECT_FALSE(peers.meet(record(1)));
    EXPECT_EQ(link_changes(), "");
    Peer* before = peers.find(node(1));
    EXPECT_FALSE(peers.meet(record(1, "b:1")));
    EXPECT_EQ(peers.find(node(1)), before) << "others hold it by its address";
    EXPECT_TRUE(peers.meet(record(3)));
    peers.part_with(node(2));
    EXPECT_EQ(link_changes(), "+1@b:1 +3@a:1 -2");
    EXPECT_EQ(link_changes(), "");
    EXPECT_EQ(peers.find(node(2)), nullptr);
}

TEST_F(PeersTest, WhoIsNotOnTheRosterIsNamed) {
    routing::Genesis genesis;
    genesis.founders = {record(0), record(2)};
    EXPECT_EQ(peers.not_in(Roster(genesis).records()), std::vector<Peer*>{peers.find(node(1))});
}

TEST_F(PeersTest, TheNextDeadlineIsTheFirstOfHellosAndEvidence) {
    EXPECT_EQ(peers.deadline(), Instant::never());
    EXPECT_EQ(peers.links_up(), 0u);
    peers.find(node(2))->handshake.on_up(peers.tokens());
    peers.find(node(2))->handshake.ask(kNow);
    EXPECT_EQ(peers.links_up(), 1u);
    EXPECT_EQ(peers.deadline(), peers.find(node(2))->greeting().deadline());
    peers.find(node(1))->evidence.on_new_boot(true, kNow);
    EXPECT_EQ(peers.deadline(), kNow);
}

// S18: a position is no reason to wait for the disk, and one that is overtaken none to write.
TEST_F(PeersTest, PositionsAreOnTheirWayInOneRoundAtATime) {
    EXPECT_TRUE(peers.take_positions(RoundSeq{0}, RoundSeq{1}).empty());
    hear(1, Lsn{10});
    hear(2, Lsn{20});
    const auto rows = peers.take_positions(RoundSeq{0}, RoundSeq{1});
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].node, node(1));
    EXPECT_EQ(rows[1].row.durable, Lsn{20});
    hear(1, Lsn{11});
    EXPECT_TRUE(peers.take_positions(RoundSeq{0}, RoundSeq{2}).empty());
    hear(1, Lsn{12});
    const auto next = peers.take_positions(RoundSeq{1}, RoundSeq{3});
    ASSERT_EQ(next.size(), 1u);
    EXPECT_EQ(next[0].row.durable, Lsn{12});
}

// S18.
TEST_F(PeersTest, WhoHasNotGreetedUsIsToldNothingButHellos) {
    Peer& peer = *peers.find(node(1));
    peer.handshake.on_up(peers.tokens());
    EXPECT_EQ(said_in_round(1, Lsn{5}), 1u);
    EXPECT_EQ(peer.told, Lsn{});
    PeerHello hello;
    hello.answer = true;
    hello.token = peer.greeting().token();
    const auto hears = [&](RoundSeq persisted) {
        return peer.handshake.on_hello({Boot{1}, Lsn{1}}, hello, {}, {kNow, persisted, RoundSeq{1}},
                                       peers.tokens());
    };
    const HelloNews first = hears(RoundSeq{0});
    ASSERT_TRUE(first.ask) << "another process than the one that was asked";
    hello.token = *first.ask;
    hears(RoundSeq{0});
    EXPECT_EQ(said_in_round(1, Lsn{6}), 1u) << "its row is not durable";
    EXPECT_TRUE(peer.handshake.on_persisted(kNow, RoundSeq{1}).greeted);
    EXPECT_EQ(said_in_round(1, Lsn{7}), 2u);
    EXPECT_EQ(peer.told, Lsn{7});
    EXPECT_TRUE(peer.outbox.empty());
}

TEST_F(PeersTest, CheckFindsATokenThatWasNotGivenOut) {
    Handshake& handshake = peers.find(node(1))->handshake;
    handshake.on_up(peers.tokens());
    EXPECT_EQ(handshake.ask(kNow), HelloToken{kNonce + 1});
    peers.check(RoundSeq{1});
    HelloTokens others(kNonce + 1);
    handshake.on_up(others);
    handshake.ask(kNow);
    EXPECT_EQ(weft::test::said_by([&] { peers.check(RoundSeq{1}); }),
              "hellos to node " + node(1).hex() + " have a token that was not given out");
}

TEST_F(PeersTest, CheckFindsPositionsThatNoRoundCarries) {
    hear(1, Lsn{10});
    peers.take_positions(RoundSeq{0}, RoundSeq{2});
    peers.check(RoundSeq{2});
    EXPECT_EQ(weft::test::said_by([&] { peers.check(RoundSeq{1}); }),
              "positions wait for round 2, at hand is 1");
}

}  // namespace
}  // namespace weft::node::test
