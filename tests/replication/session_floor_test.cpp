// The floor of session starts alone (docs/adr/0007): the sessions, the section and the row.

#include "core/error.h"
#include "replication/partition/rows.h"
#include "replication/partition/sessions.h"

#include <gtest/gtest.h>

#include <limits>

namespace weft::replication::test {
namespace {

constexpr std::int64_t kNow = 1'000'000;

RequestPart request_of(std::int64_t start_ms, std::uint64_t seq = 1, std::uint8_t client = 1) {
    RequestPart part;
    part.client.bytes[0] = client;
    part.start_ms = start_ms;
    part.seq = seq;
    part.lowest_open = 1;
    return part;
}

void run(Sessions& sessions, const RequestPart& part, std::uint64_t index) {
    sessions.proposed(part, LogIndex{index}, false, 0);
    sessions.remember(part, LogIndex{index}, {.seq = part.seq, .index = LogIndex{index}});
    sessions.check();
}

std::size_t raise_to(Sessions& sessions, std::int64_t floor_ms, std::uint64_t index) {
    const std::size_t ended = sessions.raise_floor(floor_ms, LogIndex{index}, kNow);
    sessions.check();
    return ended;
}

constexpr SessionLimits kSmall{.sessions = 4, .spared_ms = 1000};

// Four sessions, 5 s to 2 s old, by entries 1 to 4.
Sessions full() {
    Sessions sessions(kSmall);
    for (std::uint64_t i = 0; i < 4; ++i)
        run(sessions, request_of(kNow - 5000 + 1000 * static_cast<std::int64_t>(i)), i + 1);
    return sessions;
}

TEST(SessionFloor, TakesTheOldestFirstAndASixteenthAtOnce) {
    Sessions sessions = full();
    EXPECT_EQ(sessions.admit(request_of(kNow), kNow, false).verdict, Verdict::PartitionFull);
    EXPECT_EQ(sessions.higher_floor(kNow), kNow - 4999);
    Sessions many({.sessions = 64, .spared_ms = 1000});
    EXPECT_EQ(many.higher_floor(kNow), std::nullopt) << "there is nothing to end";
    for (std::uint64_t i = 0; i < 64; ++i)
        run(many, request_of(kNow - 5000 + static_cast<std::int64_t>(i)), i + 1);
    EXPECT_EQ(many.higher_floor(kNow), kNow - 5000 + 4);
    EXPECT_EQ(raise_to(many, kNow - 5000 + 4, 65), 4U);
    EXPECT_EQ(many.size(), 60U);
}

TEST(SessionFloor, SparesTheYoung) {
    Sessions sessions = full();
    EXPECT_EQ(sessions.higher_floor(kNow - 4000), std::nullopt);
    EXPECT_EQ(sessions.higher_floor(kNow - 3999), kNow - 4999);
    Sessions many({.sessions = 64, .spared_ms = 1000});
    for (std::uint64_t i = 0; i < 64; ++i)
        run(many, request_of(kNow - 1002 + static_cast<std::int64_t>(i)), i + 1);
    EXPECT_EQ(many.higher_floor(kNow), kNow - 1000) << "two are old enough, four would go";
    EXPECT_EQ(many.higher_floor(std::numeric_limits<std::int64_t>::max()), kNow - 1002 + 4);
}

TEST(SessionFloor, MakesRoomAtTheLeaderBeforeItsEntryIsApplied) {
    Sessions sessions = full();
    const RequestPart oldest = request_of(kNow - 5000);
    sessions.proposed(request_of(kNow - 5000, 2), LogIndex{5}, false, 0);
    sessions.floor_proposed(*sessions.higher_floor(kNow));
    sessions.check();
    EXPECT_EQ(sessions.higher_floor(kNow), std::nullopt) << "one at a time";
    struct Case {
        const char* why;
        RequestPart part;
        bool resolve;
        Verdict verdict;
    };
    const Case cases[] = {
        {"a new session", request_of(kNow), false, Verdict::Run},
        {"what is remembered", oldest, false, Verdict::Known},
        {"what is in flight", request_of(kNow - 5000, 2), false, Verdict::Join},
        {"another command of it", request_of(kNow - 5000, 3), false, Verdict::Expired},
        {"to be closed behind it", request_of(kNow - 5000, 3), true, Verdict::Expired},
        {"a start below it", request_of(kNow - 5001, 1, 2), false, Verdict::Expired},
        {"the next session", request_of(kNow - 4000, 2), false, Verdict::Run},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        EXPECT_EQ(sessions.admit(c.part, kNow, c.resolve).verdict, c.verdict);
    }
    // The room is there once.
    sessions.proposed(request_of(kNow), LogIndex{7}, false, 0);
    EXPECT_EQ(sessions.admit(request_of(kNow, 1, 2), kNow, false).verdict, Verdict::PartitionFull);
    sessions.remember(request_of(kNow - 5000, 2), LogIndex{5}, {.seq = 2, .index = LogIndex{5}});
    EXPECT_EQ(raise_to(sessions, kNow - 4999, 6), 1U);
    EXPECT_EQ(sessions.admit(oldest, kNow, false).verdict, Verdict::Expired);
    EXPECT_EQ(sessions.admit(request_of(kNow, 1, 2), kNow, false).verdict, Verdict::PartitionFull);
}

TEST(SessionFloor, LostWithItsTermEndsNothing) {
    Sessions sessions = full();
    sessions.floor_proposed(*sessions.higher_floor(kNow));
    sessions.drop_ahead();
    sessions.check();
    EXPECT_EQ(sessions.admit(request_of(kNow - 5000, 2), kNow, false).verdict, Verdict::Run);
    EXPECT_EQ(sessions.admit(request_of(kNow), kNow, false).verdict, Verdict::PartitionFull);
    EXPECT_EQ(sessions.higher_floor(kNow), kNow - 4999);
}

TEST(SessionFloor, WhatTimeEndsMeanwhileIsNotCountedTwice) {
    Sessions sessions = full();
    sessions.floor_proposed(*sessions.higher_floor(kNow));
    sessions.expire(kNow - 5000 + kSessionLifeMs, LogIndex{5});
    sessions.check();
    EXPECT_EQ(sessions.size(), 3U);
    EXPECT_EQ(raise_to(sessions, kNow - 4999, 6), 0U);
}

// S28.
TEST(SessionFloor, AnEntryBelowItHasNoEffect) {
    Sessions sessions = full();
    raise_to(sessions, kNow - 4999, 5);
    EXPECT_FALSE(sessions.takes_effect(request_of(kNow - 5000, 2), LogIndex{6}, kNow));
    EXPECT_FALSE(sessions.takes_effect(request_of(kNow - 5001, 1, 2), LogIndex{6}, kNow));
    EXPECT_TRUE(sessions.takes_effect(request_of(kNow - 4999, 1, 2), LogIndex{6}, kNow));
    EXPECT_EQ(sessions.resolve(request_of(kNow - 5000, 2), LogIndex{6}, kNow), nullptr);
    EXPECT_EQ(sessions.size(), 3U) << "a resolve makes no row again";
}

// Whatever an entry or a row says: a session that begins behind it can begin.
TEST(SessionFloor, IsNeverAboveTheStampOfItsEntry) {
    constexpr std::int64_t kForged = std::numeric_limits<std::int64_t>::max();
    Sessions sessions = full();
    EXPECT_EQ(raise_to(sessions, kForged, 5), 4U);
    EXPECT_EQ(sessions.floor().start_ms, kNow);
    EXPECT_EQ(sessions.admit(request_of(kNow), kNow, false).verdict, Verdict::Run);
    EXPECT_TRUE(sessions.takes_effect(request_of(kNow), LogIndex{6}, kNow));
    Sessions again({});
    again.load_floor({kForged, LogIndex{9}});
    raise_to(again, kNow - 4999, 8);
    raise_to(again, kNow - 2999, 9);
    EXPECT_EQ(again.floor().start_ms, kNow);
    EXPECT_TRUE(again.floor_dirty()) << "the row is to be put right";
    EXPECT_EQ(again.admit(request_of(kNow), kNow, false).verdict, Verdict::Run);
}

// One client can give all its sessions the same start, so that all of them end at once.
TEST(SessionFloor, HoldsASixteenthBeyondTheLimitUntilItsEntryIsApplied) {
    Sessions sessions({.sessions = 64, .spared_ms = 1000});
    const auto of_client = [](std::int64_t start_ms, std::uint8_t client) {
        return request_of(start_ms, 1, client);
    };
    for (std::uint8_t i = 0; i < 64; ++i) run(sessions, of_client(kNow - 5000, i), i + 1U);
    sessions.floor_proposed(*sessions.higher_floor(kNow));
    for (std::uint8_t i = 0; i < 4; ++i) {
        EXPECT_EQ(sessions.admit(of_client(kNow, i), kNow, false).verdict, Verdict::Run);
        sessions.proposed(of_client(kNow, i), LogIndex{66U + i}, false, 0);
    }
    EXPECT_EQ(sessions.admit(of_client(kNow, 4), kNow, false).verdict, Verdict::PartitionFull);
    sessions.check();
    EXPECT_EQ(raise_to(sessions, kNow - 4999, 65), 64U);
    EXPECT_EQ(sessions.admit(of_client(kNow, 4), kNow, false).verdict, Verdict::Run);
}

TEST(SessionFloor, NeverFalls) {
    Sessions sessions = full();
    raise_to(sessions, kNow - 2999, 5);
    raise_to(sessions, kNow - 4999, 6);
    EXPECT_EQ(sessions.floor().start_ms, kNow - 2999);
    EXPECT_FALSE(sessions.takes_effect(request_of(kNow - 3000, 2), LogIndex{7}, kNow));
}

// After a restart the rows may be ahead of the entries that are applied again over them.
TEST(SessionFloor, EntriesBeforeItHaveTheirEffectAgain) {
    Sessions sessions({});
    sessions.load_floor({kNow - 2999, LogIndex{9}});
    EXPECT_TRUE(sessions.takes_effect(request_of(kNow - 4000), LogIndex{7}, kNow));
    run(sessions, request_of(kNow - 4000), 7);
    run(sessions, request_of(kNow - 5000), 8);
    EXPECT_EQ(raise_to(sessions, kNow - 4500, 8), 1U);  // a lower one, that came before
    EXPECT_EQ(raise_to(sessions, kNow - 2999, 9), 1U);
    EXPECT_FALSE(sessions.takes_effect(request_of(kNow - 4000, 2), LogIndex{10}, kNow));
    EXPECT_FALSE(sessions.floor_dirty()) << "the row is as new";
}

TEST(SessionFloor, RowOfAnEndedSessionIsErasedWhenItsLogIsGone) {
    Sessions sessions = full();
    const SessionName name{kNow - 5000, request_of(0).client};
    sessions.flushed({name.client, name.start_ms});
    raise_to(sessions, kNow - 4999, 5);
    EXPECT_TRUE(sessions.erasable(LogIndex{4}, 10).empty());
    ASSERT_EQ(sessions.erasable(LogIndex{5}, 10).size(), 1U);
    EXPECT_EQ(sessions.erasable(LogIndex{5}, 10).front(), name);
    EXPECT_TRUE(sessions.floor_dirty());
}

TEST(SessionFloor, IsForgottenWithTheState) {
    Sessions sessions = full();
    raise_to(sessions, kNow - 4999, 5);
    sessions.clear();
    sessions.check();
    EXPECT_EQ(sessions.admit(request_of(kNow - 5000), kNow, false).verdict, Verdict::Run);
    EXPECT_FALSE(sessions.floor_dirty());
}

TEST(SessionFloor, SectionAndRowAreCheckedAsHostile) {
    const auto entry = [](std::string_view floor) {
        EntryBuilder builder;
        builder.begin(EntryKind::Expire);
        if (!floor.empty()) builder.section(SectionType::SessionFloor, floor, true);
        EntryHeader header;
        header.index = LogIndex{9};
        return builder.finish(header, {});
    };
    const auto read = decode_entry(EntryKind::Expire, entry("12345678").view());
    ASSERT_TRUE(read.has_value());
    EXPECT_TRUE(read->session_floor.has_value());
    for (const char* wrong : {"1234567", "123456789"})
        EXPECT_EQ(decode_entry(EntryKind::Expire, entry(wrong).view()).error().code,
                  ErrorCode::Corrupt);
    // What a later weft lets end by such an entry is not known here.
    EXPECT_EQ(decode_entry(EntryKind::Expire, entry("").view()).error().code,
              ErrorCode::Unsupported);
    const std::string row = encode_floor_row({kNow, LogIndex{9}});
    EXPECT_TRUE(decode_floor_row(row).has_value());
    for (std::size_t cut = 0; cut < row.size(); ++cut)
        EXPECT_FALSE(decode_floor_row(row.substr(0, cut)).has_value());
    EXPECT_FALSE(decode_floor_row(row + "x").has_value());
}

}  // namespace
}  // namespace weft::replication::test
