// What the kinds differ in.
#include "entity/kind.h"

#include "entity/builtin/counter.h"
#include "entity/builtin/kv.h"
#include "entity/entity_table.h"

#include <gtest/gtest.h>

#include <memory>
#include <string_view>
#include <vector>

namespace weft::entity {
namespace {

TEST(EntityKind, IsKnownByItsNumberAndName) {
    EXPECT_EQ(find_rules(1), &rules_of(Kind::EventSourced));
    EXPECT_EQ(find_rules(2), &rules_of(Kind::Value));
    EXPECT_EQ(find_rules(0), nullptr);
    EXPECT_EQ(find_rules(3), nullptr) << "a newer weft's";
    EXPECT_EQ(rules_of(Kind::EventSourced).name, "event-sourced");
    EXPECT_EQ(rules_of(Kind::Value).name, "value");
}

TEST(EntityKind, AcceptsItsOwnChangesOnly) {
    using Change = Decision::Change;
    struct Case {
        Change change;
        bool value, event_sourced;
    };
    const Case cases[] = {{Change::None, true, true},
                          {Change::SetValue, true, false},
                          {Change::Delete, true, false},
                          {Change::Events, false, true}};
    for (const Case& c : cases) {
        EXPECT_EQ(rules_of(Kind::Value).accepts(c.change), c.value);
        EXPECT_EQ(rules_of(Kind::EventSourced).accepts(c.change), c.event_sourced);
    }
}

TEST(EntityKind, AValueIsReplacedAndEventsAreFolded) {
    const auto kv = make_kv();
    const auto counter = make_counter();
    const Image before{.state = {}, .standing = {{}, {}, Generation{1}}};
    Decision set;
    set.value = Bytes::copy_of("new");
    Image after;
    ASSERT_TRUE(rules_of(Kind::Value).draft(*kv, before, set, after));
    EXPECT_EQ(after.state, "new");
    EXPECT_EQ(after.standing.version, Version{1});

    const StateView view;
    Decision added = counter->handle(view, "add", "5", {});
    added.events.push_back(added.events.front());
    Image sum;
    ASSERT_TRUE(rules_of(Kind::EventSourced).draft(*counter, before, added, sum));
    EXPECT_EQ(sum.standing.version, Version{2}) << "one for each event";
    StateView folded;
    folded.exists = true;
    folded.state = sum.state;
    EXPECT_EQ(counter->handle(folded, "get", "", {}).reply.view(), "10");
    added.events.front() = Bytes::copy_of("not an event");
    EXPECT_FALSE(rules_of(Kind::EventSourced).draft(*counter, before, added, sum));
}

TEST(EntityKind, OnlyAValueIsHeldByAFollower) {
    EntityTable table;
    Entity& value = table.add("a");
    rules_of(Kind::Value).apply(value, {.value = "v"}, nullptr);
    EXPECT_TRUE(value.loaded);
    EXPECT_EQ(value.committed.state, "v");

    const auto counter = make_counter();
    const Decision added = counter->handle(StateView{}, "add", "5", {});
    const std::vector<std::string_view> events = {added.events.front().view()};
    const Change change{.index = LogIndex{7}, .version = Version{1}, .events = events};
    Entity& sum = table.add("b");
    sum.loaded = true;
    rules_of(Kind::EventSourced).apply(sum, change, counter.get());
    EXPECT_TRUE(sum.loaded);
    rules_of(Kind::EventSourced).apply(sum, change, nullptr);
    EXPECT_FALSE(sum.loaded) << "nobody folds there, so it must not be taken for the state";
    EXPECT_TRUE(sum.committed.state.empty());
}

// What rows do not hold yet: a value's row is written from its state.
TEST(EntityKind, OnlyEventsAreKeptForRows) {
    EntityTable table;
    Entity& value = table.add("a");
    rules_of(Kind::Value).keep(value, {.version = Version{1}, .value = "v"});
    EXPECT_TRUE(value.unflushed.empty());

    Entity& sum = table.add("b");
    const std::vector<std::string_view> events = {"one", "two"};
    rules_of(Kind::EventSourced)
        .keep(sum, {.index = LogIndex{7},
                    .version = Version{4},
                    .events = events,
                    .snapshot = std::string_view("state")});
    EXPECT_EQ(sum.unflushed.first(), Version{3});
    EXPECT_EQ(sum.unflushed.snapshot_version(), Version{4});
}

}  // namespace
}  // namespace weft::entity
