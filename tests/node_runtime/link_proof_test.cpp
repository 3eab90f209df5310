// What a frame says in a peer's name counts once its connection has sent back what only the process
// at the peer's mesh address was told.

#include "node/runtime/link_proof.h"

#include "tests/node_runtime/fake_peer.h"
#include "tests/node_runtime/port_rig.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace weft::node {
namespace {

using test::FakePeer;
using test::Rig;

constexpr ClientRef kOne{1}, kOther{2};

wire::LinkSecret secret_of(std::uint64_t number) {
    wire::LinkSecret secret;
    for (std::size_t i = 0; i < 8; ++i)
        secret.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return secret;
}

MeshMessage beat(std::uint64_t round) {
    replication::Heartbeat message;
    message.round = ContactRound{round};
    return replication::PeerMessage(std::move(message));
}

std::uint64_t round_of(const FromPeer& told) {
    const auto& message = std::get<replication::PeerMessage>(told.message);
    return std::get<replication::Heartbeat>(message).round.value;
}

std::vector<FromPeer> from_peer(std::vector<Event> events) {
    std::vector<FromPeer> all;
    for (Event& event : events)
        if (auto* each = std::get_if<FromPeer>(&event)) all.push_back(std::move(*each));
    return all;
}

TEST(LinkProof, OnlyTheSecretOfTheLinkThatIsConnectedNowProves) {
    LinkProof proof(Random(1));
    EXPECT_FALSE(proof.prove(kOne, Boot{1}, {{wire::LinkSecret{}}})) << "nothing was asked";
    proof.connected();
    const auto former = proof.challenge();
    ASSERT_TRUE(former);
    proof.connected();
    const auto present = proof.challenge();
    ASSERT_TRUE(present);
    EXPECT_NE(former->secret, present->secret);
    EXPECT_FALSE(proof.prove(kOne, Boot{1}, {{former->secret}})) << "stale";
    EXPECT_FALSE(proof.prove(kOne, Boot{1}, {{secret_of(7)}})) << "wrong";
    EXPECT_EQ(proof.standing(kOne, Boot{1}), Standing::Unproven);
    EXPECT_TRUE(proof.prove(kOne, Boot{1}, {{secret_of(7), present->secret}}));
    EXPECT_EQ(proof.standing(kOne, Boot{1}), Standing::Proven);
    EXPECT_EQ(proof.standing(kOne, Boot{2}), Standing::Contradicts);
    EXPECT_EQ(proof.standing(kOther, Boot{1}), Standing::Unproven);
    proof.connected();
    EXPECT_EQ(proof.standing(kOne, Boot{1}), Standing::Proven) << "our link proves nothing of it";
}

TEST(LinkProof, TheNewestConnectionsOfAPeerAreKept) {
    LinkProof proof(Random(1));
    proof.connected();
    const wire::LinkAnswer right{{proof.challenge()->secret}};
    for (std::uint64_t i = 1; i <= 1000; ++i)
        ASSERT_TRUE(proof.prove(ClientRef{i}, Boot{1}, right));
    std::size_t kept = 0;
    for (std::uint64_t i = 1; i <= 1000; ++i) kept += proof.is_proven(ClientRef{i}) ? 1U : 0U;
    EXPECT_EQ(kept, LinkProof::kProvenMax);
    EXPECT_TRUE(proof.is_proven(ClientRef{1000}));
}

TEST(LinkProof, AFloodOfClaimsGetsOneChallengeAnInterval) {
    LinkProof proof(Random(1));
    proof.connected();
    int sent = 0;
    for (Instant now{0}; now < Instant{0} + std::chrono::seconds(1);
         now = now + std::chrono::microseconds(10)) {
        proof.claimed();
        if (!proof.challenge_due(now, true)) continue;
        ASSERT_TRUE(proof.challenge());
        proof.challenge_sent(now);
        ++sent;
    }
    EXPECT_EQ(sent, 100);
    proof.challenge_sent(Instant{0} + std::chrono::seconds(1));
    EXPECT_FALSE(proof.challenge_due(Instant{0} + std::chrono::seconds(2), true));
    EXPECT_TRUE(proof.challenge_due(Instant{0} + std::chrono::seconds(2), false)) << "repeated";
}

// Whom we answer is bounded, and who asks again and again is answered among any number of others.
TEST(LinkProof, AFloodOfChallengesCannotKeepTheRealOneOut) {
    LinkProof proof(Random(1));
    const wire::LinkSecret real = secret_of(0);
    for (const bool first : {true, false}) {
        SCOPED_TRACE(first);
        int answered_after = 0;
        for (int interval = 1; interval <= 1000 && answered_after == 0; ++interval) {
            if (first) proof.asked(ClientRef{1}, real);
            for (std::uint64_t i = 1; i <= 1000; ++i) proof.asked(ClientRef{1 + i}, secret_of(i));
            if (!first) proof.asked(ClientRef{1}, real);
            const wire::LinkAnswer answer = proof.answer();
            ASSERT_LE(answer.secrets.size(), wire::kLinkSecretsMax);
            if (std::ranges::find(answer.secrets, real) != answer.secrets.end())
                answered_after = interval;
            proof.answer_sent(Instant{0});
        }
        EXPECT_GT(answered_after, 0);
    }
    EXPECT_FALSE(proof.pending());
    // One connection has one place, however much it asks.
    proof.asked(kOne, real);
    for (std::uint64_t i = 1; i <= 1000; ++i) proof.asked(kOther, secret_of(i));
    EXPECT_EQ(proof.answer().secrets, (std::vector{real, secret_of(1000)}));
    EXPECT_FALSE(proof.answer_due(Instant{0} + std::chrono::milliseconds(9)));
    EXPECT_TRUE(proof.answer_due(Instant{0} + std::chrono::milliseconds(10)));
}

// A founder beside a port that would tell its node everything.
class ProvenPort : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(rig_.port); }
    // Rounds until `done`; what the node was told is in told_.
    template <class Done>
    bool until(Done done) {
        return test::eventually({}, [&] {
            for (FromPeer& each : from_peer(rig_.round())) told_.push_back(std::move(each));
            peer_.listen();
            return done();
        });
    }
    // `dealer` is the peer's, or: the secret that is known does not make it so.
    bool proves(transport::Dealer& dealer, std::uint64_t round) {
        told_.clear();
        bool answered = false;
        return until([&] {
            if (!answered) answered = peer_.answer(dealer);
            return answered && peer_.send(dealer, beat(round)) && !told_.empty();
        });
    }
    std::uint64_t rejected(Reject reason) { return rig_.port->rejects().count(reason); }

    Rig rig_;
    FakePeer peer_{*rig_.peer, rig_.peer_header()};
    transport::Dealer dealer_ = rig_.dial(rig_.mesh_address);
    std::vector<FromPeer> told_;
};

TEST_F(ProvenPort, AForgedBootAndPositionNeverReachTheNode) {
    FakePeer forger(*rig_.peer, rig_.peer_header(Boot{1000}));
    forger.header().durable = Lsn{std::uint64_t{1} << 62};
    transport::Dealer forged = rig_.dial(rig_.mesh_address);
    EXPECT_TRUE(until([&] {
        static_cast<void>(forger.send(forged, beat(1)));
        static_cast<void>(forger.send(forged, MeshMessage(PeerHello{})));
        static_cast<void>(forger.send(forged, wire::LinkMessage(wire::LinkAnswer{{{}}})));
        return rejected(Reject::Unproven) >= 10;
    }));
    EXPECT_TRUE(told_.empty());
    ASSERT_TRUE(proves(dealer_, 2)) << "the real one is still served";
    for (const FromPeer& each : told_) EXPECT_EQ(each.boot, Boot{1});
}

TEST_F(ProvenPort, AProvenConnectionThatClaimsAnotherBootIsCut) {
    ASSERT_TRUE(proves(dealer_, 1));
    told_.clear();
    peer_.header().sender_boot = Boot{2};
    ASSERT_TRUE(until([&] {
        static_cast<void>(peer_.send(dealer_, beat(2)));
        return rejected(Reject::OtherSender) > 0;
    }));
    for (const FromPeer& each : told_) EXPECT_EQ(each.boot, Boot{1});
    // The next process of the peer proves its own connection.
    transport::Dealer next = rig_.dial(rig_.mesh_address);
    ASSERT_TRUE(proves(next, 3));
    EXPECT_EQ(told_.back().boot, Boot{2});
}

TEST_F(ProvenPort, AProvenConnectionThatClaimsAnotherNodeIsCut) {
    ASSERT_TRUE(proves(dealer_, 1));
    told_.clear();
    peer_.header().sender = rig_.absent_node;
    ASSERT_TRUE(until([&] {
        static_cast<void>(peer_.send(dealer_, beat(2)));
        return rejected(Reject::OtherSender) > 0;
    }));
    for (const FromPeer& each : told_) EXPECT_EQ(each.from, rig_.peer_node);
}

TEST_F(ProvenPort, EveryConnectionProvesItselfAgain) {
    ASSERT_TRUE(proves(dealer_, 1));
    told_.clear();
    transport::Dealer second = rig_.dial(rig_.mesh_address);
    const std::uint64_t before = rejected(Reject::Unproven);
    peer_.secret.reset();
    ASSERT_TRUE(until([&] {
        static_cast<void>(peer_.send(second, beat(2)));
        return rejected(Reject::Unproven) > before && peer_.secret;
    })) << "refused, and asked once more";
    for (const FromPeer& each : told_) EXPECT_NE(round_of(each), 2u);
    EXPECT_TRUE(proves(second, 3));
}

TEST_F(ProvenPort, TheLinkIsUpWhenThePeerHasItsAnswerAndNothingElseGoesBefore) {
    bool up = false;
    const auto look = [&](bool ask) {
        if (ask) static_cast<void>(peer_.challenge(dealer_));
        Effects effects;
        effects.list.push_back(SendPeer{rig_.peer_node, beat(1)});
        rig_.port->perform(effects);
        for (const Event& event : rig_.round())
            if (const auto* link = std::get_if<PeerLink>(&event))
                up |= link->state == LinkState::Up;
        peer_.listen();
    };
    ASSERT_TRUE(test::eventually({}, [&] {
        look(false);
        return peer_.challenges >= 3;  // repeated, since nobody answers
    }));
    EXPECT_FALSE(up);
    EXPECT_TRUE(peer_.messages.empty());
    ASSERT_TRUE(test::eventually({}, [&] {
        look(true);
        return !peer_.messages.empty();
    }));
    EXPECT_TRUE(up);
    EXPECT_EQ(peer_.answered, std::vector{FakePeer::own_secret()});
}

TEST_F(ProvenPort, AFloodOfForgedClaimsKeepsTheRealOneOutOfNothing) {
    std::vector<std::unique_ptr<transport::Dealer>> forged;
    for (int i = 0; i < 100; ++i)
        forged.push_back(std::make_unique<transport::Dealer>(rig_.dial(rig_.mesh_address)));
    std::uint64_t number = 0;
    const auto flood = [&] {
        for (const auto& each : forged) {
            const wire::LinkSecret forged_secret = secret_of(++number);
            static_cast<void>(
                peer_.send(*each, wire::LinkMessage(wire::LinkChallenge{forged_secret})));
            static_cast<void>(peer_.send(*each, wire::LinkMessage(wire::LinkAnswer{{{}}})));
        }
    };
    // The port answers the real challenge among all the forged ones...
    ASSERT_TRUE(until([&] {
        flood();
        static_cast<void>(peer_.challenge(dealer_));
        return std::ranges::find(peer_.answered, FakePeer::own_secret()) != peer_.answered.end();
    }));
    EXPECT_LE(peer_.answered.size(), wire::kLinkSecretsMax);
    // ... and the real answer proves the connection while the flood goes on.
    bool answered = false;
    EXPECT_TRUE(until([&] {
        flood();
        if (!answered) answered = peer_.answer(dealer_);
        return answered && peer_.send(dealer_, beat(1)) && !told_.empty();
    }));
}

}  // namespace
}  // namespace weft::node
