// The promises of a whole world: that they are judged at all, and what a disk loses by itself.

#include "entity/builtin/counter.h"
#include "entity/builtin/kv.h"
#include "sim/world.h"
#include "storage/memory_store.h"
#include "tests/sim/broken_rule.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace weft::sim {
namespace {

class WatchedWorldTest : public BrokenRule {
protected:
    WatchedWorldTest() {
        types_.add(entity::make_kv());
        types_.add(entity::make_counter());
        world_.emplace(Schedule{}, WorldOptions{.types = &types_});
        world_->begin();
        world_->run_for(std::chrono::seconds(4));
    }
    // Machine 0 is down for a while, and something happens to its disk.
    std::string restarts_after(const std::function<void(storage::MemoryStore&)>& deed) {
        return said([&] {
            world_->apply({{}, FaultKind::Crash, 0, 0, std::chrono::milliseconds(100), 0, 1});
            deed(dynamic_cast<MemoryImage&>(world_->machine(0).disk().image()).reference());
            world_->run_for(std::chrono::seconds(2));
        });
    }
    static constexpr PartitionId kGroup{1};
    entity::TypeTable types_;
    std::optional<World> world_;
};

TEST_F(WatchedWorldTest, EveryKindOfPromiseIsJudged) {
    EXPECT_EQ(restarts_after([](storage::MemoryStore&) {}), "");
    const Promises::Counts& counts = world_->oracle().promises().counts();
    EXPECT_GT(counts.votes, 0U);
    EXPECT_GT(counts.candidacies, 0U);
    EXPECT_GT(counts.acknowledgements, 100U);
    EXPECT_GT(counts.confirms, 100U);
    EXPECT_GT(counts.commits, 100U);
    EXPECT_EQ(counts.starts, world_->machines() + 1);
}

// A disk that lies: no fault of the schedule has taken what is gone.
TEST_F(WatchedWorldTest, WhatADiskLosesByItselfIsFoundAtTheStart) {
    EXPECT_EQ(restarts_after([](storage::MemoryStore& image) {
                  storage::WriteBatch batch;
                  batch.truncate(kGroup, LogIndex{0});
                  image.apply(batch).value();
              }),
              "I4");
}

TEST_F(WatchedWorldTest, LinksAreThoseThatTheNodesWant) {
    MachineWorld& world = *world_;
    const NodeId third = world_->machine(2).record().node;
    const auto heard = [&] { return world_->machine(2).node().counters().frames_in; };
    for (const std::size_t other : {0U, 1U}) world.unlink_peer(other, third);
    world_->run_for(std::chrono::milliseconds(100));
    const std::uint64_t before = heard();
    world_->run_for(std::chrono::seconds(1));
    EXPECT_EQ(heard(), before);
    for (const std::size_t other : {0U, 1U}) world.link_peer(other, third);
    world_->run_for(std::chrono::seconds(1));
    EXPECT_GT(heard(), before);
}

// A client that asks how its read ended is answered under the same id; the read still waits.
TEST_F(WatchedWorldTest, AnAnswerToHowAReadEndedIsNotTheReads) {
    const node::Node& node = world_->machine(0).node();
    ASSERT_TRUE(node.hosts(kGroup));
    Request request;
    request.id.group = kGroup;
    request.type = "kv";
    request.command = "get";
    Oracle oracle(world_->machines());
    oracle.hears(0, node, node::FromClient{ClientRef{1}, request}, types_);
    request.kind = RequestKind::Resolve;
    request.type = request.command = {};  // as clients ask
    oracle.hears(0, node, node::FromClient{ClientRef{1}, request}, types_);
    Reply reply;
    reply.id = request.id;
    reply.level = Level::None;
    EXPECT_EQ(said([&] { oracle.answers(0, node, {ClientRef{1}, reply}); }), "");
    reply.level = Level::Linearizable;
    EXPECT_EQ(said([&] { oracle.answers(0, node, {ClientRef{1}, reply}); }), "S8");
}

}  // namespace
}  // namespace weft::sim
