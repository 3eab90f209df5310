// Events that rows do not hold yet, and the table of a group's entities: small in memory, and as
// right as their plain counterparts.

#include "entity/unflushed.h"

#include "core/byte_io.h"
#include "entity/entity_table.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <map>

namespace weft::entity {
namespace {

struct PlainEvent {
    std::uint64_t index;
    std::int64_t stamp;
    std::string bytes;
};

std::string rows_of(const std::vector<PlainEvent>& events) {
    std::string out;
    ByteWriter writer(out);
    for (const PlainEvent& event : events) {
        writer.put(event.index);
        writer.put(event.stamp);
        writer.put_blob(event.bytes);
    }
    return out;
}

RC_GTEST_PROP(UnflushedEvents, ComeBackAsRowsHoldThem, ()) {
    std::vector<PlainEvent> events;
    Unflushed unflushed;
    const auto count = *rc::gen::inRange<std::size_t>(1, 40);
    for (std::size_t i = 0; i < count; ++i) {
        events.push_back({*rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::int64_t>(),
                          *rc::gen::arbitrary<std::string>()});
        unflushed.append(Version{7 + i},
                         {LogIndex{events.back().index}, events.back().stamp, events.back().bytes});
    }
    RC_ASSERT(unflushed.records() == rows_of(events));
    RC_ASSERT(unflushed.first() == Version{7});
}

TEST(UnflushedEvents, KeepTheLimitsOfTheirNumbers) {
    using Limits = std::numeric_limits<std::int64_t>;
    const std::vector<PlainEvent> events = {
        {0, 0, ""},
        {std::numeric_limits<std::uint64_t>::max(), Limits::min(), std::string(300, 'e')},
        {127, -1, "a"},
        {128, Limits::max(), std::string("\0", 1)}};
    Unflushed unflushed;
    for (const PlainEvent& event : events)
        unflushed.append(Version{1}, {LogIndex{event.index}, event.stamp, event.bytes});
    EXPECT_EQ(unflushed.records(), rows_of(events));
}

TEST(UnflushedEvents, HoldTheNewestSnapshotUntilTheyAreFlushed) {
    Unflushed unflushed;
    EXPECT_TRUE(unflushed.empty());
    EXPECT_EQ(unflushed.bytes(), 0U);
    EXPECT_EQ(unflushed.snapshot_version(), Version{});
    unflushed.append(Version{255}, {LogIndex{1}, 1, "event"});
    unflushed.set_snapshot(Version{255}, "old");
    unflushed.append(Version{256}, {LogIndex{2}, 1, std::string(5000, 'e')});
    unflushed.set_snapshot(Version{256}, "state");
    ASSERT_NE(unflushed.snapshot(), nullptr);
    EXPECT_EQ(unflushed.snapshot()->state, "state");
    EXPECT_EQ(unflushed.snapshot_version(), Version{256});
    EXPECT_EQ(unflushed.first(), Version{255});
    unflushed.clear();
    EXPECT_TRUE(unflushed.empty());
    EXPECT_EQ(unflushed.records(), "");
}

// One addition of a counter: what issue and bench count on.
TEST(UnflushedEvents, OfOneAdditionTakeAtMost64BytesOfTheAllocator) {
    Unflushed unflushed;
    unflushed.append(Version{1}, {LogIndex{200'000}, 1'700'000'000'000, std::string(8, 'n')});
    EXPECT_LE(unflushed.bytes() + 8, 64U);
}

RC_GTEST_PROP(EntityTableModel, FindsExactlyWhatWasAddedAndNotErased, ()) {
    EntityTable table;
    std::map<std::string, Entity*> model;
    // Keys that share their first 8 bytes, as entities with one tag do.
    const auto some_key = [] {
        return std::string(*rc::gen::inRange<std::size_t>(0, 3), 'k') + "12345678" +
               std::to_string(*rc::gen::inRange(0, 300));
    };
    const auto steps = *rc::gen::inRange(1, 400);
    for (int i = 0; i < steps; ++i) {
        const std::string key = some_key();
        const auto known = model.find(key);
        RC_ASSERT(table.find(key) == (known == model.end() ? nullptr : known->second));
        if (known == model.end()) {
            model[key] = &table.add(key);
            RC_ASSERT(model[key]->key() == key);
        } else if (*rc::gen::inRange(0, 3) == 0) {
            table.erase(*known->second);
            model.erase(known);
        }
        RC_ASSERT(table.size() == model.size());
    }
    for (const auto& [key, entity] : model) RC_ASSERT(table.find(key) == entity);
    while (!model.empty()) {
        table.erase(*model.begin()->second);
        model.erase(model.begin());
        for (const auto& [key, entity] : model) RC_ASSERT(table.find(key) == entity);
    }
    RC_ASSERT(table.size() == 0U);
}

}  // namespace
}  // namespace weft::entity
