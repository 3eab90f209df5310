// What keeps a replica from leading besides its log (S1, S19, S23).

#include "replication/raft/fitness.h"

#include "replica_lab.h"

#include <gtest/gtest.h>

namespace weft::replication::test {
namespace {

using Disk = Fitness::Disk;

TEST(Fitness, EndsWithDamage) {
    Fitness fitness{Timings{}};
    EXPECT_TRUE(fitness.can_lead());
    fitness.lost_rows();
    EXPECT_FALSE(fitness.can_lead());
    EXPECT_FALSE(fitness.vote_damaged());
    fitness.got_rows();
    EXPECT_TRUE(fitness.can_lead()) << "a snapshot mends rows";
    fitness.lost_vote();
    fitness.got_rows();
    EXPECT_FALSE(fitness.can_lead()) << "but no vote";
    EXPECT_TRUE(fitness.vote_damaged());
    EXPECT_FALSE(fitness.rows_damaged());
}

TEST(Fitness, EndsWithAnyReasonOfTheOwners) {
    Fitness fitness{Timings{}};
    fitness.forbid(Ban::Blocked);
    fitness.forbid(Ban::ClockAhead);
    fitness.forbid(Ban::ClockAhead);
    EXPECT_FALSE(fitness.is_forbidden(Ban::Installing));
    fitness.allow(Ban::Installing);
    fitness.allow(Ban::ClockAhead);
    EXPECT_FALSE(fitness.is_forbidden(Ban::ClockAhead));
    EXPECT_TRUE(fitness.is_forbidden(Ban::Blocked));
    EXPECT_FALSE(fitness.can_lead());
    fitness.allow(Ban::Blocked);
    EXPECT_TRUE(fitness.can_lead());
}

// The minimum election timeout is 500 ms.
TEST(Fitness, IsNotThatOfADiskWhichTakesHalfAnElection) {
    Fitness fitness{Timings{}};
    EXPECT_EQ(fitness.disk(), Disk::Good);
    fitness.persist_waits(ms(250));
    EXPECT_EQ(fitness.disk(), Disk::Good);
    fitness.persist_waits(ms(250) + Duration{1});
    EXPECT_EQ(fitness.disk(), Disk::Slow);
    EXPECT_TRUE(fitness.can_lead()) << "that is no lasting reason";
    fitness.persist_waits(ms(1000));
    EXPECT_EQ(fitness.disk(), Disk::Slow);
    fitness.persist_waits(ms(1000) + Duration{1});
    EXPECT_EQ(fitness.disk(), Disk::Stalled);
    fitness.persist_waits({});
    EXPECT_EQ(fitness.disk(), Disk::Good);
}

TEST(Ban, LastsUntilEachReasonIsTakenBackByItself) {
    MadeLog log;
    for (int i = 0; i < 9; ++i) log.add(2);
    Lab lab({}, log, 2, {Term{2}, NodeId{}});
    lab.replica->forbid_campaign(Ban::Blocked);
    lab.replica->forbid_campaign(Ban::Installing);
    lab.replica->allow_campaign(Ban::Installing);  // the snapshot was not needed after all
    lab.run(ms(3000));
    EXPECT_EQ(lab.replica->role(), Role::Follower) << "it cannot apply what it would propose";
    lab.replica->allow_campaign(Ban::Blocked);
    lab.run(ms(1000));
    EXPECT_EQ(lab.replica->role(), Role::PreCandidate);
}

}  // namespace
}  // namespace weft::replication::test
