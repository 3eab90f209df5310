// Damage that is aimed, and what the checks say of damage that would be taken for whole.

#include "core/entry.h"
#include "core/invariant.h"
#include "entity/builtin/counter.h"
#include "entity/builtin/kv.h"
#include "sim/world.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weft::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Broken {
    std::string message;
};

class DamageTest : public testing::Test {
protected:
    DamageTest()
        : before_(set_invariant_handler(
              [](const BrokenInvariant& broken) { throw Broken{broken.message}; })) {
        types_.add(entity::make_kv());
        types_.add(entity::make_counter());
        schedule_.config.nodes = 3;
        schedule_.config.partitions = 1;
        schedule_.config.get_percent = 0;
    }
    ~DamageTest() override { set_invariant_handler(before_); }
    static storage::MemoryStore& disk(World& world, std::size_t machine) {
        return dynamic_cast<MemoryImage&>(world.machine(machine).disk().image()).reference();
    }
    // Up again after that time, and nothing read yet but the log at start.
    static void restart(World& world, std::size_t machine) {
        world.apply({{},
                     FaultKind::Crash,
                     static_cast<std::uint32_t>(machine),
                     0,
                     milliseconds(100),
                     0,
                     1});
        world.run_for(milliseconds(100));
    }

    Schedule schedule_;
    entity::TypeTable types_;

private:
    InvariantHandler before_;
};

// Its checksums hold, and its index and term are those of its place.
Bytes entry_that_nobody_can_apply(const EntryHeader& of) {
    EntryBuilder builder;
    builder.begin(EntryKind::Command);
    EntryHeader header = of;
    return builder.finish(header, {});
}

TEST_F(DamageTest, AnEntryThatCannotBeAppliedIsFound) {
    World world(schedule_, {.types = &types_});
    world.begin();
    world.run_for(seconds(4));
    restart(world, 0);
    storage::WriteBatch planted;
    for (const auto& [group, first, last] : disk(world, 0).extents()) {
        for (LogIndex index = first; index <= last; index = next(index)) {
            const auto read = disk(world, 0).read_log({group, index, index, 1}).value();
            const EntryHeader header = read_entry_header(read.entries.front().view()).value();
            planted.append(group, index, entry_that_nobody_can_apply(header).view());
        }
    }
    disk(world, 0).apply(planted).value();
    std::string said;
    try {
        world.run_for(seconds(1));
        world.compare_states(true);
    } catch (const Broken& broken) {
        said = broken.message;
    }
    EXPECT_TRUE(said.starts_with("S22")) << said;
}

// A leader that is cut off with clients writes what others replace.
TEST_F(DamageTest, TheNewestRecordsAreThoseThatOthersHaveNot) {
    schedule_.config.think_max_us = 50'000;  // most calls are yet to come
    World world(schedule_, {.types = &types_});
    world.begin();
    world.run_for(seconds(4));
    std::uint32_t leader = 0;
    while (world.machine(leader).node().partition(PartitionId{1}).replica().role() !=
           replication::Role::Leader)
        ++leader;
    const auto entry = [&](std::size_t machine, LogIndex index) {
        const auto read = disk(world, machine).read_log({PartitionId{1}, index, index, 1}).value();
        return read.entries.empty() ? std::string() : std::string(read.entries.front().view());
    };
    ASSERT_TRUE(world.apply({{}, FaultKind::Sides, leader, 0, seconds(3), 3, 1}));
    world.run_for(milliseconds(2500));
    const LogIndex last = disk(world, leader).extents().back().last;
    std::vector<LogIndex> its_own;
    for (LogIndex i = last; entry((leader + 1) % 3, i) != entry(leader, i); i = previous(i))
        its_own.push_back(i);
    ASSERT_FALSE(its_own.empty());
    ASSERT_LT(its_own.size(), 8U);
    for (std::uint64_t salt = 1; salt < 20 && !entry(leader, its_own.back()).empty(); ++salt)
        world.apply({{}, FaultKind::Vanish, leader, 0, {}, kNewest, salt});
    EXPECT_TRUE(entry(leader, its_own.back()).empty()) << "where the two part";
    EXPECT_FALSE(entry(leader, previous(its_own.back())).empty()) << "what all have is spared";
}

}  // namespace
}  // namespace weft::sim
