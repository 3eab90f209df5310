// S8 at the port: what an answer to a read rests on, and what it may not rest on.

#include "sim/reads.h"

#include "entity/builtin/counter.h"
#include "entity/builtin/kv.h"
#include "sim/world.h"
#include "tests/sim/broken_rule.h"

#include <gtest/gtest.h>

#include <string>

namespace weft::sim {
namespace {

NodeId node(std::uint8_t number) {
    NodeId id;
    id.bytes[0] = static_cast<std::uint8_t>(number + 1);
    return id;
}

// Machine 0 leads a group of three.
class ReadsTest : public BrokenRule {
protected:
    static RequestId read(std::uint64_t seq) {
        RequestId id;
        id.group = kGroup;
        id.seq = seq;
        return id;
    }
    void comes(std::uint64_t seq) { reads_.came(0, read(seq), LogIndex{5}); }
    void asks(std::uint64_t round) {
        for (int peer = 0; peer < 2; ++peer) reads_.asks(0, ConfirmRound{round});
    }
    void grants(std::uint64_t round, std::uint8_t peer) {
        reads_.hears(0, {ConfirmRound{round}, kGroup, node(peer)});
    }
    // What the oracle says; empty: nothing.
    std::string answers(std::uint64_t seq, std::uint64_t commit = 5, std::uint8_t nodes = 3) {
        std::vector<NodeId> voters;
        for (std::uint8_t i = 0; i < nodes; ++i) voters.push_back(node(i));
        return said([&] {
            reads_.answers(0, read(seq),
                           {node(0), LogIndex{commit}, replication::Config::of(voters)});
        });
    }

    static constexpr PartitionId kGroup{1};
    Reads reads_{2};
};

TEST_F(ReadsTest, AnAnswerRestsOnARoundThatLeftAfterTheReadCame) {
    comes(1);
    EXPECT_EQ(answers(1), "S8") << "nobody was asked";
    asks(1);
    comes(2);
    EXPECT_EQ(answers(1), "S8") << "nobody has answered";
    grants(1, 1);
    EXPECT_EQ(answers(1), "");
    EXPECT_EQ(answers(2), "S8") << "the round had left before it came";
    asks(2);
    grants(2, 2);
    EXPECT_EQ(answers(2), "");
}

TEST_F(ReadsTest, AQuorumMustHaveGrantedOneRound) {
    comes(1);
    asks(1);
    grants(1, 1);
    asks(2);
    grants(2, 2);
    EXPECT_EQ(answers(1, 5, 5), "S8");
    grants(1, 1);
    EXPECT_EQ(answers(1, 5, 5), "S8") << "one node twice";
    grants(1, 3);
    EXPECT_EQ(answers(1, 5, 5), "");
}

TEST_F(ReadsTest, OnlyGrantsOfItsGroupAndOfRoundsOfThisLifeCount) {
    comes(1);
    asks(1);
    reads_.hears(0, {ConfirmRound{1}, PartitionId{2}, node(1)});
    grants(7, 1);
    EXPECT_EQ(answers(1), "S8");
    grants(1, 1);
    EXPECT_EQ(answers(1), "");
}

TEST_F(ReadsTest, ACommitOfWhatCameBehindItConfirmsIt) {
    comes(1);
    EXPECT_EQ(answers(1, 5), "S8");
    EXPECT_EQ(answers(1, 6), "");
}

TEST_F(ReadsTest, TheOnlyVoterAsksNobody) {
    comes(1);
    EXPECT_EQ(answers(1, 5, 1), "");
}

TEST_F(ReadsTest, WhatIsAskedAgainIsJudgedByTheFirstTime) {
    comes(1);
    asks(1);
    grants(1, 1);
    comes(1);
    EXPECT_EQ(answers(1), "");
    EXPECT_EQ(answers(1), "") << "its second answer";
    comes(1);
    EXPECT_EQ(answers(1), "S8");
}

TEST_F(ReadsTest, WhatIsSaidOfItsEndIsNotItsAnswer) {
    comes(1);
    asks(1);
    grants(1, 1);
    reads_.resolves(0, read(1));
    reads_.refuses(0, read(1));
    comes(1);
    EXPECT_EQ(answers(1), "") << "the first time counts: it still waits";

    reads_.resolves(0, read(2));
    asks(2);
    grants(2, 1);
    comes(2);
    EXPECT_EQ(answers(2), "S8") << "that its end was asked before is not its coming";
    reads_.resolves(0, read(3));
    EXPECT_EQ(answers(3), "") << "nobody read";
}

TEST_F(ReadsTest, OnlyReadsThatClaimSomethingAreJudged) {
    EXPECT_EQ(answers(1), "");
    comes(1);
    reads_.refuses(0, read(1));
    EXPECT_EQ(answers(1), "");
    comes(2);
    reads_.restarted(0);
    EXPECT_EQ(answers(2), "");
    EXPECT_EQ(reads_.judged(), 0U);
}

TEST(ReadsInAWorld, AreJudged) {
    entity::TypeTable types;
    types.add(entity::make_kv());
    types.add(entity::make_counter());
    World world(Schedule{}, WorldOptions{.types = &types});
    world.begin();
    world.run_for(std::chrono::seconds(4));
    EXPECT_GT(world.oracle().reads().judged(), 50U);
}

}  // namespace
}  // namespace weft::sim
