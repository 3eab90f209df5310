// A group goes on while a quorum is well, whatever is wrong with the node that should lead it.

#include "core/error.h"
#include "tests/node/lab.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>

namespace weft::node::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Standing : public ::testing::Test {
protected:
    void begin(LabOptions options = {}) {
        lab = std::make_unique<Lab>(std::move(options));
        lab->start();
        ASSERT_TRUE(lab->run_until_ready());
        const auto table = routing::PlacementTable::first(lab->genesis);
        for (int i = 0; key.empty(); ++i) {
            const std::string tried = "k" + std::to_string(i);
            if (lab->number_of(table.replicas(lab->group_of("kv", tried))[0]) == kHome) key = tried;
        }
        group = lab->group_of("kv", key);
        ASSERT_EQ(lab->call("kv", key, "put", "x").outcome, Outcome::Done);
        ASSERT_EQ(lab->leader_of(group), kHome);
    }
    // How many of `tries` puts, one every 50 ms, are done by whoever leads.
    int served(int tries) {
        int done = 0;
        for (int i = 0; i < tries; ++i) {
            lab->run_for(milliseconds(50));
            const auto leader = lab->leader_of(group);
            if (!leader) continue;
            const auto reply = lab->ask(*leader, lab->request("kv", key, "put", std::to_string(i)));
            if (reply.outcome == Outcome::Done) ++done;
        }
        return done;
    }
    // Home leads with one of the others; the third stays away.
    void begin_again_with_a_clock_ahead() {
        begin();
        for (std::size_t node = 0; node < 3; ++node) lab->kill(node);
        (*lab)[kHome].wall_ahead_ms = 60'000;
        for (const std::size_t node : {kHome, std::size_t{0}}) lab->start(node);
        ASSERT_TRUE(lab->run_until([&] { return lab->leader_of(group) == kHome; }, seconds(5)));
    }
    // The leader and the only other one lose sight of each other, and meet again behind `meanwhile`
    // and a put that nobody can confirm.
    void apart(const std::function<void()>& meanwhile) {
        lab->cut(kHome, 0);
        lab->cut(0, kHome);
        (*lab)[kHome].event(PeerLink{(*lab)[0].id(), LinkState::Down});
        meanwhile();
        lab->ask(kHome, lab->request("kv", key, "put", "while nobody is there"));
        (*lab)[kHome].event(PeerLink{(*lab)[0].id(), LinkState::Up});
        lab->heal();
        EXPECT_GE(served(40), 20);
    }
    void expect_no_entry_refused() {
        for (const std::size_t node : {kHome, std::size_t{0}})
            EXPECT_EQ((*lab)[node].node().partition(group).replica().counters().entries_refused,
                      0U);
    }
    std::string health(std::size_t node) {
        std::string text;
        for (const auto& cell : lab->admin(node, "health").cells) text += cell + "\n";
        return text;
    }

    static constexpr std::size_t kHome = 1;
    std::unique_ptr<Lab> lab;
    std::string key;
    PartitionId group;
};

TEST_F(Standing, AHomeWithADamagedVoteIsNotAskedToLead) {
    begin();
    lab->kill(kHome);
    ASSERT_TRUE((*lab)[kHome].store.corrupt_hard(group));
    lab->run_for(seconds(2));
    lab->start(kHome);
    lab->run_for(seconds(15));
    ASSERT_TRUE(lab->leader_of(group));
    ASSERT_NE(lab->leader_of(group), kHome);
    EXPECT_EQ(served(200), 200);
    const auto hurt = (*lab)[kHome].node().partition(group).status();
    EXPECT_EQ(hurt.applied, hurt.commit);
    EXPECT_NE(health(kHome).find("damaged vote"), std::string::npos) << health(kHome);
}

TEST_F(Standing, ADrainPassesByAReplicaThatCannotStand) {
    begin();
    const std::size_t hurt = 2;
    lab->kill(hurt);
    ASSERT_TRUE((*lab)[hurt].store.corrupt_hard(group));
    lab->start(hurt);
    lab->run_for(seconds(3));
    ASSERT_EQ(lab->leader_of(group), kHome);
    (*lab)[kHome].event(Drain{});
    lab->run_for(milliseconds(300));  // an attempt in vain would take longer
    EXPECT_EQ(lab->leader_of(group), 0U);
}

TEST_F(Standing, ALeaderWhoseClockIsAheadGivesItsGroupsAway) {
    begin();
    (*lab)[kHome].wall_ahead_ms = 60'000;
    lab->run_for(seconds(2));
    ASSERT_TRUE(lab->leader_of(group));
    EXPECT_NE(lab->leader_of(group), kHome);
    EXPECT_EQ(served(400), 400);  // long enough to be sent home
    EXPECT_NE(lab->leader_of(group), kHome);
    EXPECT_NE(health(kHome).find("clock"), std::string::npos) << health(kHome);
    EXPECT_NE(health(0).find("clock"), std::string::npos) << health(0);

    (*lab)[kHome].wall_ahead_ms = 0;
    EXPECT_GE(served(400), 390);
    EXPECT_EQ(lab->leader_of(group), kHome);
    EXPECT_EQ(health(kHome).find("clock of"), std::string::npos) << health(kHome);
}

// With the third node gone, the group goes on with the two.
TEST_F(Standing, ANodeThatComesUpWithItsClockAheadStampsAsTheOthersTake) {
    begin_again_with_a_clock_ahead();
    EXPECT_EQ(served(20), 20);
    expect_no_entry_refused();
}

// Before any heartbeat tells it, and with the only one of the others that is left.
TEST_F(Standing, AClockThatIsSetIsNoticedBeforeAnythingIsStampedWithIt) {
    begin();
    lab->kill(2);
    lab->run_for(milliseconds(5));
    (*lab)[kHome].wall_ahead_ms = 60'000;
    lab->ask(kHome, lab->request("kv", key, "put", "after"));
    lab->run_for(seconds(2));
    expect_no_entry_refused();
    EXPECT_EQ(served(20), 20);
}

// A leader's stamps stay where the only one who is left to count takes them, when the other goes as
// well as when the one itself is away for a moment.
TEST_F(Standing, StampsStayWhereThoseWhoAreLeftTakeThem) {
    begin();
    (*lab)[0].wall_ahead_ms = -60'000;
    lab->run_for(seconds(1));
    lab->kill(2);
    EXPECT_EQ(served(5), 5);
    apart([] {});
    expect_no_entry_refused();
}

TEST_F(Standing, AClockThatIsSetWhileNobodyIsThereMovesNoStamp) {
    begin();
    lab->kill(2);
    apart([&] {
        lab->run_for(milliseconds(5));
        (*lab)[kHome].wall_ahead_ms = 60'000;
    });
    expect_no_entry_refused();
}

TEST_F(Standing, ASessionBegunWithWhatALeaderWhoseClockIsAheadTellsIsTaken) {
    begin_again_with_a_clock_ahead();
    (*lab)[kHome].event(FromClient{ClientRef{5}, routing::ClientHello{}});
    lab->run_for(milliseconds(1));
    const auto* hello = std::get_if<routing::HelloReply>(&(*lab)[kHome].answers.back());
    ASSERT_NE(hello, nullptr);
    Request request = lab->request("kv", key, "put", "x");
    request.id.client.bytes[3] = 9;
    request.id.start_ms = hello->log_time_ms;
    const Reply reply = lab->ask(kHome, std::move(request));
    EXPECT_EQ(reply.outcome, Outcome::Done);
}

TEST_F(Standing, AHandOverForTheClockIsTriedAgain) {
    begin();
    bool lost = false;
    lab->loses = [&](const MeshMessage& message) {
        const auto* peer = std::get_if<replication::PeerMessage>(&message);
        const auto* order = peer ? std::get_if<replication::TimeoutNow>(peer) : nullptr;
        return order != nullptr && order->group == group && !std::exchange(lost, true);
    };
    (*lab)[kHome].wall_ahead_ms = 60'000;
    lab->run_for(seconds(4));
    EXPECT_TRUE(lost);
    ASSERT_TRUE(lab->leader_of(group));
    EXPECT_NE(lab->leader_of(group), kHome);
}

TEST_F(Standing, AClockAheadOfOneOtherIsNoReasonToGoWhileAQuorumTakesItsStamps) {
    begin();
    (*lab)[0].wall_ahead_ms = -60'000;
    EXPECT_EQ(served(200), 200);
    EXPECT_EQ(lab->leader_of(group), kHome);
    EXPECT_NE(health(kHome).find("60.0 s behind"), std::string::npos) << health(kHome);
}

TEST_F(Standing, EveryNodeAheadOfTheOtherTwoInTurnStopsNothingForLong) {
    begin();
    for (const std::size_t node : {1U, 0U, 2U, 1U}) {
        (*lab)[node].wall_ahead_ms = 3'600'000;
        lab->run_for(seconds(3));
        EXPECT_EQ(served(20), 20) << node;
        (*lab)[node].wall_ahead_ms = 0;
        lab->run_for(seconds(2));
    }
}

// Clocks are told by heartbeats: without a leader nobody hears that they are right again.
TEST_F(Standing, AnOldClockDoesNotKeepTheOnlyOneWhoCanLeadFromIt) {
    begin();
    // One of the others never votes, and the third lacks an entry: only the leader can lead again.
    lab->kill(0);
    ASSERT_TRUE((*lab)[0].store.corrupt_hard(group));
    lab->start(0);
    lab->run_for(seconds(2));
    ASSERT_EQ(lab->leader_of(group), kHome);
    lab->loses = [](const MeshMessage& message) {
        const auto* peers = std::get_if<replication::PeerMessage>(&message);
        return peers != nullptr && std::holds_alternative<replication::AppendBatch>(*peers);
    };
    (*lab)[kHome].event(FromClient{ClientRef{5}, lab->request("kv", key, "put", "lonely")});
    for (const std::size_t other : {0U, 2U}) (*lab)[other].wall_ahead_ms = -60'000;
    lab->run_for(milliseconds(300));
    const replication::Replica& leader = (*lab)[kHome].node().partition(group).replica();
    ASSERT_FALSE(leader.can_stand());
    lab->loses = [](const MeshMessage&) { return true; };
    for (const std::size_t other : {0U, 2U}) (*lab)[other].wall_ahead_ms = 0;
    lab->run_for(seconds(3));
    ASSERT_EQ(lab->leader_of(group), std::nullopt);
    lab->loses = [](const MeshMessage& message) {  // nor from leaders of other groups
        const auto* peers = std::get_if<replication::PeerMessage>(&message);
        return peers != nullptr && std::holds_alternative<replication::Heartbeat>(*peers);
    };
    EXPECT_TRUE(lab->run_until([&] { return lab->leader_of(group) == kHome; }, seconds(5)));
}

TEST_F(Standing, AFullDiskCostsNoClientAWrite) {
    begin();
    (*lab)[kHome].scarce = true;
    std::size_t refused = 0;
    for (int i = 0; i < 400; ++i) {
        lab->run_for(milliseconds(50));
        const Reply reply = lab->ask(kHome, lab->request("kv", key, "put", std::to_string(i)));
        if (reply.outcome == Outcome::Done) continue;
        ++refused;
        EXPECT_EQ(reply.error.code, ErrorCode::NotLeader) << i << ": " << reply.error.message;
    }
    EXPECT_GE(refused, 395U) << "it is not sent home while the disk is full";
    EXPECT_EQ(lab->call("kv", key, "put", "last").outcome, Outcome::Done);
    (*lab)[kHome].scarce = false;
    lab->call("kv", key, "put", "what tells it that there is room");
    lab->run_for(seconds(20));
    EXPECT_EQ(lab->leader_of(group), kHome);
}

TEST_F(Standing, WhenEveryDiskIsFullTheLeaderStaysForReads) {
    begin();
    for (std::size_t node = 0; node < 3; ++node) (*lab)[node].scarce = true;
    for (int i = 0; i < 10; ++i) lab->call("kv", key, "put", "y");
    lab->run_for(seconds(5));
    const auto leader = lab->leader_of(group);
    ASSERT_TRUE(leader);
    for (int i = 0; i < 50; ++i) {
        lab->run_for(milliseconds(100));
        const Reply put = lab->ask(*leader, lab->request("kv", key, "put", "z"));
        EXPECT_EQ(put.error.code, ErrorCode::StorageFailed) << put.error.message;
        EXPECT_EQ(lab->ask(*leader, lab->request("kv", key, "get")).outcome, Outcome::Done);
    }
}

}  // namespace
}  // namespace weft::node::test
