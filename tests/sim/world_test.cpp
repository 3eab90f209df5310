// The pieces of the world: network, disk, and the checks that watch a whole run.

#include "sim/world.h"

#include "core/invariant.h"
#include "entity/builtin/counter.h"
#include "entity/builtin/kv.h"
#include "sim/real_image.h"
#include "sim/run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

namespace weft::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Instant at_ms(std::int64_t ms) { return Instant{} + milliseconds(ms); }

class Sink final : public NetworkWorld {
public:
    void arrived(const Transit& transit) override { frames.emplace_back(transit.frame.view()); }
    void ghost_arrived(Endpoint, Endpoint, const Bytes& frame) override {
        ghosts.emplace_back(frame.view());
    }
    std::vector<std::string> frames, ghosts;
};

class NetworkTest : public testing::Test {
protected:
    void send(const std::string& text, Endpoint from = 0, Endpoint to = 1) {
        network.send({from, to, 0, Bytes::copy_of(text)}, Network::Copies::Two);
    }
    void run() {
        while (queue.run_one(queue.now() + seconds(100))) {
        }
    }
    EventQueue queue;
    Sink sink;
    Network network{queue, sink, 3, Random(5)};
};

TEST_F(NetworkTest, KeepsTheOrderOfALinkUnlessToldOtherwise) {
    std::vector<std::string> sent;
    for (int i = 0; i < 100; ++i) send(sent.emplace_back(std::to_string(i)));
    run();
    EXPECT_EQ(sink.frames, sent);
    sink.frames.clear();
    network.add_reorder(0, 1, 1);
    for (const std::string& text : sent) send(text);
    run();
    EXPECT_EQ(sink.frames.size(), sent.size());
    EXPECT_NE(sink.frames, sent);
}

TEST_F(NetworkTest, WhatAClogHeldBackComesWithTheHealingAndInOrder) {
    network.clog(0, 1, queue.now() + seconds(6));
    std::vector<std::string> sent;
    for (int i = 0; i < 20; ++i) send(sent.emplace_back(std::to_string(i)));
    network.heal();
    for (int i = 20; i < 40; ++i) send(sent.emplace_back(std::to_string(i)));
    while (queue.run_one(at_ms(10))) {
    }
    EXPECT_EQ(sink.frames, sent);
}

TEST_F(NetworkTest, CutsCountAndSwallowWhatIsUnderWay) {
    send("before");
    network.cut(0, 1, 1);
    network.cut(0, 1, 1);
    send("during");
    run();
    network.cut(0, 1, -1);
    send("one is left");
    run();
    network.cut(0, 1, -1);
    send("after");
    run();
    EXPECT_EQ(sink.frames, std::vector<std::string>{"after"});
    EXPECT_EQ(network.counters().cut, 3U);
}

TEST_F(NetworkTest, LosesAndDoublesAsToldOnThatLinkAlone) {
    network.add_loss(0, 1, 1000);
    send("lost");
    send("other way", 1, 0);
    run();
    EXPECT_EQ(sink.frames, std::vector<std::string>{"other way"});
    network.add_loss(0, 1, -1000);
    network.add_duplicates(0, 1, 1000);
    send("twice");
    run();
    EXPECT_EQ(sink.frames.size(), 3U);
}

TEST_F(NetworkTest, BringsFramesOfThePastOnceMore) {
    network.keep();
    for (int i = 0; i < 20; ++i) send(std::to_string(i));
    run();
    network.ghosts(0, 1, network.kept(0, 1), queue.now() + seconds(5));
    run();
    const std::vector<std::string> last = {"12", "13", "14", "15", "16", "17", "18", "19"};
    EXPECT_EQ(sink.ghosts, last);
}

struct DiskSink : DiskUser {
    void disk_event(node::Event) override { ++events; }
    void sync_failed() override {}
    void disk_applied(const storage::WriteBatch&) override {}
    void disk_trace(TraceHash::Kind, std::uint64_t) override {}
    int events = 0;
};

TEST(SimulatedDisk, WhatAFaultDelayedDoesNotOutliveIt) {
    for (const bool stalled : {false, true}) {
        EventQueue queue;
        DiskSink sink;
        Disk disk(queue, sink, Random(5));
        stalled ? disk.stall(at_ms(60'000)) : disk.add_slowness(1'000'000);
        disk.write(RoundSeq{1}, {});
        disk.read(DiskFetchId{2}, storage::LogRange{PartitionId{1}, LogIndex{1}, LogIndex{2}, 100});
        while (queue.run_one(at_ms(1000))) {
        }
        EXPECT_EQ(sink.events, 0);
        stalled ? disk.heal() : disk.add_slowness(-1'000'000);
        while (queue.run_one(at_ms(1010))) {
        }
        EXPECT_EQ(sink.events, 2);
        while (queue.run_one(at_ms(3'600'000))) {
        }
        EXPECT_EQ(sink.events, 2) << "once";
    }
}

// ---- the world ----------------------------------------------------------------------------------

struct WorldBroken {
    std::string message;
};

class WorldTest : public testing::Test {
protected:
    WorldTest() {
        types.add(entity::make_kv());
        types.add(entity::make_counter());
        schedule.config.partitions = 2;
        schedule.config.sweep_log_bytes = 1;  // at rest all bases are at the end of the log
        before = set_invariant_handler(
            [](const BrokenInvariant& broken) { throw WorldBroken{broken.message}; });
    }
    ~WorldTest() override { set_invariant_handler(before); }
    Schedule schedule;
    entity::TypeTable types;
    InvariantHandler before;
};

// I12, planted: the disk of one machine forgets its sessions without a trace, so that after a
// restart it holds another state at the same applied index.
TEST_F(WorldTest, AReplicaOfAnotherStateIsFound) {
    World world(schedule, {.types = &types});
    world.begin();
    world.run_for(seconds(4));
    for (std::size_t i = 0; i < world.clients(); ++i) world.client(i).finish();
    world.run_for(seconds(2));
    world.compare_states(true);
    EXPECT_GT(world.oracle().states_compared(), 0U);
    storage::MemoryStore& image =
        dynamic_cast<MemoryImage&>(world.machine(0).disk().image()).reference();
    const auto keys = image.row_keys(storage::Table::Session);
    ASSERT_FALSE(keys.empty());
    for (const std::string& key : keys) image.vanish_row(storage::Table::Session, key);
    const auto find_it = [&] {
        world.apply({{}, FaultKind::Crash, 0, 0, milliseconds(100), 0, 1});
        world.run_for(seconds(3));
        world.compare_states(true);
    };
    EXPECT_THROW(
        try { find_it(); } catch (const WorldBroken& broken) {
            EXPECT_TRUE(broken.message.starts_with("I12")) << broken.message;
            throw;
        },
        WorldBroken);
}

// A crash after which the production recovery refuses what it finds is a failed run.
TEST_F(WorldTest, AStoreThatDoesNotOpenEndsTheRun) {
    schedule.config.real_store = 1;
    World world(schedule, {.types = &types});
    world.begin();
    world.run_for(seconds(4));
    for (std::size_t i = 0; i < world.clients(); ++i) world.client(i).finish();
    world.run_for(seconds(2));
    ASSERT_EQ(world.machine(0).disk().unsynced(), 0U);
    const auto& image = dynamic_cast<RealImage&>(world.machine(0).disk().image());
    std::fstream file(image.data_file(), std::ios::binary | std::ios::in | std::ios::out);
    file << std::string(std::size_t{2} << 12, 'x');
    file.close();
    EXPECT_THROW(
        try {
            world.apply({{}, FaultKind::Crash, 0, 0, milliseconds(100), 0, 1});
        } catch (const WorldBroken& broken) {
            EXPECT_TRUE(broken.message.starts_with("the store does not open")) << broken.message;
            throw;
        },
        WorldBroken);
}

// Reference C.2: a record that nobody else holds whole is not damaged.
TEST_F(WorldTest, KeepsTheFaultBudget) {
    schedule.config.nodes = 3;
    World world(schedule, {.types = &types});
    world.begin();
    world.run_for(seconds(4));
    // With both others wiped the last copy may not be damaged.
    FaultEvent wipe{{}, FaultKind::Wipe, 0, 0, {}, 0, 1};
    EXPECT_TRUE(world.apply(wipe));
    wipe.a = 1;
    EXPECT_TRUE(world.apply(wipe));
    for (std::uint64_t salt = 1; salt < 20; ++salt)
        EXPECT_FALSE(world.apply({{}, FaultKind::BitFlip, 2, 0, {}, 0, salt}));
    EXPECT_EQ(world.faults_of(FaultKind::BitFlip), 0U);
}

// Drawn among all machines a fault rarely meets the one that leads.
TEST_F(WorldTest, AFaultAimedAtALeaderMeetsOne) {
    class Victims final : public RunObserver {
    public:
        void fault(Instant, const FaultEvent& event, bool ends) override {
            if (!ends) seen.push_back(event.a);
        }
        std::vector<std::uint32_t> seen;
    };
    schedule.config.nodes = 5;
    schedule.config.partitions = 1;
    Victims victims;
    World world(schedule, {.types = &types, .observer = &victims});
    world.begin();
    world.run_for(seconds(4));
    for (std::uint64_t salt = 1; salt < 6; ++salt) {
        std::vector<std::uint32_t> leaders;
        for (std::uint32_t i = 0; i < 5; ++i)
            for (const PartitionId group : world.machine(i).node().hosted())
                if (world.machine(i).node().partition(group).ready()) leaders.push_back(i);
        EXPECT_TRUE(world.apply({{}, FaultKind::Pause, kLeader, 0, seconds(3), 0, salt}));
        EXPECT_TRUE(std::ranges::find(leaders, victims.seen.back()) != leaders.end());
        world.run_for(seconds(8));
    }
    EXPECT_EQ(fault_text({{}, FaultKind::Pause, kLeader, 0, {}, 0, 1}),
              "0.000000 pause leader n0 for 0.000000 amount 0 salt 1");
}

TEST_F(WorldTest, ACrashBetweenTwoEffectsLeavesEitherSideAhead) {
    World world(schedule, {.types = &types});
    world.begin();
    world.run_for(seconds(4));
    for (std::uint64_t salt = 1; salt <= 40; ++salt) {
        const auto effects = static_cast<std::int64_t>(1 + salt % 5);
        world.apply({{}, FaultKind::CrashAtEffect, 0, 0, milliseconds(20), effects, salt});
        world.run_for(milliseconds(500));
    }
    EXPECT_GT(world.machine(0).cut_rounds().journal_ahead, 0U);
    EXPECT_GT(world.machine(0).cut_rounds().sockets_ahead, 0U);
    EXPECT_EQ(world.machine(1).cut_rounds().journal_ahead, 0U);
}

TEST_F(WorldTest, ACrashLoopOfAllMachinesEnds) {
    World world(schedule, {.types = &types});
    world.begin();
    world.run_for(seconds(4));
    ASSERT_TRUE(world.apply({{}, FaultKind::CrashLoop, kEveryone, 0, seconds(2), 50, 1}));
    world.run_for(seconds(4));
    EXPECT_GT(world.oracle().promises().counts().starts, 3U * 20);
    EXPECT_TRUE(world.all_ready());
}

// On the store in memory and on the real one. Who lost its disk is refused for good: see below.
class EveryFault : public WorldTest, public testing::WithParamInterface<FaultKind> {};

std::vector<FaultKind> faults_that_heal() {
    std::vector<FaultKind> kinds;
    for (std::size_t i = 0; i < kFaultKinds; ++i) {
        const auto kind = static_cast<FaultKind>(i);
        if (kind != FaultKind::Wipe && kind != FaultKind::Rollback) kinds.push_back(kind);
    }
    return kinds;
}
// As a test may be called.
std::string name_of(const testing::TestParamInfo<FaultKind>& kind) {
    std::string name(fault_name(kind.param));
    std::ranges::replace_if(name, [](char c) { return c == '-' || c == ' '; }, '_');
    return name;
}
INSTANTIATE_TEST_SUITE_P(Kinds, EveryFault, testing::ValuesIn(faults_that_heal()), name_of);

TEST_P(EveryFault, CanBeInjectedAndHealed) {
    const auto i = static_cast<std::size_t>(GetParam());
    schedule.config.nodes = 5;
    schedule.config.chaos_ms = 1000;
    for (const std::uint64_t real : {0U, 1U}) {
        schedule.config.real_store = real;
        RunReport report;
        // A draw may find nothing that it could break, or the log a moment after its compaction,
        // which comes about every 100 ms.
        for (std::uint64_t salt = 77 + i; salt < 2000 && report.faults[i] == 0; salt += 110) {
            schedule.faults = {
                {milliseconds(3000 + salt), GetParam(), 1, 2, milliseconds(800), 20, salt}};
            if (GetParam() == FaultKind::BitFlip) schedule.faults[0].amount = 0;
            report = run(schedule);
            EXPECT_EQ(report.violation, "");
        }
        EXPECT_EQ(report.faults[i], 1U);
        EXPECT_GT(report.done, 100U);
    }
}

// S18.
TEST_F(WorldTest, ANodeThatLostItsDiskIsRefusedAndNothingIsLost) {
    for (const std::uint64_t real : {0U, 1U}) {
        schedule.config.real_store = real;
        for (const FaultKind kind : {FaultKind::Wipe, FaultKind::Rollback}) {
            schedule.faults = {{seconds(6), kind, 1, 0, seconds(3), 0, 5}};
            const RunReport report = run(schedule);
            EXPECT_EQ(report.violation, "") << fault_name(kind) << (real != 0 ? ", real" : "");
            EXPECT_EQ(report.faults[static_cast<std::size_t>(kind)], 1U);
        }
    }
}

// What the witnesses remember is on their disks: they restart before and after the node is back.
TEST_F(WorldTest, ANodeThatLostItsDiskIsRefusedByWitnessesThatRestarted) {
    for (const FaultKind kind : {FaultKind::Wipe, FaultKind::Rollback}) {
        SCOPED_TRACE(fault_name(kind));
        schedule.faults = {{seconds(5), kind, 1, 0, seconds(4), 0, 5},
                           {seconds(7), FaultKind::Crash, 0, 0, milliseconds(500), 0, 6},
                           {seconds(8), FaultKind::Crash, 2, 0, milliseconds(500), 0, 7},
                           {seconds(10), FaultKind::Crash, 0, 0, milliseconds(500), 0, 8},
                           {seconds(11), FaultKind::Crash, 2, 0, milliseconds(500), 0, 9}};
        const RunReport report = run(schedule);
        EXPECT_EQ(report.violation, "");
        EXPECT_EQ(report.faults[static_cast<std::size_t>(kind)], 1U);
    }
}

// I20: everything enters the hash, and it is the same when run again.
TEST_F(WorldTest, TheTraceTellsRunsApart) {
    schedule.faults = {{seconds(4), FaultKind::Crash, 1, 0, seconds(1), 0, 5}};
    const std::uint64_t once = run(schedule).trace_hash;
    EXPECT_EQ(once, run(schedule).trace_hash);
    schedule.faults[0].at += std::chrono::microseconds(1);
    EXPECT_NE(once, run(schedule).trace_hash);
}

}  // namespace
}  // namespace weft::sim
