// Nodes that die, come back, are refused, or run on a bad disk.

#include "lab.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

namespace weft::node::test {
namespace {

using std::chrono::milliseconds;

TEST(Failover, AfterTheLeaderIsKilledPutsGoOnAndNothingIsLost) {
    Lab lab;
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    for (int i = 0; i < 20; ++i)
        ASSERT_EQ(lab.call("kv", "k" + std::to_string(i), "put", std::to_string(i)).outcome,
                  Outcome::Done);
    const std::size_t old = *lab.leader_of(lab.group_of("kv", "k0"));
    const Instant killed = lab.clock;
    lab.kill(old);
    EXPECT_EQ(lab.call("kv", "k0", "put", "new").outcome, Outcome::Done);
    EXPECT_LT(lab.clock - killed, milliseconds(800));
    EXPECT_EQ(lab.call("kv", "k0", "get").payload.view(), "new");
    for (int i = 1; i < 20; ++i)
        EXPECT_EQ(lab.call("kv", "k" + std::to_string(i), "get").payload.view(), std::to_string(i));
    lab.start(old);
    ASSERT_TRUE(lab.run_until_ready());
    lab.run_for(std::chrono::seconds(1));
    for (std::uint32_t group = 0; group <= 8; ++group) {
        const auto leader = lab.leader_of(PartitionId{group});
        ASSERT_TRUE(leader.has_value());
        EXPECT_EQ(lab[old].node().partition(PartitionId{group}).replica().commit(),
                  lab[*leader].node().partition(PartitionId{group}).replica().commit());
    }
}

TEST(Failover, EverythingIsThereAfterAllNodesWereKilledAtOnce) {
    Lab lab;
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    ASSERT_EQ(lab.call("kv", "a", "put", "x").outcome, Outcome::Done);
    ASSERT_EQ(lab.call("counter", "c", "add", "3").outcome, Outcome::Done);
    for (std::size_t i = 0; i < 3; ++i) lab.kill(i);
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    EXPECT_EQ(lab.call("kv", "a", "get").payload.view(), "x");
    EXPECT_EQ(lab.call("counter", "c", "add", "4").payload.view(), "7");
}

// Trap (a): B cannot hear the leader A though C can; the groups of A must not depend on what C
// says.
TEST(Failover, ALeaderThatOnlySomeFollowersHearKeepsAQuorumAndNoWriteIsLost) {
    Lab lab;
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    const PartitionId group = lab.group_of("kv", "a");
    const std::size_t leader = *lab.leader_of(group);
    lab.cut(leader, (leader + 1) % 3);
    lab.run_for(std::chrono::seconds(5));
    EXPECT_EQ(lab.call("kv", "a", "put", "x").outcome, Outcome::Done);
    lab.heal();
    lab.run_for(std::chrono::seconds(3));
    EXPECT_EQ(lab.call("kv", "a", "get").payload.view(), "x");
}

// S32.
TEST(Peers, FramesOfAFormerBootAreDroppedAndCounted) {
    Lab lab;
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    lab.kill(1);
    lab.run_for(milliseconds(10));
    lab.start(1);
    ASSERT_TRUE(lab.run_until_ready());
    const Term before = lab[0].node().partition(PartitionId{1}).replica().term();
    replication::VoteAsks asks;
    asks.items.push_back({PartitionId{1}, Term{99}, {Term{99}, LogIndex{99}}, false, true});
    lab[0].event(FromPeer{lab[1].id(), Boot{1}, Lsn{}, replication::PeerMessage{asks}});
    lab.run_for(milliseconds(10));
    EXPECT_EQ(lab[0].node().counters().former_boot_frames, 1u);
    EXPECT_EQ(lab[0].node().partition(PartitionId{1}).replica().term(), before);
}

// S18.
TEST(Peers, ANodeWhoseDiskWasRolledBackIsRefused) {
    Lab lab;
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    const storage::MemoryStore image = lab[1].store;
    for (int i = 0; i < 5; ++i)
        ASSERT_EQ(lab.call("kv", "k" + std::to_string(i), "put", "x").outcome, Outcome::Done);
    lab.run_for(milliseconds(250));
    lab.kill(1);
    lab[1].store = image;
    lab.start(1);
    lab.run_for(std::chrono::seconds(2));
    const auto health = lab.admin(0, "health");
    std::string text;
    for (const std::string& cell : health.cells) text += cell + " ";
    EXPECT_NE(text.find("its disk was rolled back"), std::string::npos) << text;
    EXPECT_EQ(lab.call("kv", "k0", "get").payload.view(), "x");
}

// S18: writes of groups that are its alone bring its log past what it once had, and no promise
// back.
TEST(Peers, ANodeWhoseDiskWasRolledBackStaysRefused) {
    LabOptions options;
    options.replicas = 1;
    Lab lab(options);
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    std::string key = "k";
    const auto table = routing::PlacementTable::first(lab.genesis);
    while (lab.number_of(table.replicas(lab.group_of("kv", key)).front()) != 1) key += 'k';
    const auto write = [&](int times) {
        for (int i = 0; i < times; ++i)
            ASSERT_EQ(lab.ask(1, lab.request("kv", key, "put", "x")).outcome, Outcome::Done);
        lab.run_for(std::chrono::seconds(2));
    };
    const storage::MemoryStore image = lab[1].store;
    write(5);
    const Lsn before = lab[1].store.stats().durable;
    lab.kill(1);
    lab[1].store = image;
    lab.start(1);
    lab.run_for(std::chrono::seconds(2));
    write(20);
    ASSERT_GT(lab[1].store.stats().durable, before);
    std::string text;
    for (const std::string& cell : lab.admin(0, "health").cells) text += cell + " ";
    EXPECT_NE(text.find("its disk was rolled back"), std::string::npos) << text;
}

TEST(Peers, ANodeWithAnotherGenesisOrAConflictingTypeIsRefused) {
    Lab lab;
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    PeerHello stranger;
    stranger.answer = true;
    lab[0].event(FromPeer{lab[1].id(), lab[1].boot, lab[1].store.stats().durable, stranger});
    auto health = [&] {
        std::string text;
        for (const std::string& cell : lab.admin(0, "health").cells) text += cell + " ";
        return text;
    };
    EXPECT_NE(health().find("another genesis"), std::string::npos) << health();
    PeerHello other_kind;
    other_kind.genesis = xxh3_128(lab.genesis_bytes);
    other_kind.types = {"kv:event-sourced"};
    lab[0].event(FromPeer{lab[1].id(), lab[1].boot, lab[1].store.stats().durable, other_kind});
    EXPECT_NE(health().find("another kind"), std::string::npos) << health();
    PeerHello good = other_kind;
    good.types = {"kv:value", "unknown:value"};
    lab[0].event(FromPeer{lab[1].id(), lab[1].boot, lab[1].store.stats().durable, good});
    EXPECT_EQ(health().find("kv:"), std::string::npos) << health();
}

// S32.
TEST(Peers, AStrangersFrameIsIgnored) {
    Lab lab;
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    NodeId stranger;
    stranger.bytes[7] = 9;
    replication::VoteAsks asks;
    asks.items.push_back({PartitionId{1}, Term{99}, {Term{99}, LogIndex{99}}, false, true});
    lab[0].event(FromPeer{stranger, Boot{1}, Lsn{}, replication::PeerMessage{asks}});
    lab.run_for(milliseconds(5));
    EXPECT_LT(lab[0].node().partition(PartitionId{1}).replica().term(), Term{99});
}

// Trap (c): a leader whose disk stalls must hand over, then fall silent.
TEST(Disk, ALeaderWhoseDiskStallsHandsOver) {
    Lab lab;
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    const std::size_t slow = *lab.leader_of(lab.group_of("kv", "a"));
    lab[slow].hold_disk(true);
    lab[slow].event(FromClient{ClientRef{5}, lab.request("kv", "a", "put", "x")});
    ASSERT_TRUE(
        lab.run_until([&] { return lab.leader_of(lab.group_of("kv", "a")) != std::optional(slow); },
                      std::chrono::seconds(3)));
    EXPECT_EQ(lab.call("kv", "a", "put", "y").outcome, Outcome::Done);
    lab[slow].hold_disk(false);
    lab.run_for(std::chrono::seconds(1));
    EXPECT_EQ(lab.call("kv", "a", "get").payload.view(), "y");
}

TEST(Disk, AFullDiskRefusesWritesAnswersReadsAndHandsOver) {
    Lab lab({.nodes = 1});
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    ASSERT_EQ(lab.call("kv", "a", "put", "x").outcome, Outcome::Done);
    lab[0].event(StorageFull{1});
    const Reply put = lab.ask(0, lab.request("kv", "a", "put", "y"));
    EXPECT_EQ(put.outcome, Outcome::NotDone);
    EXPECT_EQ(put.error.code, ErrorCode::StorageFailed);
    EXPECT_EQ(lab.ask(0, lab.request("kv", "a", "get")).payload.view(), "x");
    lab[0].event(Persisted{RoundSeq{1}, lab[0].store.stats()});
    EXPECT_EQ(lab.ask(0, lab.request("kv", "a", "put", "y")).outcome, Outcome::Done);
}

// Read-only before the disk is full, and until there is clearly more room.
TEST(Disk, ScarceRoomRefusesWritesAnswersReadsAndHandsOver) {
    Lab lab;
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    ASSERT_EQ(lab.call("kv", "a", "put", "x").outcome, Outcome::Done);
    const std::size_t old = *lab.leader_of(lab.group_of("kv", "a"));
    storage::StoreStats scarce = lab[old].store.stats();
    scarce.scarce = true;
    lab[old].event(Persisted{RoundSeq{1}, scarce});
    const Reply put = lab.ask(old, lab.request("kv", "a", "put", "y"));
    EXPECT_EQ(put.outcome, Outcome::NotDone);
    EXPECT_TRUE(lab.run_until([&] { return lab.leader_of(lab.group_of("kv", "a")) != old; }));
    EXPECT_EQ(lab.call("kv", "a", "put", "y").outcome, Outcome::Done);
}

// Nobody writes while all commands are refused, and only a write tells how much room there is.
TEST(Disk, RoomThatReturnsIsNoticedWithoutACommand) {
    for (const std::size_t nodes : {std::size_t{1}, std::size_t{3}}) {
        SCOPED_TRACE(nodes);
        Lab lab({.nodes = nodes});
        lab.start();
        ASSERT_TRUE(lab.run_until_ready());
        for (std::size_t node = 0; node < nodes; ++node) lab[node].scarce = true;
        for (int i = 0; i < 10; ++i) (void)lab.call("kv", "a", "put", "x");
        lab.run_for(std::chrono::seconds(5));
        const PartitionId group = lab.group_of("kv", "a");
        ASSERT_TRUE(lab.leader_of(group));
        EXPECT_EQ(lab.ask(*lab.leader_of(group), lab.request("kv", "a", "put", "y")).error.code,
                  ErrorCode::StorageFailed);
        for (std::size_t node = 0; node < nodes; ++node) lab[node].scarce = false;
        lab.run_for(std::chrono::seconds(5));
        ASSERT_TRUE(lab.leader_of(group));
        EXPECT_EQ(lab.ask(*lab.leader_of(group), lab.request("kv", "a", "put", "z")).outcome,
                  Outcome::Done);
    }
}

TEST(Disk, BeyondTheBoundOfWaitingBytesWritesAreRefusedAndReadsAreNot) {
    Lab lab({.nodes = 1, .adjust = [](NodeOptions& o) { o.persist_bytes_max = 1000; }});
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    ASSERT_EQ(lab.call("kv", "a", "put", "x").outcome, Outcome::Done);
    lab[0].hold_disk(true);
    lab[0].answers.clear();
    for (int i = 0; i < 20; ++i)
        lab[0].event(
            FromClient{ClientRef{5}, lab.request("kv", "b", "put", std::string(200, 'v'))});
    lab.run_for(milliseconds(2));
    ASSERT_FALSE(lab[0].answers.empty());
    for (const auto& answer : lab[0].answers)
        EXPECT_EQ(std::get<Reply>(answer).error.code, ErrorCode::Overloaded);
    const std::size_t refused = lab[0].answers.size();
    EXPECT_LT(refused, 20u);
    EXPECT_EQ(lab.ask(0, lab.request("kv", "a", "get")).payload.view(), "x");
    lab[0].hold_disk(false);
    lab.run_for(milliseconds(2));
    EXPECT_EQ(lab[0].answers.size(), 21u);
}

TEST(Sweep, BeginsWhenTheLogHasGrownAndMovesTheBaseOn) {
    Lab lab({.nodes = 1, .groups = 2, .adjust = [](NodeOptions& o) {
                 o.sweep_log_bytes = 4000;
                 o.sweep_rows = 4;
             }});
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    for (int i = 0; i < 60; ++i)
        ASSERT_EQ(lab.call("kv", "k" + std::to_string(i), "put", std::string(100, 'v')).outcome,
                  Outcome::Done);
    lab.run_for(milliseconds(100));
    EXPECT_GT(lab[0].node().partition(PartitionId{1}).replica().base().index, LogIndex{0});
    EXPECT_FALSE(lab[0].store.row_keys(storage::Table::Entity).empty());
    lab.kill(0);
    lab.start(0);
    ASSERT_TRUE(lab.run_until_ready());
    for (int i = 0; i < 60; ++i)
        EXPECT_EQ(lab.call("kv", "k" + std::to_string(i), "get").payload.size(), 100u);
}

TEST(Sweep, WritesNoFurtherSliceBeforeTheLastOneIsOnDisk) {
    Lab lab({.nodes = 1, .groups = 1, .adjust = [](NodeOptions& o) { o.sweep_rows = 4; }});
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    for (int i = 0; i < 40; ++i)
        ASSERT_EQ(lab.call("kv", "k" + std::to_string(i), "put", "v").outcome, Outcome::Done);
    lab[0].hold_disk(true);
    lab[0].trace.clear();
    lab[0].event(Drain{});
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(lab.ask(0, lab.request("kv", "k1", "get")).payload.view(), "v");
        lab.run_for(milliseconds(5));
    }
    EXPECT_EQ(std::count(lab[0].trace.begin(), lab[0].trace.end(), "persist"), 1);
    lab[0].hold_disk(false);
    lab.run_for(milliseconds(50));
    EXPECT_GE(std::count(lab[0].trace.begin(), lab[0].trace.end(), "persist"), 10);
    EXPECT_TRUE(lab[0].stopped.has_value());
}

TEST(Beats, ANodeThatLeadsNothingAnyMoreSendsNoHeartbeats) {
    Lab lab({.groups = 1});
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    ASSERT_EQ(lab.leader_of(PartitionId{1}), std::optional<std::size_t>(0));
    for (const auto* group : {"0", "1"}) lab.admin(0, "transfer", {group, "b"});
    lab.run_for(milliseconds(250));
    ASSERT_EQ(lab.leader_of(PartitionId{0}), std::optional<std::size_t>(1));
    ASSERT_EQ(lab.leader_of(PartitionId{1}), std::optional<std::size_t>(1));
    lab[0].trace.clear();
    lab.run_for(std::chrono::seconds(1));
    for (const std::string& line : lab[0].trace)
        EXPECT_TRUE(line.starts_with("heartbeat answer to 1")) << line;
    EXPECT_GE(lab[0].trace.size(), 9u);
}

TEST(DrainNode, HandsAllLeadershipsOverSweepsAndStops) {
    Lab lab;
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    for (int i = 0; i < 10; ++i)
        ASSERT_EQ(lab.call("kv", "k" + std::to_string(i), "put", "x").outcome, Outcome::Done);
    lab[0].event(Drain{});
    ASSERT_TRUE(lab.run_until([&] { return lab[0].stopped.has_value(); }, std::chrono::seconds(2)));
    EXPECT_EQ(lab[0].stopped->exit_code, 0);
    EXPECT_EQ(lab[0].stopped->reason, "drained");
    for (std::uint32_t group = 0; group <= 8; ++group) {
        ASSERT_TRUE(lab.leader_of(PartitionId{group}).has_value());
        EXPECT_NE(*lab.leader_of(PartitionId{group}), 0u) << "group " << group;
    }
    EXPECT_FALSE(lab[0].store.row_keys(storage::Table::Entity).empty());
    lab.kill(0);
    EXPECT_EQ(lab.call("kv", "k3", "get").payload.view(), "x");
}

TEST(DrainNode, WithNobodyToHandOverToItStopsAllTheSame) {
    Lab lab({.nodes = 1});
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    ASSERT_EQ(lab.call("kv", "a", "put", "x").outcome, Outcome::Done);
    lab[0].event(Drain{});
    EXPECT_TRUE(lab.run_until([&] { return lab[0].stopped.has_value(); }, milliseconds(100)));
    EXPECT_EQ(lab[0].stopped->reason, "drained");
}

TEST(DrainNode, StopsWithinItsBoundWhenTheDiskDoesNotAnswer) {
    Lab lab({.nodes = 1});
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    ASSERT_EQ(lab.call("kv", "a", "put", "x").outcome, Outcome::Done);
    lab[0].hold_disk(true);
    lab[0].event(Drain{});
    EXPECT_TRUE(lab.run_until([&] { return lab[0].stopped.has_value(); }, std::chrono::seconds(6)));
    EXPECT_EQ(lab[0].stopped->exit_code, 0);
}

TEST(LostDisk, OthersLeadAndNothingIsAcknowledgedFromIt) {
    Lab lab;
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    for (int i = 0; i < 10; ++i)
        ASSERT_EQ(lab.call("kv", "k" + std::to_string(i), "put", "x").outcome, Outcome::Done);
    lab[0].hold_disk(true);
    lab[0].event(DiskLost{});
    ASSERT_TRUE(lab.run_until([&] { return lab[0].stopped.has_value(); }, std::chrono::seconds(3)));
    EXPECT_EQ(lab[0].stopped->exit_code, kExitDiskLost);
    for (std::uint32_t group = 0; group <= 8; ++group)
        EXPECT_NE(lab.leader_of(PartitionId{group}), std::optional<std::size_t>(0)) << group;
    lab.kill(0);
    EXPECT_EQ(lab.call("kv", "k3", "get").payload.view(), "x");
}

TEST(LostDisk, WithNobodyToHandOverToItRefusesWritesAndEnds) {
    Lab lab({.nodes = 1});
    lab.start();
    ASSERT_TRUE(lab.run_until_ready());
    lab[0].hold_disk(true);
    const Request request = lab.request("kv", "a", "put", "x");
    lab[0].event(DiskLost{});
    EXPECT_EQ(lab.ask(0, request).outcome, Outcome::NotDone);
    EXPECT_TRUE(lab.run_until([&] { return lab[0].stopped.has_value(); }, milliseconds(100)));
    EXPECT_EQ(lab[0].stopped->exit_code, kExitDiskLost);
}

}  // namespace
}  // namespace weft::node::test
