// What the entry of a command says to every replica, and to whoever asks again.

#include "replication/partition/command_entry.h"

#include "core/error.h"
#include "entity/builtin/counter.h"
#include "entity/builtin/kv.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weft::replication {
namespace {

class CommandEntry : public testing::Test {
protected:
    CommandEntry() {
        request.id.seq = 3;
        entity = &host.obtain({1, "kv", "a"}, Instant{});
    }
    void build(const entity::Ahead* next) { build(*kv, next); }
    void build(const entity::EntityType& type, const entity::Ahead* next) {
        EntryBuilder& builder = entries.command({type, *entity, request, decision, next});
        header.index = LogIndex{9};
        header.stamp_ms = 1234;
        encoded = builder.finish(header, {});
        entry = decode_entry(header.kind, encoded.view());
        ASSERT_TRUE(entry.has_value());
    }
    // Who waited and who asks again are told the same.
    Reply told() {
        const Reply first = reply_of_entry(header, *entry, encoded);
        const Reply again = reply_of(request.id, outcome_of(header, *entry));
        EXPECT_EQ(first.outcome, again.outcome);
        EXPECT_EQ(first.error.message, again.error.message);
        EXPECT_EQ(first.error.number, again.error.number);
        EXPECT_EQ(first.payload.view(), again.payload.view());
        EXPECT_EQ(first.index, again.index);
        EXPECT_EQ(first.revision, again.revision);
        EXPECT_EQ(first.version, again.version);
        EXPECT_EQ(first.generation, again.generation);
        EXPECT_EQ(first.exists, again.exists);
        EXPECT_EQ(first.level, again.level);
        return again;
    }

    EntryWriter entries;
    entity::Host host;
    entity::Entity* entity = nullptr;
    std::unique_ptr<const entity::EntityType> kv = entity::make_kv();
    Request request;
    entity::Decision decision;
    EntryHeader header;
    Bytes encoded;
    Result<DecodedEntry> entry = fail(ErrorNumber::Bug, "none");
};

TEST_F(CommandEntry, SaysWhatWasChangedAndAnswered) {
    decision.change = entity::Decision::Change::SetValue;
    decision.value = Bytes::copy_of("value");
    decision.reply = Bytes::copy_of("reply");
    entity::Ahead next;
    next.image = {.state = "value", .standing = {Revision{9}, Version{1}, Generation{9}}};
    build(&next);
    EXPECT_EQ(header.kind, EntryKind::Command);
    ASSERT_TRUE(entry->value.has_value());
    EXPECT_EQ(entry->value->bytes, "value");
    const entity::Change change = change_of(header, *entry);
    EXPECT_EQ(change.index, LogIndex{9});
    EXPECT_EQ(change.stamp_ms, 1234);
    EXPECT_EQ(change.version, Version{1});
    EXPECT_EQ(change.generation, Generation{9});
    EXPECT_EQ(change.kind, entity::Kind::Value);
    EXPECT_EQ(change.value, "value");
    EXPECT_FALSE(change.deleted);
    const Reply reply = told();
    EXPECT_EQ(reply.payload.view(), "reply");
    EXPECT_EQ(reply.revision, Revision{9});
    EXPECT_TRUE(reply.exists);
}

TEST_F(CommandEntry, SaysWhyNothingWasChanged) {
    decision = entity::rejection(make_error(ErrorNumber::NotFound, "there is none"));
    build(nullptr);
    EXPECT_EQ(header.kind, EntryKind::Outcome);
    const Reply reply = told();
    EXPECT_EQ(reply.outcome, Outcome::Rejected);
    EXPECT_EQ(reply.error.message, "there is none");
    EXPECT_FALSE(reply.exists);
}

TEST_F(CommandEntry, ShowsNoRevisionOfWhatDoesNotExist) {
    entity->committed.standing.revision = Revision{5};
    build(nullptr);
    EXPECT_EQ(told().revision, Revision{}) << "it may be forgotten elsewhere";
    entity->committed.standing.generation = Generation{1};
    build(nullptr);
    EXPECT_EQ(told().revision, Revision{5});
}

TEST_F(CommandEntry, SaysThatTheEntityWasDeleted) {
    entity->committed = {.state = "value", .standing = {Revision{5}, Version{4}, Generation{5}}};
    decision.change = entity::Decision::Change::Delete;
    const entity::Ahead next;
    build(&next);
    EXPECT_EQ(header.kind, EntryKind::Command);
    ASSERT_TRUE(entry->value.has_value());
    EXPECT_TRUE(entry->value->deleted);
    EXPECT_TRUE(change_of(header, *entry).deleted);
    const Reply reply = told();
    EXPECT_FALSE(reply.exists);
    EXPECT_EQ(reply.outcome, Outcome::Done);
}

// The events alone would be enough; now and then the state goes with them, so that folding them
// again has an end.
TEST_F(CommandEntry, HoldsEventsAndNowAndThenTheState) {
    const auto counter = entity::make_counter();
    const std::uint32_t every = counter->info().snapshot_every;
    ASSERT_GT(every, 1u);
    struct Case {
        const char* why;
        std::uint64_t before, after;
        bool snapshot;
    };
    const Case cases[] = {{"below the first multiple", 0, every - 1, false},
                          {"at it", every - 1, every, true},
                          {"behind it", every, every + 1, false},
                          {"over it", every - 1, every + 1, true},
                          {"below the second one", every + 1, 2 * every - 1, false}};
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        entity->committed.standing.version = Version{c.before};
        entity->committed.standing.generation = Generation{c.before == 0 ? 0u : 9u};
        decision = {};
        decision.change = entity::Decision::Change::Events;
        decision.events.assign(c.after - c.before, Bytes::copy_of("event"));
        entity::Ahead next;
        next.image = {.state = "state", .standing = {Revision{9}, Version{c.after}, Generation{9}}};
        build(*counter, &next);
        ASSERT_EQ(entry->events.size(), c.after - c.before);
        EXPECT_EQ(entry->events.front(), "event");
        EXPECT_EQ(entry->snapshot,
                  c.snapshot ? std::optional<std::string_view>("state") : std::nullopt);
        const entity::Change change = change_of(header, *entry);
        EXPECT_EQ(change.kind, entity::Kind::EventSourced);
        EXPECT_EQ(change.events.size(), entry->events.size());
        EXPECT_EQ(change.snapshot, entry->snapshot);
        EXPECT_EQ(told().version, Version{c.after});
    }
}

TEST_F(CommandEntry, AStateThatDoesNotFitWaitsForTheNextMultiple) {
    const auto counter = entity::make_counter();
    entity->committed.standing.version = Version{counter->info().snapshot_every - 1};
    entity->committed.standing.generation = Generation{9};
    decision.change = entity::Decision::Change::Events;
    decision.events.push_back(Bytes::copy_of("event"));
    entity::Ahead next;
    next.image = {
        .state = std::string(kEntryBytesMax, 's'),
        .standing = {Revision{9}, Version{counter->info().snapshot_every}, Generation{9}}};
    build(*counter, &next);
    EXPECT_EQ(entry->events.size(), 1u);
    EXPECT_FALSE(entry->snapshot.has_value());
}

// One writer for all of a leader's entries: nothing of the one before is left.
TEST_F(CommandEntry, OfAResolveAndOfAFloorHoldWhatTheyNeed) {
    decision.reply = Bytes::copy_of("reply");
    build(nullptr);
    encoded = entries.resolve(request).finish(header, {});
    entry = decode_entry(header.kind, encoded.view());
    EXPECT_EQ(header.kind, EntryKind::Resolve);
    ASSERT_TRUE(entry.has_value());
    EXPECT_EQ(entry->request->seq, request.id.seq);
    EXPECT_TRUE(entry->reply.empty());
    EXPECT_LE(encoded.size(), kBareEntryBytes);
    encoded = entries.floor(1234).finish(header, {});
    entry = decode_entry(header.kind, encoded.view());
    EXPECT_EQ(header.kind, EntryKind::Expire);
    ASSERT_TRUE(entry.has_value());
    EXPECT_EQ(entry->session_floor, 1234);
    EXPECT_LE(encoded.size(), kBareEntryBytes);
    EXPECT_FALSE(entry->request.has_value());
}

TEST_F(CommandEntry, OfATellHoldsNoAnswer) {
    request.kind = RequestKind::Tell;
    decision.reply = Bytes::copy_of("reply");
    build(nullptr);
    EXPECT_TRUE(told().payload.empty());
}

}  // namespace
}  // namespace weft::replication
