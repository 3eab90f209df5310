// I14: who is whole serves within its deadline.

#include "entity/type.h"
#include "sim/each_ready.h"
#include "sim/run.h"
#include "tests/replication/partition_lab.h"

#include <gtest/gtest.h>

namespace weft::sim {
namespace {

class Liveness : public testing::Test {
protected:
    Liveness() {
        schedule.config.partitions = 2;
        schedule.config.chaos_ms = 2000;
    }
    Schedule schedule;
};

class StartsBehindTheHeal : public RunObserver {
public:
    void phase(Instant, std::string_view name) override { healed_ = healed_ || name == "heal"; }
    void started(Instant, std::size_t, std::uint64_t) override { count += healed_ ? 1 : 0; }
    int count = 0;

private:
    bool healed_ = false;
};

// I14, planted: what stays broken for ever is found by the deadline.
TEST_F(Liveness, ABrokenQuorumMissesTheDeadline) {
    schedule.config.core_broken = 3;  // two of three: no quorum is left
    for (schedule.config.real_store = 0; schedule.config.real_store <= 1;
         ++schedule.config.real_store)
        EXPECT_TRUE(run(schedule).violation.starts_with("I14")) << run(schedule).violation;
}

// Time-outs near to what the disk takes excuse nobody from leading at all.
TEST_F(Liveness, ABrokenQuorumMissesTheDeadlineOfTheHastyToo) {
    schedule.config.core_broken = 3;
    schedule.config.sync_max_us = schedule.config.election_min_ms * 1000 / 8;
    EXPECT_TRUE(run(schedule).violation.starts_with("I14")) << run(schedule).violation;
}

// Each was ready once, and never all were: one of them is always down.
TEST_F(Liveness, EachIsReadyAtAMomentOfItsOwn) {
    entity::TypeTable types;
    types.add(entity::make_kv());
    World world(schedule, {.types = &types});
    EachReady each(world, 0);
    bool all = false;
    for (const std::uint64_t down : {1U, 2U}) {
        EXPECT_FALSE(each.look());
        world.heal();
        world.break_machines(down, 0);
        world.run_until(std::chrono::seconds(5), [&] {
            each.look();
            all = all || world.all_ready();
            return world.all_ready(down);
        });
    }
    EXPECT_TRUE(each.look());
    EXPECT_FALSE(all);
}

// I14: the rest is broken for ever, down or cut off, and the core is audited without it.
TEST_F(Liveness, ACoreServesWhileTheRestStaysBroken) {
    schedule.config.core_broken = schedule.config.core_stays = 1;
    for (schedule.config.core_cut = 0; schedule.config.core_cut <= 1; ++schedule.config.core_cut) {
        StartsBehindTheHeal starts;
        EXPECT_EQ(run(schedule, {.observer = &starts}).violation, "");
        EXPECT_EQ(starts.count, 0);
    }
    schedule.config.core_cut = schedule.config.core_stays = 0;
    StartsBehindTheHeal starts;
    EXPECT_EQ(run(schedule, {.observer = &starts}).violation, "");
    EXPECT_EQ(starts.count, 1) << "the one that was down";
    int stays = 0, heals = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const RunConfig drawn = draw_schedule(seed, Profile::Swarm).config;
        if (drawn.core_broken != 0) ++(drawn.core_stays != 0 ? stays : heals);
    }
    EXPECT_GT(stays, 10);
    EXPECT_GT(heals, 10);
}

// What is acknowledged is read from each replica: in turn they all lead.
TEST_F(Liveness, EveryReplicaLeadsEveryGroupInTheAudit) {
    const RunReport report = run(schedule);
    EXPECT_EQ(report.violation, "");
    EXPECT_GE(report.elections, 3 * (schedule.config.partitions + 1));
}

// I14, planted: a mesh that is led and yet answers nobody.
TEST_F(Liveness, AReadThatIsNotAnsweredInTheAuditFailsTheRun) {
    const entity::TypeTable none;
    const RunReport report = run(schedule, {.types = &none});
    EXPECT_TRUE(report.violation.starts_with("I14: the final read")) << report.violation;
}

}  // namespace
}  // namespace weft::sim
