// Sessions alone (S28; Raft thesis 6.3), and the rows and sections they travel in.

#include "replication/partition/sessions.h"

#include "core/error.h"
#include "replication/partition/rows.h"
#include "replication/partition/sections.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace weft::replication {
namespace {

constexpr std::int64_t kNow = 1'000'000;

RequestPart request(std::uint64_t seq, std::uint64_t lowest_open = 1, std::uint8_t body = 1) {
    RequestPart part;
    part.client.bytes[0] = 1;
    part.start_ms = kNow;
    part.seq = seq;
    part.lowest_open = lowest_open;
    part.digest.bytes[0] = body;
    return part;
}

Remembered done(const RequestPart& part, LogIndex index, std::string text = "ok") {
    Remembered outcome;
    outcome.seq = part.seq;
    outcome.digest = part.digest;
    outcome.index = index;
    outcome.text = std::move(text);
    return outcome;
}

void run(Sessions& sessions, const RequestPart& part, std::uint64_t index) {
    sessions.proposed(part, LogIndex{index}, false, 0);
    sessions.remember(part, LogIndex{index}, done(part, LogIndex{index}));
    sessions.check();
}

TEST(Sessions, AdmitByTable) {
    Sessions sessions({.window = 8, .reply_bytes = 100, .sessions = 1});
    run(sessions, request(1), 10);
    run(sessions, request(3, 2), 11);
    sessions.proposed(request(4, 2), LogIndex{12}, false, 0);
    sessions.proposed(request(5, 2, 0), LogIndex{13}, true, 0);
    RequestPart stranger = request(1);
    stranger.client.bytes[0] = 2;
    RequestPart old = request(9, 2);
    old.start_ms = kNow - kSessionLifeMs;
    RequestPart early = request(9, 2);
    early.start_ms = kNow + kSessionAheadMs + 1;
    RequestPart oldest = request(9, 2);
    oldest.start_ms = std::numeric_limits<std::int64_t>::min();
    RequestPart latest = request(9, 2);
    latest.start_ms = std::numeric_limits<std::int64_t>::max();
    struct Case {
        const char* why;
        RequestPart part;
        bool resolve;
        Verdict verdict;
    };
    const Case cases[] = {
        {"new", request(6, 2), false, Verdict::Run},
        {"a gap is a place too", request(2, 2), false, Verdict::Run},
        {"settled", request(1), false, Verdict::Settled},
        {"ended", request(3, 2), false, Verdict::Known},
        {"ended, other body", request(3, 2, 9), false, Verdict::Reused},
        {"ended, asked for", request(3, 2, 0), true, Verdict::Known},
        {"in flight", request(4, 2), false, Verdict::Join},
        {"in flight, other body", request(4, 2, 9), false, Verdict::Reused},
        {"in flight, asked for", request(4, 2, 0), true, Verdict::Join},
        {"being closed", request(5, 2), false, Verdict::Join},
        {"last of the window", request(9, 2), false, Verdict::Run},
        {"behind the window", request(10, 2), false, Verdict::WindowFull},
        {"the request itself moves the window", request(10, 3), false, Verdict::Run},
        {"another session", stranger, false, Verdict::PartitionFull},
        {"expired", old, false, Verdict::Expired},
        {"expired, at the end of i64", oldest, false, Verdict::Expired},
        {"in the future", early, false, Verdict::ClockAhead},
        {"in the future, at the end of i64", latest, false, Verdict::ClockAhead},
        {"numbers begin at 1", request(0, 0), false, Verdict::Settled},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        EXPECT_EQ(sessions.admit(c.part, kNow, c.resolve).verdict, c.verdict);
    }
    EXPECT_EQ(sessions.admit(request(4, 2), kNow, false).index, LogIndex{12});
}

TEST(Sessions, LostTermLeavesOnlyWhatWasApplied) {
    Sessions sessions({});
    run(sessions, request(1), 10);
    sessions.proposed(request(2, 2), LogIndex{11}, false, 0);
    RequestPart other = request(1);
    other.client.bytes[0] = 2;
    sessions.proposed(other, LogIndex{12}, false, 0);
    EXPECT_EQ(sessions.size(), 2U);
    sessions.drop_ahead();
    sessions.check();
    EXPECT_EQ(sessions.size(), 1U);
    EXPECT_EQ(sessions.admit(request(2), kNow, false).verdict, Verdict::Run);
    EXPECT_EQ(sessions.admit(request(1), kNow, false).verdict, Verdict::Known);
}

// S28.
TEST(Sessions, EntryOfAnExpiredSessionHasNoEffect) {
    Sessions sessions({});
    EXPECT_TRUE(sessions.takes_effect(request(1), LogIndex{1}, kNow));
    EXPECT_TRUE(sessions.takes_effect(request(1), LogIndex{1}, kNow + kSessionLifeMs - 1));
    EXPECT_FALSE(sessions.takes_effect(request(1), LogIndex{1}, kNow + kSessionLifeMs));
    run(sessions, request(1), 10);
    EXPECT_FALSE(sessions.takes_effect(request(1), LogIndex{11}, kNow));
    sessions.expire(kNow + kSessionLifeMs - 1, LogIndex{20});
    EXPECT_EQ(sessions.size(), 1U);
    sessions.expire(kNow + kSessionLifeMs, LogIndex{21});
    EXPECT_EQ(sessions.size(), 0U);
    sessions.check();
}

TEST(Sessions, ReplayOverANewerRowChangesNothing) {
    Sessions sessions({});
    run(sessions, request(1), 10);
    run(sessions, request(2), 11);
    const std::string row = encode_session_row(*sessions.find({kNow, request(1).client}));
    Sessions again({});
    Session loaded;
    ASSERT_TRUE(decode_session_row(row, loaded).has_value());
    again.load({kNow, request(1).client}, std::move(loaded));
    EXPECT_TRUE(again.takes_effect(request(1), LogIndex{10}, kNow));  // it had its effect
    again.remember(request(1), LogIndex{10}, done(request(1), LogIndex{10}));
    again.check();
    EXPECT_EQ(encode_session_row(*again.find({kNow, request(1).client})), row);
}

// Rows come from peers, too: one that wraps around would break what check() holds for granted.
TEST(Sessions, ARowIsRefusedWhenItsNumbersDoNotRise) {
    const auto row_of = [](std::vector<std::uint64_t> numbers) {
        Session session;
        session.lowest_open = 100;
        for (const std::uint64_t seq : numbers) {
            Remembered item;
            item.seq = seq;
            session.remembered.insert(std::move(item));
        }
        return encode_session_row(session);
    };
    // The queue itself sorts: what a peer writes in another order is made of two rows.
    const std::string high = row_of({std::numeric_limits<std::uint64_t>::max()});
    const std::string low = row_of({5});
    const std::size_t head = row_of({}).size();
    std::string wrapped = high + low.substr(head);
    wrapped[head - 4] = 2;  // items
    Session session;
    EXPECT_FALSE(decode_session_row(low, session).has_value()) << "below the lowest open one";
    session = {};
    EXPECT_FALSE(decode_session_row(wrapped, session).has_value());
    session = {};
    EXPECT_TRUE(decode_session_row(row_of({100, 101}), session).has_value());
}

TEST(Sessions, RowOfAnEndedSessionStaysUntilItsLogIsGone) {
    Sessions sessions({});
    run(sessions, request(1), 10);
    const SessionName name{kNow, request(1).client};
    sessions.flushed({name.client, name.start_ms});
    sessions.expire(kNow + kSessionLifeMs, LogIndex{20});
    EXPECT_TRUE(sessions.erasable(LogIndex{19}, 10).empty());
    EXPECT_EQ(sessions.erasable(LogIndex{20}, 10).size(), 1U);
    sessions.erased(name);
    EXPECT_TRUE(sessions.erasable(LogIndex{20}, 10).empty());
}

RC_GTEST_PROP(Sessions, RowsComeBackAsTheyWere, (const std::vector<std::string>& replies)) {
    Sessions sessions({});
    std::uint64_t seq = 0;
    for (const std::string& reply : replies) {
        const RequestPart part = request(++seq);
        sessions.remember(part, LogIndex{seq}, done(part, LogIndex{seq}, reply));
    }
    const Session* session = sessions.find({kNow, request(1).client});
    if (session == nullptr) return;  // no reply, no session
    const std::string row = encode_session_row(*session);
    Session read;
    RC_ASSERT(decode_session_row(row, read).has_value());
    RC_ASSERT(encode_session_row(read) == row);
    RC_ASSERT(read.reply_bytes == session->reply_bytes);
    Session half;
    const auto cut = *rc::gen::inRange<std::size_t>(0, row.size());
    RC_ASSERT(!decode_session_row(std::string_view(row).substr(0, cut), half).has_value());
}

// A row of another node's snapshot may hold anything.
TEST(Sessions, RowsOutOfOrderAreRefused) {
    constexpr std::uint64_t kLast = ~std::uint64_t{0};
    struct Case {
        const char* why;
        std::uint64_t first, second;
        bool taken;
    };
    const Case cases[] = {{"rising", 3, 5, true},
                          {"the same twice", 3, 3, false},
                          {"falling", 5, 3, false},
                          {"below the lowest open", 1, 5, false},
                          {"behind the last", kLast, 3, false},
                          {"the last twice", kLast, kLast, false}};
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        Session one, other, read;
        one.lowest_open = 2;
        one.remembered.insert(done(request(c.first), LogIndex{7}));
        other.remembered.insert(done(request(c.second), LogIndex{8}));
        std::string row = encode_session_row(one);
        constexpr std::size_t kHeaderBytes = 1 + 8 + 8 + 4;
        row += encode_session_row(other).substr(kHeaderBytes);
        row[kHeaderBytes - 4] = 2;
        EXPECT_EQ(decode_session_row(row, read).has_value(), c.taken);
    }
}

RC_GTEST_PROP(SeqQueue, IsASortedQueue, (const std::vector<std::uint8_t>& steps)) {
    SeqQueue<OpenCommand> queue;
    std::set<std::uint64_t> model;
    for (const std::uint8_t step : steps) {
        if (step % 4 == 0 && !model.empty()) {
            queue.pop_front();
            model.erase(model.begin());
        } else if (step % 4 == 1) {
            queue.erase(step);
            model.erase(step);
        } else if (model.insert(step).second) {
            OpenCommand item;
            item.seq = step;
            queue.insert(item);
        }
        RC_ASSERT(queue.size() == model.size());
        auto at = model.begin();
        for (const OpenCommand& item : queue) RC_ASSERT(item.seq == *at++);
    }
}

// ---- sections -----------------------------------------------------------------------------------

EntryBuilder command_entry(bool value) {
    EntryBuilder builder;
    builder.begin(EntryKind::Command);
    write_request(builder, request(3, 2));
    write_entity(builder, {.standing = {Revision{9}, Version{2}, Generation{5}},
                           .hash = 77,
                           .type = "type",
                           .id = "id"});
    if (value) write_value(builder, {.deleted = false, .bytes = "bytes"});
    return builder;
}

Bytes finish(EntryBuilder& builder) {
    EntryHeader header;
    header.index = LogIndex{9};
    return builder.finish(header, {});
}

TEST(Sections, ComeBackAsTheyWere) {
    EntryBuilder builder = command_entry(false);
    write_events(builder, {Bytes::copy_of("one"), Bytes(), Bytes::copy_of("two")});
    write_outcome(builder, {.outcome = Outcome::Rejected, .error_number = 8100, .message = "no"});
    builder.section(SectionType::Reply, "reply");
    builder.section(SectionType::SnapshotPart, "state");
    const Bytes encoded = finish(builder);
    // Version 2 cannot come of three events.
    EXPECT_FALSE(decode_entry(EntryKind::Command, encoded.view()).has_value());
    const auto entry = decode_entry(EntryKind::NoOp, encoded.view());
    ASSERT_TRUE(entry.has_value());
    EXPECT_EQ(entry->request->seq, 3U);
    EXPECT_EQ(entry->request->lowest_open, 2U);
    EXPECT_EQ(entry->request->digest, request(3).digest);
    EXPECT_EQ(entry->entity->hash, 77U);
    EXPECT_EQ(entry->entity->type, "type");
    EXPECT_EQ(entry->entity->id, "id");
    EXPECT_EQ(entry->events, (std::vector<std::string_view>{"one", "", "two"}));
    EXPECT_EQ(entry->outcome.outcome, Outcome::Rejected);
    EXPECT_EQ(entry->outcome.message, "no");
    EXPECT_EQ(entry->reply, "reply");
    EXPECT_EQ(entry->snapshot, "state");
}

TEST(Sections, WhatMustBeUnderstoodStopsOlderBuilds) {
    EntryBuilder optional = command_entry(true);
    optional.section(SectionType::Trace, "whatever", false);
    EXPECT_TRUE(decode_entry(EntryKind::Command, finish(optional).view()).has_value());
    EntryBuilder critical = command_entry(true);
    critical.section(SectionType::Timers, "whatever", true);
    const auto refused = decode_entry(EntryKind::Command, finish(critical).view());
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::Unsupported);
    EntryBuilder later = command_entry(true);
    EXPECT_EQ(decode_entry(EntryKind::Expire, finish(later).view()).error().code,
              ErrorCode::Unsupported);
}

TEST(Sections, SenselessBodiesAreRefused) {
    struct Case {
        const char* why;
        SectionType type;
        std::string body;
    };
    const Case cases[] = {
        {"a request cut short", SectionType::Request, std::string(55, 'x')},
        {"an entity without a type", SectionType::Entity, std::string(33, '\0') + "id"},
        {"an entity without an id", SectionType::Entity, std::string(32, '\0') + "\x02kv"},
        {"a value that is neither", SectionType::Value, "\x03"},
        {"a deleted value with bytes", SectionType::Value, "\x02x"},
        {"events that run past the end", SectionType::Events, std::string("\0\xff\0\0\0x", 6)},
        {"no events", SectionType::Events, ""},
        {"outcome 0", SectionType::Outcome, std::string("\0\0\0", 3)},
        {"outcome 5", SectionType::Outcome, std::string("\x05\0\0", 3)},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        EntryBuilder builder;
        builder.begin(EntryKind::NoOp);
        builder.section(c.type, c.body);
        const auto entry = decode_entry(EntryKind::NoOp, finish(builder).view());
        ASSERT_FALSE(entry.has_value());
        EXPECT_EQ(entry.error().code, ErrorCode::Corrupt);
    }
    EntryBuilder lacking = command_entry(false);
    EXPECT_FALSE(decode_entry(EntryKind::Command, finish(lacking).view()).has_value());
}

// ---- rows ---------------------------------------------------------------------------------------

TEST(Rows, EveryCutIsRefused) {
    const std::string entity =
        encode_entity_row({.applied = LogIndex{9},
                           .standing = {Revision{9}, Version{2}, Generation{5}},
                           .kind = entity::Kind::Value,
                           .value = "value"});
    EXPECT_EQ(decode_entity_row(entity)->value, "value");
    for (std::size_t cut = 0; cut < entity.size() - 5; ++cut)
        EXPECT_FALSE(decode_entity_row(entity.substr(0, cut)).has_value()) << cut;
    std::string newer = entity;
    newer[0] = 2;
    EXPECT_EQ(decode_entity_row(newer).error().code, ErrorCode::Unsupported);
    newer[0] = 0;
    EXPECT_EQ(decode_entity_row(newer).error().code, ErrorCode::Corrupt);
}

// Whether the entity existed is written twice, as a flag and by its generation.
TEST(Rows, ASessionThatContradictsItselfIsDamaged) {
    Session session;
    Remembered item;
    item.seq = 3;
    item.standing = {Revision{9}, Version{2}, Generation{5}};
    session.remembered.insert(item);
    std::string row = encode_session_row(session);
    Session read;
    ASSERT_TRUE(decode_session_row(row, read).has_value());
    EXPECT_TRUE(read.remembered.find(3)->standing.exists());
    constexpr std::size_t kFlagsAt = 1 + 8 + 8 + 4 + 8 + 16 + 1;
    ASSERT_EQ(row[kFlagsAt], 1);
    row[kFlagsAt] = 0;
    Session forged;
    EXPECT_EQ(decode_session_row(row, forged).error().code, ErrorCode::Corrupt);
}

TEST(Rows, KeysOfAnEntityBelongToItAlone) {
    const std::string prefix = rows_prefix(PartitionId{7}, {3});
    ASSERT_EQ(prefix.size(), kRowPrefixBytes);
    std::string a;
    std::string ab;
    entity::write_key(a, 5, "kv", "a");  // one hash tag, one hash
    entity::write_key(ab, 5, "kv", "ab");
    EXPECT_FALSE(journal_row_key(prefix, ab, Version{1}).starts_with(journal_prefix(prefix, a)));
    EXPECT_TRUE(journal_row_key(prefix, a, Version{1}).starts_with(journal_prefix(prefix, a)));
    EXPECT_LT(journal_row_key(prefix, a, Version{255}), journal_row_key(prefix, a, Version{256}));
    const SessionName name{kNow, request(1).client};
    EXPECT_EQ(*decode_session_key(session_row_key(prefix, name)), name);
    EXPECT_FALSE(decode_session_key(prefix).has_value());
}

}  // namespace
}  // namespace weft::replication
