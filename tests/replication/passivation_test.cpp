// Entities that nobody uses leave memory.

#include "replication/partition/passivation.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace weft::replication {
namespace {

class PassivationRule : public testing::Test {
protected:
    // Committed by the entry behind the last; its row is on disk.
    entity::Entity& add(const std::string& id, std::size_t bytes = 1) {
        const std::string value(bytes, 'v');
        entity::Change change;
        change.index = LogIndex{++last};
        change.version = Version{1};
        change.generation = Generation{1};
        change.value = value;
        entity::Entity& entity = host.obtain({1, "kv", id}, now.mono);
        host.commit(entity, change, nullptr);
        host.flushed(entity, PersistSeq{1});
        return entity;
    }
    bool step(std::uint64_t base, bool sweeps = false) {
        return passivation.step(now, host, {PersistSeq{1}, LogIndex{base}}, sweeps);
    }
    void later(Duration by) { now.mono = now.mono + by; }

    Now now;
    PartitionLimits limits;
    entity::Host host;
    Passivation passivation{PartitionId{1}, limits};
    // How long the first group waits with its sweep.
    static constexpr Duration kSpread = std::chrono::milliseconds(7919);
    std::uint64_t last = 0;
};

TEST_F(PassivationRule, LetsGoOfWhatNobodyUsed) {
    add("a");
    EXPECT_FALSE(step(last));
    EXPECT_EQ(host.size(), 1u);
    EXPECT_EQ(passivation.deadline(), now.mono + limits.passivate_after);
    later(limits.passivate_after);
    EXPECT_FALSE(step(last));
    EXPECT_EQ(host.size(), 0u);
    EXPECT_EQ(passivation.deadline(), Instant::never());
}

TEST_F(PassivationRule, LetsGoOfTheColdestWhenTheCacheIsFull) {
    limits.cached_bytes = 10'000;
    add("a", 9'000);
    add("b", 9'000);
    step(last);
    EXPECT_EQ(host.size(), 1u);
    EXPECT_EQ(entity::split_key(host.coldest()->key())->id, "b");
    EXPECT_EQ(passivation.deadline(), now.mono + limits.passivate_after) << "the other one's";
}

TEST_F(PassivationRule, TakesAFewAStep) {
    for (int i = 0; i < 20; ++i) add(std::to_string(i));
    later(limits.passivate_after);
    step(last);
    EXPECT_EQ(host.size(), 4u);
    EXPECT_EQ(passivation.deadline(), now.mono + std::chrono::milliseconds(20));
    step(last);
    EXPECT_EQ(host.size(), 0u);
    EXPECT_EQ(passivation.deadline(), Instant::never());
}

TEST_F(PassivationRule, SweepsForWhatTheBaseDoesNotHoldYet) {
    add("a");
    later(limits.passivate_after);
    EXPECT_FALSE(step(last - 1)) << "not at once: the groups of a node fall idle together";
    EXPECT_EQ(host.size(), 1u);
    EXPECT_EQ(passivation.deadline(), now.mono + std::chrono::seconds(1)) << "looked at again";
    later(kSpread - Duration{1});
    EXPECT_FALSE(step(last - 1));
    EXPECT_EQ(passivation.deadline(), now.mono + Duration{1});
    later(Duration{1});
    EXPECT_TRUE(step(last - 1));
    passivation.go_on(now.mono);
    EXPECT_EQ(passivation.deadline(), now.mono + std::chrono::milliseconds(20));
    EXPECT_FALSE(step(last - 1, true)) << "a pause";
    later(std::chrono::milliseconds(20));
    EXPECT_TRUE(step(last - 1, true));
    EXPECT_FALSE(step(last));
    EXPECT_EQ(host.size(), 0u);
}

TEST_F(PassivationRule, LeavesItToASweepThatRuns) {
    add("a");
    later(limits.passivate_after);
    EXPECT_FALSE(step(last - 1, true));
    EXPECT_EQ(passivation.deadline(), now.mono + std::chrono::seconds(1));
    later(std::chrono::seconds(10));
    EXPECT_FALSE(step(last - 1, true));
    EXPECT_FALSE(step(last - 1)) << "its own begins when the other one is over";
    later(kSpread);
    EXPECT_TRUE(step(last - 1));
}

TEST_F(PassivationRule, TheGroupsOfANodeDoNotSweepTogether) {
    add("a");
    later(limits.passivate_after);
    Passivation second{PartitionId{2}, limits};
    const Passivation::Held held{PersistSeq{1}, LogIndex{last - 1}};
    EXPECT_FALSE(step(last - 1));
    EXPECT_FALSE(second.step(now, host, held, false));
    later(std::chrono::milliseconds(2 * 7919 - 10'000));
    EXPECT_FALSE(step(last - 1));
    EXPECT_TRUE(second.step(now, host, held, false));
}

}  // namespace
}  // namespace weft::replication
