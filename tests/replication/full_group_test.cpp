// A full group ends its oldest sessions before their time (docs/adr/0007): whoever comes gets in,
// and whatever the ended ones still send is expired and never run.

#include "core/error.h"
#include "partition_lab.h"
#include "replication/partition/rows.h"
#include "replication/partition/sessions.h"

#include <gtest/gtest.h>

#include <limits>

namespace weft::replication::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

PartitionLabOptions small(std::size_t count = 1) {
    PartitionLabOptions options;
    options.count = count;
    options.limits.sessions = 2;
    options.limits.session_spared_ms = 1000;
    return options;
}

// One session after the other, all over one connection at the leader.
class FullGroup {
public:
    explicit FullGroup(PartitionLabOptions options = small()) : lab(options) { lab.lead(); }
    // A client that begins its session now.
    void client(std::uint8_t number) {
        lab.client = number;
        lab.start_ms = lab.now.wall.ms;
        lab.seq = 0;
    }
    Request add() { return lab.request("counter", "c", "add", "1"); }
    Reply ask(const Request& request) { return lab.call(*lab.leader(), request); }
    std::string count() {
        return std::string(lab.call(*lab.leader(), "counter", "c", "get").payload.view());
    }
    // By a floor that is there: one that was forgotten would be raised again, by an entry.
    void expect_expired(const Request& request) {
        const Partition& partition = lab.at(*lab.leader());
        const LogIndex last = partition.status().last;
        const Reply reply = ask(request);
        EXPECT_EQ(partition.status().last, last);
        EXPECT_EQ(reply.outcome, Outcome::Unknown);
        EXPECT_EQ(reply.error.number, static_cast<int>(ErrorNumber::SessionExpired));
    }
    // The first client's session ends to make room; returns its command, which was done.
    Request evicted() {
        client(1);
        const Request first = add();
        EXPECT_EQ(ask(first).outcome, Outcome::Done);
        for (const std::uint8_t other : {std::uint8_t{2}, std::uint8_t{3}}) {
            lab.run(milliseconds(1100));
            client(other);
            EXPECT_EQ(ask(add()).outcome, Outcome::Done) << "the group is full, nobody is refused";
        }
        EXPECT_EQ(lab.at(*lab.leader()).status().sessions, 2U);
        return first;
    }
    PartitionLab lab;
};

TEST(FullGroup, EndsItsOldestSessionAndRunsNothingOfItAgain) {
    FullGroup group;
    const Request first = group.evicted();
    group.expect_expired(first);
    Request next = first;
    next.id.seq = 2;
    group.expect_expired(next);
    next.kind = RequestKind::Resolve;
    group.expect_expired(next);
    EXPECT_EQ(group.count(), "3");
    group.client(1);  // with a new session it goes on
    EXPECT_EQ(group.ask(group.add()).outcome, Outcome::Done);
}

TEST(FullGroup, RefusesWhileAllAreYoung) {
    FullGroup group;
    for (const std::uint8_t number : {std::uint8_t{1}, std::uint8_t{2}}) {
        group.client(number);
        EXPECT_EQ(group.ask(group.add()).outcome, Outcome::Done);
        group.lab.run(milliseconds(100));
    }
    group.client(3);
    const Request third = group.add();
    const Reply refused = group.ask(third);
    EXPECT_EQ(refused.outcome, Outcome::NotDone);
    EXPECT_EQ(refused.error.number, static_cast<int>(ErrorNumber::PartitionFull));
    EXPECT_TRUE(refused.error.is_retryable());
    group.lab.run(milliseconds(1100));
    EXPECT_EQ(group.ask(third).outcome, Outcome::Done);
}

// Stamps never fall; sessions that begin while the clock is behind them start by the clock.
TEST(FullGroup, KeepsItsFloorBehindAClockThatWasSetBack) {
    for (const std::int64_t stamps_back : {0, 1500}) {
        SCOPED_TRACE(stamps_back);
        FullGroup group;
        PartitionLab& lab = group.lab;
        group.client(1);
        EXPECT_EQ(group.ask(group.add()).outcome, Outcome::Done);
        lab.run(milliseconds(1100));
        group.client(2);
        EXPECT_EQ(group.ask(group.add()).outcome, Outcome::Done);
        if (stamps_back == 0) lab.set_clock_ahead(0, -1500);
        lab.step(0, OwnClock{.ahead = false, .stamps_back_ms = stamps_back});
        group.client(3);
        lab.start_ms -= 1500;
        const Request third = group.add();
        const LogIndex last = lab.at(0).status().last;
        EXPECT_EQ(group.ask(third).error.number, static_cast<int>(ErrorNumber::PartitionFull));
        EXPECT_EQ(lab.at(0).status().last, last);
        lab.set_clock_ahead(0, 0);
        lab.step(0, OwnClock{});
        lab.run(milliseconds(1100));
        group.client(3);
        EXPECT_EQ(group.ask(group.add()).outcome, Outcome::Done);
    }
}

TEST(FullGroup, WhatIsInFlightOfAnEndingSessionIsAnswered) {
    FullGroup group;
    PartitionLab& lab = group.lab;
    group.client(1);
    EXPECT_EQ(group.ask(group.add()).outcome, Outcome::Done);
    const Request open = group.add();
    Request later = group.add();
    lab.run(milliseconds(1100));
    group.client(2);
    EXPECT_EQ(group.ask(group.add()).outcome, Outcome::Done);
    lab.hold_disk(0);
    const ClientRef waits = lab.send(0, open);
    group.client(3);
    const ClientRef fresh = lab.send(0, group.add());
    const ClientRef again = lab.send(0, open);
    const ClientRef late = lab.send(0, later);
    EXPECT_FALSE(lab.answered(waits) || lab.answered(fresh) || lab.answered(again));
    EXPECT_EQ(lab.take(late).error.number, static_cast<int>(ErrorNumber::SessionExpired));
    lab.hold_disk(0, false);
    EXPECT_EQ(lab.take(waits).payload.view(), "3");
    EXPECT_EQ(lab.take(again).payload.view(), "3");
    EXPECT_EQ(lab.take(fresh).payload.view(), "4");
    group.expect_expired(open);
    EXPECT_EQ(group.count(), "4");
}

TEST(FullGroup, RemembersItsFloorOverARestart) {
    for (const bool swept : {false, true}) {
        SCOPED_TRACE(swept ? "from rows" : "from the log");
        FullGroup group;
        const Request first = group.evicted();
        if (swept) {
            group.lab.sweep(0);
            ASSERT_EQ(group.lab.at(0).status().base, group.lab.at(0).status().applied);
        }
        const std::uint64_t before = group.lab.at(0).state_hash();
        group.lab.restart(0);
        group.lab.lead();
        EXPECT_EQ(group.lab.at(0).status().sessions, 2U);
        if (swept) {
            EXPECT_EQ(group.lab.at(0).state_hash(), before);
        }
        group.expect_expired(first);
        EXPECT_EQ(group.count(), "3");
    }
}

// Its row is erased by a sweep after the one that moves the base past its end.
TEST(FullGroup, ARowThatIsNotErasedYetIsNotLoadedAgain) {
    FullGroup group;
    group.client(1);
    const Request first = group.add();
    EXPECT_EQ(group.ask(first).outcome, Outcome::Done);
    group.lab.sweep(0);
    for (const std::uint8_t other : {std::uint8_t{2}, std::uint8_t{3}}) {
        group.lab.run(milliseconds(1100));
        group.client(other);
        EXPECT_EQ(group.ask(group.add()).outcome, Outcome::Done);
    }
    group.lab.sweep(0);
    ASSERT_EQ(group.lab.at(0).status().base, group.lab.at(0).status().applied);
    const auto rows = [&] { return group.lab.disk(0).row_keys(storage::Table::Session).size(); };
    ASSERT_EQ(rows(), 4U) << "three sessions and the floor";
    const std::uint64_t before = group.lab.at(0).state_hash();
    group.lab.restart(0);
    group.lab.lead();
    EXPECT_EQ(group.lab.at(0).status().sessions, 2U);
    EXPECT_EQ(group.lab.at(0).state_hash(), before);
    group.expect_expired(first);
    group.lab.run(milliseconds(1100));
    group.client(4);
    EXPECT_EQ(group.ask(group.add()).outcome, Outcome::Done) << "the next floor is a higher one";
    group.lab.sweep(0);
    group.lab.sweep(0);
    EXPECT_EQ(rows(), 3U);
}

// The base stays where a sweep began; the row of the floor that it writes at its end is newer.
TEST(FullGroup, ReplayUnderANewerFloorLosesNothing) {
    FullGroup group;
    PartitionLab& lab = group.lab;
    group.client(1);
    EXPECT_EQ(group.ask(group.add()).outcome, Outcome::Done);
    lab.run(milliseconds(1100));
    group.client(2);
    EXPECT_EQ(group.ask(group.add()).outcome, Outcome::Done);
    lab.sweep(0);
    group.ask(group.add());
    lab.step(0, Sweep{1});  // begins, and writes the entity
    const LogIndex base = lab.at(0).status().applied;
    Request first = lab.request("counter", "c", "add", "1");
    first.id.client.bytes[0] = 1;
    first.id.start_ms = lab.start_ms - 1100;
    first.id.seq = 2;
    EXPECT_EQ(group.ask(first).payload.view(), "4");
    group.client(3);
    EXPECT_EQ(group.ask(group.add()).payload.view(), "5");
    lab.sweep(0, 1);
    ASSERT_EQ(lab.at(0).status().base, base);
    ASSERT_LT(base, lab.at(0).status().applied);
    lab.options().auto_persist = false;  // no vote of its own yet, so nothing is applied
    lab.restart(0);
    EXPECT_FALSE(lab.at(0).state_settled());
    lab.options().auto_persist = true;
    lab.persist(0);
    lab.lead();
    EXPECT_TRUE(lab.at(0).state_settled());
    EXPECT_EQ(group.count(), "5");
    group.expect_expired(first);
}

TEST(FullGroup, ADamagedFloorIsNotServedFrom) {
    FullGroup group;
    group.evicted();
    group.lab.sweep(0);
    group.lab.crash(0);
    const std::string key = floor_row_key(rows_prefix(PartitionLab::kGroup, {0}));
    ASSERT_TRUE(group.lab.disk(0).flip_bit_in_row(storage::Table::Session, key, 70));
    group.lab.boot(0);
    group.lab.run(seconds(3));
    EXPECT_TRUE(group.lab.at(0).status().damaged);
    EXPECT_FALSE(group.lab.leader().has_value());
}

// A row that holds but cannot be true is as damaged as one that does not hold.
TEST(FullGroup, AForgedFloorIsNotServedFrom) {
    constexpr std::int64_t kFar = PartitionLab::kStart + 3'600'000;
    struct Case {
        const char* why;
        SessionFloor floor;
        LogIndex session;  // the last entry of one that starts below it
    };
    const Case cases[] = {
        {"above the stamp of the base", {kFar, LogIndex{1}}, LogIndex{1}},
        {"of an entry that is nowhere", {kFar, LogIndex{50}}, LogIndex{1}},
        {"older than a session below it", {kFar, LogIndex{50}}, LogIndex{51}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        FullGroup group;
        const Request first = group.evicted();
        group.lab.sweep(0);
        group.lab.crash(0);
        storage::WriteBatch batch;
        const std::string at = rows_prefix(PartitionLab::kGroup, {0});
        batch.put_row(storage::Table::Session, floor_row_key(at), encode_floor_row(c.floor));
        Session session;
        session.applied = c.session;
        batch.put_row(storage::Table::Session,
                      session_row_key(at, {first.id.start_ms, first.id.client}),
                      encode_session_row(session));
        ASSERT_TRUE(group.lab.disk(0).apply(batch).has_value());
        group.lab.options().auto_persist = false;
        group.lab.boot(0);
        group.lab.run(seconds(1));
        group.lab.persist(0, 1);
        const ClientRef early = group.lab.send(0, group.add());  // before the no-op
        group.lab.options().auto_persist = true;
        group.lab.run(seconds(3));
        EXPECT_TRUE(group.lab.at(0).status().damaged);
        EXPECT_FALSE(group.lab.leader().has_value());
        EXPECT_EQ(group.lab.take(early).error.code, ErrorCode::NotLeader);
    }
}

TEST(FullGroup, AForgedEntryEndsNoSessionThatIsStillToCome) {
    FullGroup group;
    PartitionLab& lab = group.lab;
    const Request first = group.evicted();
    lab.run(milliseconds(20));  // the stamp is behind all starts
    const PartitionStatus status = lab.at(0).status();
    lab.crash(0);
    const auto log = lab.disk(0).read_log({PartitionLab::kGroup, status.last, status.last, 4096});
    ASSERT_TRUE(log.has_value());
    ASSERT_EQ(log->entries.size(), 1U);
    EntryBuilder builder;
    builder.begin(EntryKind::Expire);
    write_session_floor(builder, std::numeric_limits<std::int64_t>::max());
    EntryHeader header;
    header.group = PartitionLab::kGroup;
    header.index = LogIndex{status.last.value + 1};
    header.term = status.term;
    header.stamp_ms = lab.now.wall.ms;
    const Chain chain = read_entry_header(log->entries.front().view())->chain;
    storage::WriteBatch batch;
    batch.append(PartitionLab::kGroup, header.index, builder.finish(header, chain).view());
    ASSERT_TRUE(lab.disk(0).apply(batch).has_value());
    lab.boot(0);
    ASSERT_EQ(lab.lead(), 0U);
    EXPECT_EQ(lab.at(0).status().sessions, 0U);
    group.expect_expired(first);
    group.client(4);
    EXPECT_EQ(group.ask(group.add()).outcome, Outcome::Done);
}

// Nothing follows from a floor that the next leader's log does not have.
TEST(FullGroup, AFloorThatIsTruncatedEndsNothing) {
    FullGroup group(small(3));
    PartitionLab& lab = group.lab;
    const std::size_t former = *lab.leader();
    group.client(1);
    Request of_first = group.add();
    EXPECT_EQ(group.ask(of_first).outcome, Outcome::Done);
    lab.run(milliseconds(1100));
    group.client(2);
    EXPECT_EQ(group.ask(group.add()).outcome, Outcome::Done);
    lab.run(milliseconds(500));
    ASSERT_EQ(*lab.leader(), former);
    const LogIndex last = lab.at(former).status().last;
    lab.cut(former);
    group.client(3);
    const ClientRef lost = lab.send(former, group.add());
    ASSERT_EQ(lab.at(former).status().last.value, last.value + 2) << "the floor and the command";
    of_first.id.seq = 2;
    EXPECT_EQ(lab.take(lab.send(former, of_first)).error.number,
              static_cast<int>(ErrorNumber::SessionExpired));
    lab.run(seconds(5));
    EXPECT_EQ(lab.take(lost).outcome, Outcome::Unknown);
    ASSERT_NE(lab.lead(), former);
    EXPECT_EQ(group.ask(of_first).payload.view(), "3");
    lab.cut(former, false);
    lab.run(seconds(5));
    EXPECT_EQ(lab.at(former).state_hash(), lab.at(*lab.leader()).state_hash());
    lab.step(*lab.leader(), TransferLeadership{PartitionLab::node(former)});
    lab.settle();
    lab.run(seconds(1));
    ASSERT_EQ(lab.lead(), former);
    of_first.id.seq = 3;
    EXPECT_EQ(group.ask(of_first).payload.view(), "4");
    group.client(4);
    EXPECT_EQ(group.ask(group.add()).payload.view(), "5");
    group.expect_expired(of_first);
}

TEST(FullGroup, AFollowerThatTakesOverKeepsTheFloor) {
    FullGroup group(small(3));
    const std::size_t leader = *group.lab.leader();
    const Request first = group.evicted();
    group.lab.run(milliseconds(500));
    ASSERT_EQ(*group.lab.leader(), leader);
    group.lab.crash(leader);
    group.lab.cut(leader);
    ASSERT_NE(group.lab.lead(), leader);
    group.expect_expired(first);
    EXPECT_EQ(group.count(), "3");
}

TEST(FullGroup, ASnapshotCarriesTheFloor) {
    PartitionLabOptions options = small(3);
    options.limits.laggard_entries = 4;
    FullGroup group(options);
    PartitionLab& lab = group.lab;
    const std::size_t leader = *lab.leader();
    const std::size_t away = (leader + 1) % 3;
    lab.cut(away);
    lab.crash(away);
    const Request first = group.evicted();
    lab.run(seconds(3));
    lab.sweep(leader);
    ASSERT_EQ(*lab.leader(), leader);
    lab.cut(away, false);
    lab.boot(away);
    lab.run(seconds(10));
    EXPECT_GT(lab.snapshot_chunks, 0U);
    ASSERT_EQ(*lab.leader(), leader);
    EXPECT_EQ(lab.at(away).state_hash(), lab.at(leader).state_hash());
    lab.step(leader, TransferLeadership{PartitionLab::node(away)});
    lab.settle();
    lab.run(seconds(1));
    ASSERT_EQ(lab.lead(), away);
    group.expect_expired(first);
    EXPECT_EQ(group.count(), "3");
}

}  // namespace
}  // namespace weft::replication::test
