// How entries hold changes of each kind of entity.

#include "replication/partition/kind_format.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>
#include <vector>

namespace weft::replication {
namespace {

using Change = entity::Decision::Change;
constexpr entity::Kind kKinds[] = {entity::Kind::EventSourced, entity::Kind::Value};

DecodedEntry decoded(EntryBuilder& builder) {
    EntryHeader header;
    const Bytes encoded = builder.finish(header, {});
    static std::vector<Bytes> kept;  // what is decoded points there
    kept.push_back(encoded);
    auto entry = decode_entry(EntryKind::Outcome, encoded.view());
    EXPECT_TRUE(entry.has_value());
    return entry ? *entry : DecodedEntry{};
}
// An entry of an entity at version 5, before what was decided.
void begin(EntryBuilder& builder) {
    builder.begin(EntryKind::Outcome);
    write_request(builder, {});
    write_entity(
        builder,
        {.standing = {Revision{9}, Version{5}, Generation{9}}, .hash = 1, .type = "t", .id = "e"});
}
// What an entry with this decision of an entity of that kind says.
DecodedEntry written(entity::Kind kind, const entity::Decision& decision) {
    EntryBuilder builder;
    begin(builder);
    format_of(kind).write_change(builder, decision);
    return decoded(builder);
}
entity::Decision set(std::string_view value) {
    entity::Decision decision;
    decision.change = Change::SetValue;
    decision.value = Bytes::copy_of(value);
    return decision;
}
entity::Decision events(std::size_t count) {
    entity::Decision decision;
    decision.change = Change::Events;
    decision.events.assign(count, Bytes::copy_of("event"));
    return decision;
}

TEST(KindFormat, OfEveryKindIsInTheTable) {
    ASSERT_EQ(kKindFormats.size(), std::size(kKinds));
    for (const entity::KindRules* rules : entity::kKindRules) {
        EXPECT_EQ(format_of(rules->kind).kind, rules->kind) << "by its number";
        EXPECT_EQ(&entity::rules_of(rules->kind), rules);
    }
    std::set<SectionType> types;
    std::size_t sections = 0;
    for (const KindFormat* format : kKindFormats)
        for (const SectionReader& section : format->sections) {
            types.insert(section.type);
            ++sections;
        }
    EXPECT_EQ(types.size(), sections) << "a section is of one kind";
}

TEST(KindFormat, SaysNothingWhereNothingChanges) {
    for (const entity::Kind kind : kKinds) EXPECT_EQ(kind_of(written(kind, {})), std::nullopt);
}

TEST(KindFormat, OfAValueHoldsItWhole) {
    const DecodedEntry entry = written(entity::Kind::Value, set("value"));
    EXPECT_EQ(kind_of(entry), entity::Kind::Value);
    entity::Change change;
    kValueFormat.read_change(entry, change);
    EXPECT_EQ(change.value, "value");
    EXPECT_FALSE(change.deleted);
    entity::Decision deletion;
    deletion.change = Change::Delete;
    kValueFormat.read_change(written(entity::Kind::Value, deletion), change);
    EXPECT_TRUE(change.deleted);
    EXPECT_EQ(change.value, "");
}

TEST(KindFormat, OfAnEventSourcedOneHoldsItsEvents) {
    const DecodedEntry entry = written(entity::Kind::EventSourced, events(2));
    EXPECT_EQ(kind_of(entry), entity::Kind::EventSourced);
    entity::Change change;
    kEventSourcedFormat.read_change(entry, change);
    ASSERT_EQ(change.events.size(), 2u);
    EXPECT_EQ(change.events[1], "event");
}

// Each event has raised the version: with more of them than versions, the first would be of none.
TEST(KindFormat, HasNoMoreEventsThanVersions) {
    EXPECT_EQ(kind_of(written(entity::Kind::EventSourced, events(5))), entity::Kind::EventSourced);
    EXPECT_EQ(kind_of(written(entity::Kind::EventSourced, events(6))), std::nullopt);
}

TEST(KindFormat, OfTwoKindsAtOnceIsOfNone) {
    EntryBuilder builder;
    begin(builder);
    kValueFormat.write_change(builder, set("value"));
    kEventSourcedFormat.write_change(builder, events(1));
    EXPECT_EQ(kind_of(decoded(builder)), std::nullopt);
}

}  // namespace
}  // namespace weft::replication
