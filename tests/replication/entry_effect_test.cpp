// What an applied entry comes to, for its session and for who waits for it.

#include "replication/partition/entry_effect.h"

#include "core/error.h"
#include "entity/builtin/kv.h"
#include "replication/partition/command_entry.h"
#include "weft/errors.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string_view>

namespace weft::replication {
namespace {

constexpr std::int64_t kStamp = 1'000'000;

class EntryEffectTest : public testing::Test {
protected:
    EntryEffectTest() {
        entity = &host.obtain({1, "kv", "a"}, Instant{});
        request.id.start_ms = kStamp;
    }
    EntryEffect apply(EntryBuilder& builder) {
        header.index = next(header.index);
        header.stamp_ms = kStamp;
        encoded = builder.finish(header, {});
        entry = decode_entry(header.kind, encoded.view());
        EXPECT_TRUE(entry.has_value());
        return apply_to_sessions(sessions, header, *entry);
    }
    EntryEffect command(std::uint64_t seq, std::string_view said) {
        request.id.seq = seq;
        entity::Decision decision;
        decision.reply = Bytes::copy_of(said);
        return apply(entries.command({*kv, *entity, request, decision}));
    }
    EntryEffect resolve(std::uint64_t seq) {
        request.id.seq = seq;
        return apply(entries.resolve(request));
    }
    EntryEffect floor(std::int64_t start_ms) { return apply(entries.floor(start_ms)); }
    Reply told(const EntryEffect& effect) {
        return reply_of_applied(header, *entry, encoded, effect);
    }
    void expect_ended(const EntryEffect& effect) {
        EXPECT_EQ(told(effect).outcome, Outcome::Unknown) << "it may have run before";
        EXPECT_EQ(number_of(told(effect).error), ErrorNumber::SessionExpired);
    }

    entity::Host host;
    entity::Entity* entity = nullptr;
    std::unique_ptr<const entity::EntityType> kv = entity::make_kv();
    Sessions sessions{SessionLimits{}};
    EntryWriter entries;
    Request request;
    EntryHeader header;
    Bytes encoded;
    Result<DecodedEntry> entry = fail(ErrorNumber::Bug, "none");
};

TEST_F(EntryEffectTest, OfACommandIsRememberedAndTold) {
    const EntryEffect effect = command(1, "said");
    EXPECT_TRUE(effect.taken);
    EXPECT_EQ(told(effect).payload.view(), "said");
    EXPECT_EQ(told(effect).outcome, Outcome::Done);
    const Session* session = sessions.find({kStamp, {}});
    ASSERT_NE(session, nullptr);
    EXPECT_EQ(session->remembered.find(1)->text, "said");
}

// Thesis 6.3: a command that was committed twice runs once.
TEST_F(EntryEffectTest, OfTheSameCommandIsTakenOnce) {
    command(1, "first");
    const EntryEffect again = command(1, "second");
    EXPECT_FALSE(again.taken);
    expect_ended(again);
    EXPECT_EQ(sessions.find({kStamp, {}})->remembered.find(1)->text, "first");
}

TEST_F(EntryEffectTest, OfAnEndedSessionIsNone) {
    request.id.start_ms = kStamp - kSessionLifeMs;
    const EntryEffect late = command(1, "said");
    EXPECT_FALSE(late.taken);
    expect_ended(late);
    EXPECT_EQ(sessions.size(), 0u);
    request.id.start_ms += 1;
    EXPECT_TRUE(command(1, "said").taken) << "a moment of its time is left";
}

TEST_F(EntryEffectTest, OfAResolveIsHowTheCommandEnded) {
    command(1, "said");
    const EntryEffect known = resolve(1);
    ASSERT_NE(known.resolved, nullptr);
    EXPECT_EQ(told(known).payload.view(), "said");
    EXPECT_EQ(told(known).index, LogIndex{1}) << "of the command, not of the question";
    const EntryEffect unknown = resolve(2);
    EXPECT_EQ(told(unknown).outcome, Outcome::NotDone);
    EXPECT_EQ(number_of(told(unknown).error), ErrorNumber::NotFound);
    EXPECT_FALSE(command(2, "late").taken) << "it was said never to run";
}

TEST_F(EntryEffectTest, OfAResolveInAnEndedSessionIsThatNobodyKnows) {
    request.id.start_ms = kStamp - kSessionLifeMs;
    const EntryEffect late = resolve(1);
    EXPECT_TRUE(late.taken) << "it had none to lose";
    EXPECT_EQ(late.resolved, nullptr);
    expect_ended(late);
}

TEST_F(EntryEffectTest, OfAFloorIsThatSessionsEnd) {
    request.id.start_ms = kStamp - 2;
    command(1, "old");
    request.id.start_ms = kStamp - 1;
    command(1, "young");
    EXPECT_EQ(floor(kStamp - 1).ended, 1u);
    EXPECT_EQ(sessions.find({kStamp - 2, {}}), nullptr);
    request.id.start_ms = kStamp - 2;
    EXPECT_FALSE(command(2, "behind it").taken);
}

TEST_F(EntryEffectTest, OfAnEntryOfTheLogsOwnIsNone) {
    EntryBuilder builder;
    builder.begin(EntryKind::NoOp);
    const EntryEffect effect = apply(builder);
    EXPECT_TRUE(effect.taken);
    EXPECT_EQ(effect.resolved, nullptr);
    EXPECT_EQ(effect.ended, 0u);
    EXPECT_EQ(sessions.size(), 0u);
}

}  // namespace
}  // namespace weft::replication
