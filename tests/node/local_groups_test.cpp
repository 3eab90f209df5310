// The groups of a node: who wants to be woken, who was stepped, who would not lead.
#include "node/local_groups.h"

#include "entity/type.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace weft::node {
namespace {

class LocalGroupsTest : public testing::Test {
protected:
    Hosted& host(std::uint32_t number) {
        replication::PartitionOptions options;
        options.replica.group = GroupId{number};
        options.replica.self = NodeId{1};
        options.replica.config = replication::Config::of({NodeId{1}, NodeId{2}, NodeId{3}});
        storage::RecoveredGroup recovered;
        recovered.group = GroupId{number};
        return groups.host(
            {GroupId{number}, replication::Partition(std::move(options), std::move(recovered),
                                                     types, Random(number), weft::Log())});
    }
    void step(Hosted& group, replication::PartitionEvent event = replication::Tick{}) {
        groups.touch(group);
        group.partition.step(now, std::move(event), effects);
        effects.clear();
        groups.note(group);
    }
    std::vector<GroupId> touched() {
        std::vector<GroupId> found;
        groups.take_touched(found);
        return found;
    }
    std::string checked() const {
        return weft::test::said_by([&] { groups.check(); });
    }

    static constexpr GroupId kTwo{2}, kFive{5};
    Now now{Instant{1'000'000'000}, WallTime{5}};
    entity::TypeTable types;
    replication::Effects effects;
    LocalGroups groups;
};

TEST_F(LocalGroupsTest, AreFoundByTheirIdAndRise) {
    host(5);
    host(2);
    EXPECT_EQ(groups.size(), 2u);
    EXPECT_EQ(groups.find(kFive)->group, kFive);
    EXPECT_EQ(groups.find(GroupId{3}), nullptr);
    EXPECT_EQ(groups.find(GroupId{900}), nullptr);
    EXPECT_EQ(groups.from(GroupId{3})->group, kFive);
    EXPECT_EQ(groups.from(GroupId{6}), nullptr);
    std::vector<GroupId> rising;
    for (const Hosted& group : groups.all()) rising.push_back(group.group);
    EXPECT_EQ(rising, (std::vector{kTwo, kFive}));
    EXPECT_DEATH(host(5), "group 5 is hosted twice");
}

TEST_F(LocalGroupsTest, AreDueWhenTheirPartitionIs) {
    Hosted& two = host(2);
    Hosted& five = host(5);
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
TEST_F(LocalGroupsTest, AreNotDueWhenTheirDeadlineHasMoved) {
    Hosted& two = host(2);
    step(two);
    const Instant before = two.partition.next_deadline();
    now.mono = before - Duration{1};
    step(two, replication::Beat{NodeId{2}, Term{1}, LogIndex{}});
    ASSERT_GT(two.partition.next_deadline(), before);
    EXPECT_EQ(groups.deadline(), before) << "of that nobody was told";
    EXPECT_TRUE(groups.take_due(before).empty());
    EXPECT_EQ(groups.deadline(), two.partition.next_deadline());
}

TEST_F(LocalGroupsTest, ThatWereSteppedAreNamedOnce) {
    Hosted& two = host(2);
    Hosted& five = host(5);
    step(five);
    step(two);
    step(five);
    EXPECT_EQ(touched(), (std::vector{kFive, kTwo}));
    EXPECT_TRUE(touched().empty());
    step(two);
    EXPECT_EQ(touched(), std::vector{kTwo});
}

TEST_F(LocalGroupsTest, ThatWouldNotLeadAreCounted) {
    Hosted& two = host(2);
    step(two);
    EXPECT_EQ(groups.not_standing(), 0u);
    step(two, replication::OwnClock{.ahead = true, .stamps_back_ms = 0});
    EXPECT_EQ(groups.not_standing(), 1u);
    step(two);
    EXPECT_EQ(groups.not_standing(), 1u);
    step(two, replication::OwnClock{});
    EXPECT_EQ(groups.not_standing(), 0u);
}

TEST_F(LocalGroupsTest, FindsEachFaultThatIsPlanted) {
    Hosted& two = host(2);
    EXPECT_EQ(checked(), "group 2 will be woken too late");
    step(two);
    EXPECT_EQ(checked(), "");
    two.stands = false;
    EXPECT_EQ(checked(), "whether group 2 would campaign is told wrong");
    two.partition.step(now, replication::OwnClock{.ahead = true, .stamps_back_ms = 0}, effects);
    EXPECT_EQ(checked(), "1 groups would not campaign, 0 are counted");
    two.stands = true;
    groups.note(two);
    EXPECT_EQ(checked(), "");
    two.touched = false;
    EXPECT_EQ(checked(), "0 groups were stepped, 1 are listed");
}

}  // namespace
}  // namespace weft::node
