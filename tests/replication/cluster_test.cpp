// A cluster under loss, repetition, reordering, partitions and crashes: one leader per term, a
// leader holds all that is committed, what is committed never changes and lies on a quorum of
// disks (raft_harness.h checks each after every step); after healing it goes on.

#include "raft_harness.h"

#include <gtest/gtest.h>

namespace weft::replication::test {
namespace {

TEST(Cluster, WithoutFaultsElectsTheTablesFirstOnceAndStaysWithIt) {
    RaftCluster cluster(3, 1);
    for (int i = 0; i < 100; ++i) {
        cluster.run(ms(50));
        cluster.propose();
    }
    cluster.run(ms(500));
    EXPECT_EQ(cluster.failure, "");
    EXPECT_EQ(cluster.leader(), 0U);
    EXPECT_EQ(cluster.leaders.size(), 1U);
    EXPECT_TRUE(cluster.converged());
    EXPECT_GE(cluster.committed.size(), 99U);
}

TEST(Cluster, WithOneLinkCutOneWayKeepsALeader) {
    for (const bool outward : {true, false}) {
        RaftCluster cluster(3, 5);
        cluster.run(ms(1000));
        ASSERT_EQ(cluster.leader(), 0U);
        cluster.cut(outward ? 0 : 1, outward ? 1 : 0, true);
        cluster.run(ms(5000));
        const std::size_t before = cluster.committed.size();
        cluster.propose();
        cluster.run(ms(3000));
        EXPECT_EQ(cluster.failure, "");
        EXPECT_GT(cluster.committed.size(), before);
    }
}

// A leader that hears nobody must not hold the others up, and ends with their term.
TEST(Cluster, ReplacesALeaderThatIsCutOff) {
    RaftCluster cluster(5, 9);
    cluster.run(ms(1000));
    ASSERT_EQ(cluster.leader(), 0U);
    for (std::size_t i = 1; i < 5; ++i) {
        cluster.cut(0, i, true);
        cluster.cut(i, 0, true);
    }
    cluster.run(ms(3000));
    EXPECT_NE(cluster.replica(0)->role(), Role::Leader);
    ASSERT_TRUE(cluster.leader());
    const Term term = cluster.replica(*cluster.leader())->term();
    cluster.propose();
    cluster.heal();
    cluster.run(ms(3000));
    EXPECT_TRUE(cluster.converged());
    EXPECT_EQ(cluster.replica(*cluster.leader())->term(), term)
        << "pre-vote: who comes back disturbs nobody";
    EXPECT_EQ(cluster.failure, "");
}

TEST(Cluster, MovesItsLeaderWhenAsked) {
    RaftCluster cluster(3, 2);
    cluster.run(ms(1000));
    ASSERT_EQ(cluster.leader(), 0U);
    cluster.transfer();
    cluster.run(ms(100));
    ASSERT_TRUE(cluster.leader());
    EXPECT_NE(cluster.leader(), 0U) << "within 100 ms, without an election timeout";
}

TEST(Cluster, OutlivesTheCrashOfItsLeaderByEvidence) {
    RaftCluster cluster(3, 3);
    cluster.run(ms(1000));
    ASSERT_EQ(cluster.leader(), 0U);
    cluster.crash(0);
    cluster.run(ms(1500));
    EXPECT_TRUE(cluster.leader());
}

void wreak_havoc(RaftCluster& cluster, Random& random) {
    const std::size_t size = cluster.size();
    switch (random.below(9)) {
        case 0:
            cluster.crash(random.below(size));
            break;
        case 1:
        case 2:
            cluster.restart(random.below(size));
            break;
        case 3:
            cluster.cut(random.below(size), random.below(size), true);
            break;
        case 4:
        case 5:
            cluster.cut(random.below(size), random.below(size), false);
            break;
        case 6:
            cluster.transfer();
            break;
        case 7:
            cluster.compact(random.below(size));
            break;
        default:
            cluster.faults.sync_max = ms(random.chance(1, 4) ? 300 : 3);
            break;
    }
}

void run_seed(std::uint64_t seed) {
    Random random(seed);
    const std::size_t size = 1 + 2 * random.below(3);
    RaftCluster cluster(size, random.next());
    cluster.run(ms(1000));
    cluster.faults.loss = static_cast<std::uint32_t>(random.below(200));
    cluster.faults.repeat = static_cast<std::uint32_t>(random.below(300));
    cluster.faults.straggle = static_cast<std::uint32_t>(random.below(100));
    cluster.faults.delay_max = ms(static_cast<std::int64_t>(1 + random.below(40)));
    for (int i = 0; i < 150 && cluster.failure.empty(); ++i) {
        cluster.run(ms(static_cast<std::int64_t>(random.below(60))));
        cluster.propose();
        if (random.chance(1, 3)) wreak_havoc(cluster, random);
    }
    ASSERT_EQ(cluster.failure, "");
    cluster.heal();
    cluster.run(ms(6000));
    cluster.propose();
    cluster.run(ms(1000));
    ASSERT_EQ(cluster.failure, "");
    ASSERT_TRUE(cluster.leader()) << "no leader after healing";
    EXPECT_TRUE(cluster.converged()) << "not one log after healing";
}

TEST(Cluster, KeepsEveryPromiseOverManySeeds) {
    for (std::uint64_t seed = 1; seed <= 250; ++seed) {
        SCOPED_TRACE(seed);
        run_seed(seed);
        if (HasFatalFailure()) return;
    }
}

// S22 in company: one replica at a time loses bytes it had synced; the others repair it.
TEST(Cluster, RepairsDamagedReplicasAndLosesNothing) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE(seed);
        RaftCluster cluster(3, seed);
        cluster.run(ms(1000));
        for (std::size_t victim = 0; victim < 3; ++victim) {
            for (int i = 0; i < 20; ++i) {
                cluster.run(ms(20));
                cluster.propose();
            }
            cluster.run(ms(500));
            cluster.crash(victim);
            cluster.damage(victim);
            cluster.restart(victim);
            cluster.run(ms(4000));
            ASSERT_EQ(cluster.failure, "");
            ASSERT_TRUE(cluster.converged());
        }
    }
}

}  // namespace
}  // namespace weft::replication::test
