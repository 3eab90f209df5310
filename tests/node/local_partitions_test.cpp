// The groups of a node: who wants to be woken, who was stepped, who would not lead.
#include "node/local_partitions.h"

#include "entity/type.h"
#include "node/peers.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace weft::node {
namespace {

class LocalPartitionsTest : public testing::Test {
protected:
    LocalPartition& host(std::uint32_t number, const std::vector<NodeId>& members = {
                                                   NodeId{{1}}, NodeId{{2}}, NodeId{{3}}}) {
        replication::PartitionOptions options;
        options.replica.group = PartitionId{number};
        options.replica.self = NodeId{{1}};
        options.replica.config = replication::Config::of(members);
        storage::RecoveredGroup recovered;
        recovered.group = PartitionId{number};
        recovered.hard.term = Term{term_on_disk};
        return groups.host(
            {PartitionId{number}, replication::Partition(std::move(options), std::move(recovered),
                                                         types, Random(number), weft::Log())});
    }
    void step(LocalPartition& local, replication::PartitionEvent event = replication::Tick{}) {
        groups.touch(local);
        local.partition.step(now, std::move(event), effects);
        effects.clear();
        groups.note(local);
    }
    std::vector<PartitionId> touched() {
        std::vector<PartitionId> found;
        groups.take_touched(found);
        return found;
    }
    std::string checked() const {
        return weft::test::said_by([&] { groups.check(peers); });
    }
    Peer& meet(std::uint8_t number) {
        routing::NodeRecord record;
        record.node = NodeId{{number}};
        peers.meet(record);
        return *peers.find(record.node);
    }

    static constexpr PartitionId kTwo{2}, kFive{5};
    std::uint64_t term_on_disk = 0;
    Now now{Instant{1'000'000'000}, WallTime{5}};
    entity::TypeTable types;
    replication::Effects effects;
    LocalPartitions groups;
    Peers peers{1, ContactRound{}};
};

TEST_F(LocalPartitionsTest, AreFoundByTheirIdAndRise) {
    host(5);
    host(2);
    EXPECT_EQ(groups.size(), 2u);
    EXPECT_EQ(groups.find(kFive)->id, kFive);
    EXPECT_EQ(groups.find(PartitionId{3}), nullptr);
    EXPECT_EQ(groups.find(PartitionId{900}), nullptr);
    EXPECT_EQ(groups.from(PartitionId{3})->id, kFive);
    EXPECT_EQ(groups.from(PartitionId{6}), nullptr);
    std::vector<PartitionId> rising;
    for (const LocalPartition& local : groups.all()) rising.push_back(local.id);
    EXPECT_EQ(rising, (std::vector{kTwo, kFive}));
    EXPECT_DEATH(host(5), "group 5 is hosted twice");
}

TEST_F(LocalPartitionsTest, BeginWithTheTermThatTheyHadAndHandNothingOver) {
    term_on_disk = 9;
    EXPECT_EQ(host(2).term, Term{9});
    EXPECT_FALSE(host(5).has_successor());
    LocalPartition& alone = host(3, {NodeId{{1}}});
    alone.role = replication::Role::Leader;
    EXPECT_FALSE(alone.has_successor()) << "nobody else is there";
}

TEST_F(LocalPartitionsTest, AreHandedOverOnlyToWhomMessagesPass) {
    Peer& other = meet(2);
    LocalPartition& led = host(2);
    led.members = {&other};
    led.role = replication::Role::Leader;
    EXPECT_FALSE(led.has_successor()) << "it has not answered our hello";
    other.handshake.recall({Boot{4}, 7, Lsn{100}});
    HelloTokens tokens(1);
    other.handshake.on_up(tokens);
    PeerHello answer;
    answer.nonce = 7;
    answer.token = other.handshake.ask(now.mono);
    answer.answer = true;
    const Handshake::Moment at{now.mono, RoundSeq{1}, RoundSeq{2}};
    other.handshake.on_hello({Boot{4}, Lsn{100}}, answer, {}, at, tokens);
    EXPECT_TRUE(led.has_successor());
    led.role = replication::Role::Follower;
    EXPECT_FALSE(led.has_successor()) << "there is nothing to hand over";
}

TEST_F(LocalPartitionsTest, AreDueWhenTheirPartitionIs) {
    LocalPartition& two = host(2);
    LocalPartition& five = host(5);
    step(two);
    step(five);
    const Instant first = std::min(two.partition.next_deadline(), five.partition.next_deadline());
    EXPECT_EQ(groups.deadline(), first);
    EXPECT_TRUE(groups.take_due(first - Duration{1}).empty());
    now.mono = std::max(two.partition.next_deadline(), five.partition.next_deadline());
    const bool in_order = first == two.partition.next_deadline();
    EXPECT_EQ(groups.take_due(now.mono),
              in_order ? (std::vector{kTwo, kFive}) : (std::vector{kFive, kTwo}));
    EXPECT_TRUE(groups.take_due(now.mono).empty()) << "each of them is to be stepped";
}

// Heard of its leader a group wants to be woken later: nobody is woken for the earlier moment.
TEST_F(LocalPartitionsTest, AreNotDueWhenTheirDeadlineHasMoved) {
    LocalPartition& two = host(2);
    step(two);
    const Instant before = two.partition.next_deadline();
    now.mono = before - Duration{1};
    step(two, replication::Beat{NodeId{2}, Term{1}, LogIndex{}});
    ASSERT_GT(two.partition.next_deadline(), before);
    EXPECT_EQ(groups.deadline(), before) << "of that nobody was told";
    EXPECT_TRUE(groups.take_due(before).empty());
    EXPECT_EQ(groups.deadline(), two.partition.next_deadline());
}

TEST_F(LocalPartitionsTest, ThatWereSteppedAreNamedOnce) {
    LocalPartition& two = host(2);
    LocalPartition& five = host(5);
    step(five);
    step(two);
    step(five);
    EXPECT_EQ(touched(), (std::vector{kFive, kTwo}));
    EXPECT_TRUE(touched().empty());
    step(two);
    EXPECT_EQ(touched(), std::vector{kTwo});
}

TEST_F(LocalPartitionsTest, ThatWouldNotLeadAreNamed) {
    LocalPartition& two = host(2);
    step(two);
    step(host(5));
    const std::vector both{kTwo, kFive};
    EXPECT_EQ(groups.cannot_stand_in(both), std::vector<PartitionId>{});
    step(two, replication::OwnClock{.ahead = true, .stamps_back_ms = 0});
    EXPECT_EQ(groups.cannot_stand_in(both), std::vector{kTwo});
    EXPECT_EQ(groups.cannot_stand_in({kFive}), std::vector<PartitionId>{});
    step(two);
    EXPECT_EQ(groups.cannot_stand_in(both), std::vector{kTwo});
    step(two, replication::OwnClock{});
    EXPECT_EQ(groups.cannot_stand_in(both), std::vector<PartitionId>{});
}

TEST_F(LocalPartitionsTest, TellWhoseLeadershipBeganOrEnded) {
    using Role = replication::Role;
    struct Case {
        Role role;
        std::uint64_t term;
        LocalPartition::RoleNews news;
    };
    const Case cases[] = {
        {Role::Follower, 1, {.begun = false, .ended = false, .former = Term{0}}},
        {Role::Leader, 2, {.begun = true, .ended = false, .former = Term{1}}},
        {Role::Leader, 2, {.begun = false, .ended = false, .former = Term{2}}},
        {Role::Leader, 4, {.begun = true, .ended = true, .former = Term{2}}},
        {Role::Candidate, 5, {.begun = false, .ended = true, .former = Term{4}}},
        {Role::Follower, 5, {.begun = false, .ended = false, .former = Term{5}}},
    };
    LocalPartition& two = host(2);
    for (const Case& c : cases) {
        EXPECT_EQ(two.on_role(c.role, Term{c.term}), c.news) << c.term;
        EXPECT_EQ(two.role, c.role);
        EXPECT_EQ(two.term, Term{c.term});
    }
}

TEST_F(LocalPartitionsTest, FindsEachFaultThatIsPlanted) {
    LocalPartition& two = host(2);
    EXPECT_EQ(checked(), "group 2 will be woken too late");
    step(two);
    EXPECT_EQ(checked(), "");
    two.can_stand = false;
    EXPECT_EQ(checked(), "whether group 2 would campaign is told wrong");
    two.partition.step(now, replication::OwnClock{.ahead = true, .stamps_back_ms = 0}, effects);
    EXPECT_EQ(checked(), "1 groups would not campaign, 0 are counted");
    two.can_stand = true;
    groups.note(two);
    EXPECT_EQ(checked(), "");
    two.touched = false;
    EXPECT_EQ(checked(), "0 groups were stepped, 1 are listed");
}

TEST_F(LocalPartitionsTest, FindsMembersAndSharedGroupsThatDiffer) {
    LocalPartition& two = host(2);
    step(two);
    step(host(5));
    Peer& other = meet(2);
    two.members = {&other};
    EXPECT_EQ(checked(),
              "node " + other.record.node.hex() + " is a member of group 2 and does not share it");
    other.shared = {kTwo};
    EXPECT_EQ(checked(), "");
    for (const PartitionId wrong : {kFive, PartitionId{7}}) {
        other.shared = {kTwo, wrong};
        EXPECT_EQ(checked(), "group " + std::to_string(wrong.value) + " is shared with node " +
                                 other.record.node.hex() + ", which is no member");
    }
    other.shared = {kTwo, kTwo};
    EXPECT_EQ(checked(), "the groups shared with node " + other.record.node.hex() + " do not rise");
}

// A group of one member commits what it has on disk.
TEST_F(LocalPartitionsTest, WhatIsCommittedCountsOnceAndForTheLeader) {
    for (const bool leads : {true, false}) {
        SCOPED_TRACE(leads);
        LocalPartition& local = host(leads ? 2 : 5, {NodeId{{1}}});
        EXPECT_EQ(local.take_committed(), 0u);
        for (int round = 0; round < 8; ++round) {
            now.mono = local.partition.next_deadline();
            if (now.mono == Instant::never()) break;
            local.partition.step(now, replication::Tick{}, effects);
            for (bool more = true; more;) {
                std::optional<replication::Persist> asked;
                for (const replication::Effect& effect : effects.list)
                    if (const auto* one = std::get_if<replication::Persist>(&effect)) asked = *one;
                effects.clear();
                more = asked.has_value();
                if (more) local.partition.step(now, replication::Persisted{asked->seq}, effects);
            }
            if (local.partition.replica().commit() > LogIndex{}) break;
        }
        const LogIndex commit = local.partition.replica().commit();
        ASSERT_GT(commit, LogIndex{});
        if (leads) local.on_role(replication::Role::Leader, local.partition.replica().term());
        EXPECT_EQ(local.take_committed(), leads ? commit.value : 0u);
        EXPECT_EQ(local.take_committed(), 0u) << "once";
        EXPECT_EQ(local.commit, commit);
    }
}

}  // namespace
}  // namespace weft::node
