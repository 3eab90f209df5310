// Who leads in a whole mesh, as faults of single nodes and links change it. That one leads per
// term, holds what is committed and changes none of it is checked by the world itself after every
// round.

#include "entity/builtin/counter.h"
#include "entity/builtin/kv.h"
#include "entity/type.h"
#include "sim/lead_in_turn.h"
#include "sim/world.h"

#include <gtest/gtest.h>

namespace weft::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr PartitionId kGroup{1};  // the first that clients use

class Leaders : public testing::Test {
protected:
    Leaders() {
        types.add(entity::make_kv());
        types.add(entity::make_counter());
        schedule.config.partitions = 1;
    }
    // Of `nodes`, the first of the table leading.
    World& begin(std::uint64_t nodes) {
        schedule.config.nodes = nodes;
        schedule.config.replicas = nodes;
        world.emplace(schedule, WorldOptions{.types = &types});
        world->begin();
        world->run_for(seconds(2));
        EXPECT_EQ(world->leader_of(kGroup), 0U);
        return *world;
    }
    const replication::Replica& replica(std::size_t machine) const {
        return world->machine(machine).node().partition(kGroup).replica();
    }
    // Entries that its process has had sent again.
    std::uint64_t repaired(std::size_t machine) const {
        if (!world->machine(machine).alive()) return 0;
        const node::Node& node = world->machine(machine).node();
        std::uint64_t count = 0;
        for (const PartitionId group : node.hosted())
            count += node.partition(group).replica().counters().entries_repaired;
        return count;
    }
    // Of the commit of whoever leads.
    std::uint64_t gained_in(Duration time) {
        const auto commit = [this] {
            std::uint64_t most = 0;
            for (std::size_t i = 0; i < world->machines(); ++i)
                if (world->machine(i).alive()) most = std::max(most, replica(i).commit().value);
            return most;
        };
        const std::uint64_t before = commit();
        world->run_for(time);
        return commit() - before;
    }
    Schedule schedule;
    entity::TypeTable types;
    std::optional<World> world;
};

TEST_F(Leaders, WithoutFaultsTheTablesFirstIsElectedOnceAndStays) {
    begin(3);
    const Term term = replica(0).term();
    EXPECT_EQ(term.value, 1U);
    EXPECT_GT(gained_in(seconds(5)), 100U);
    EXPECT_EQ(world->leader_of(kGroup), 0U);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(replica(i).term(), term);
}

// Whichever way it is cut: the third reaches both.
TEST_F(Leaders, ALinkThatIsCutOneWayStopsNothingForLong) {
    for (const bool outward : {true, false}) {
        begin(3);
        EXPECT_TRUE(world->apply({{}, FaultKind::Cut, outward ? 0U : 1U, outward ? 1U : 0U, {}}));
        world->run_for(seconds(5));
        EXPECT_GT(gained_in(seconds(3)), 50U) << outward;
    }
}

// A leader that hears nobody does not hold the others up, ends with their term, and disturbs nobody
// when it is back (pre-vote, Raft thesis 9.6).
TEST_F(Leaders, OneThatIsCutOffIsReplacedAndComesBackQuietly) {
    begin(5);
    EXPECT_TRUE(world->apply({{}, FaultKind::Sides, 0, 0, {}, 0}));
    world->run_for(seconds(3));
    EXPECT_NE(replica(0).role(), replication::Role::Leader);
    const auto leader = world->leader_of(kGroup);
    ASSERT_TRUE(leader);
    EXPECT_NE(leader, 0U);
    const Term term = replica(*leader).term();
    EXPECT_GT(gained_in(seconds(1)), 20U);
    world->heal();
    world->run_for(seconds(3));
    EXPECT_TRUE(world->all_ready());
    EXPECT_EQ(replica(*leader).term(), term);
    EXPECT_EQ(replica(0).term(), term);
}

// The refused connection tells of the crash: nobody waits for an election timeout.
TEST_F(Leaders, OneThatCrashedIsReplacedByTheEvidence) {
    begin(3);
    EXPECT_TRUE(world->apply({{}, FaultKind::Crash, 0, 0, seconds(10), 0, 1}));
    EXPECT_TRUE(world->run_until(milliseconds(400), [&] {
        return world->leader_of(kGroup).value_or(0) != 0;
    })) << "the shortest election timeout is 500 ms";
}

// By plan, without an election timeout.
TEST_F(Leaders, OneThatIsAskedToHandsOverWithinATenthOfASecond) {
    begin(3);
    ask_to_lead(*world, 1);
    EXPECT_TRUE(
        world->run_until(milliseconds(100), [&] { return world->leader_of(kGroup) == 1U; }));
    EXPECT_GT(gained_in(seconds(1)), 20U);
}

// S22 in company: each in turn loses bytes that it had synced, and the others repair it.
TEST_F(Leaders, RepairOneDamagedReplicaAfterTheOther) {
    begin(3);
    for (std::uint32_t victim = 0; victim < 3; ++victim) {
        SCOPED_TRACE(victim);
        std::uint64_t salt = 1;
        while (salt < 200 && !world->apply({{}, FaultKind::BitFlip, victim, 0, {}, 0, salt})) {
            world->run_for(milliseconds(50));
            ++salt;
        }
        ASSERT_LT(salt, 200U) << "nothing could be broken";
        EXPECT_TRUE(world->apply({{}, FaultKind::Crash, victim, 0, milliseconds(100), 0, salt}));
        EXPECT_TRUE(world->run_until(seconds(1), [&] { return repaired(victim) > 0; }))
            << "nobody found it";
        world->run_for(seconds(4));
        EXPECT_TRUE(world->all_ready());
        const node::Node& hit = world->machine(victim).node();
        for (const PartitionId group : hit.hosted())
            EXPECT_FALSE(hit.partition(group).replica().damaged());
        EXPECT_GT(gained_in(seconds(1)), 20U);
    }
    EXPECT_EQ(world->faults_of(FaultKind::BitFlip), 3U);
    for (std::size_t i = 0; i < world->clients(); ++i) world->client(i).finish();
    world->run_for(seconds(2));
    world->compare_states(true);
}

}  // namespace
}  // namespace weft::sim
