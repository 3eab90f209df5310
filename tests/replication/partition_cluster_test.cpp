// Three partitions of one group: lost terms, followers, snapshot transfer.

#include "core/error.h"
#include "partition_lab.h"
#include "replication/partition/rows.h"
#include "replication/partition/sessions.h"
#include "replication/partition/snapshot_format.h"

#include <gtest/gtest.h>

namespace weft::replication::test {
namespace {

PartitionLab::Options three() {
    PartitionLab::Options options;
    options.count = 3;
    return options;
}

// Calls until a leader has answered with more than a refusal.
Reply ask(PartitionLab& lab, const Request& request) {
    Reply reply;
    for (int tries = 0; tries < 200; ++tries) {
        const std::size_t leader = lab.lead();
        if (leader == SIZE_MAX) break;
        reply = lab.call(leader, request);
        if (reply.outcome == Outcome::Done || reply.outcome == Outcome::Rejected) break;
        lab.run(std::chrono::milliseconds(50));
    }
    return reply;
}
std::string get(PartitionLab& lab, std::string type, std::string id) {
    return std::string(
        ask(lab, lab.request(std::move(type), std::move(id), "get", "")).payload.view());
}
void put(PartitionLab& lab, std::string id, std::string value) {
    lab.lowest_open = lab.seq + 1;
    EXPECT_EQ(ask(lab, lab.request("kv", std::move(id), "put", std::move(value))).outcome,
              Outcome::Done);
}
void add(PartitionLab& lab, std::string id, int amount) {
    lab.lowest_open = lab.seq + 1;
    EXPECT_EQ(
        ask(lab, lab.request("counter", std::move(id), "add", std::to_string(amount))).outcome,
        Outcome::Done);
}

TEST(Cluster, ReplicasThatAppliedTheSameLogHoldTheSameState) {
    PartitionLab lab(three());
    const std::size_t leader = lab.lead();
    ASSERT_NE(leader, SIZE_MAX);
    for (int i = 0; i < 40; ++i) {
        put(lab, "k" + std::to_string(i % 5), std::to_string(i));
        add(lab, "c" + std::to_string(i % 3), i);
    }
    lab.run(std::chrono::seconds(1));
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(lab.at(i).status().applied, lab.at(leader).status().applied);
        EXPECT_EQ(lab.at(i).state_hash(), lab.at(leader).state_hash());
    }
}

TEST(Cluster, FollowerRefusesWithTheLeadersName) {
    PartitionLab lab(three());
    const std::size_t leader = lab.lead();
    const std::size_t other = (leader + 1) % 3;
    lab.run(std::chrono::milliseconds(200));
    const Reply reply = lab.call(other, "kv", "a", "put", "v");
    EXPECT_EQ(reply.outcome, Outcome::NotDone);
    EXPECT_EQ(reply.error.code, ErrorCode::NotLeader);
    EXPECT_EQ(reply.leader_hint, PartitionLab::node(leader));
    EXPECT_EQ(reply.hint_term, lab.at(leader).status().term);
}

// S27: with its term, appended commands end unknown, all else not done.
TEST(Cluster, LostTermFoldsOutcomes) {
    PartitionLab::Options options = three();
    options.auto_confirm = false;
    PartitionLab lab(options);
    const std::size_t leader = lab.lead();
    put(lab, "a", "old");
    lab.sweep(leader);
    lab.restart(leader);  // cold entities: some commands will wait for rows
    std::size_t now = lab.lead();
    put(lab, "b", "old");
    lab.sweep(now);
    lab.run(std::chrono::seconds(61));  // passivated
    now = lab.lead();
    lab.cut(now);
    const ClientRef appended = lab.send(now, lab.request("kv", "c", "put", "new"));
    const ClientRef joined = lab.send(now, lab.request("kv", "c", "put", "newer"));
    const ClientRef read = lab.send(now, lab.request("kv", "c", "get", ""));
    EXPECT_FALSE(lab.answered(appended));
    lab.run(std::chrono::seconds(5));
    EXPECT_EQ(lab.take(appended).outcome, Outcome::Unknown);
    EXPECT_EQ(lab.take(joined).outcome, Outcome::Unknown);
    const Reply of_read = lab.take(read);
    EXPECT_EQ(of_read.outcome, Outcome::NotDone);
    EXPECT_EQ(of_read.error.code, ErrorCode::NotLeader);
    EXPECT_FALSE(lab.at(now).ready());
}

TEST(Cluster, QueuedCommandOfALostTermIsNotDone) {
    PartitionLab lab(three());
    std::size_t leader = lab.lead();
    put(lab, "cold", "1");
    lab.run(std::chrono::seconds(1));
    for (std::size_t i = 0; i < 3; ++i) lab.sweep(i);
    for (std::size_t i = 0; i < 3; ++i) lab.restart(i);
    leader = lab.lead();
    lab.options().auto_fetch = false;
    lab.cut(leader);
    const ClientRef queued = lab.send(leader, lab.request("kv", "cold", "put", "2"));
    EXPECT_EQ(lab.at(leader).status().mailbox, 1U);
    lab.run(std::chrono::seconds(5));
    EXPECT_EQ(lab.take(queued).outcome, Outcome::NotDone);
    lab.options().auto_fetch = true;
    lab.cut(leader, false);
    for (std::size_t i = 0; i < 3; ++i) lab.serve(i);  // late rows find nobody waiting
    lab.run(std::chrono::seconds(5));
    EXPECT_EQ(get(lab, "kv", "cold"), "1");
}

// P-once across failover: the same request id at the next leader gives the first outcome.
TEST(Cluster, RepeatAtTheNextLeaderDoesNotRunAgain) {
    PartitionLab lab(three());
    const std::size_t first = lab.lead();
    const Request request = lab.request("counter", "c", "add", "5");
    const Reply done = ask(lab, request);
    lab.crash(first);
    const Reply again = ask(lab, request);
    EXPECT_EQ(again.payload.view(), "5");
    EXPECT_EQ(again.index, done.index);
    EXPECT_EQ(get(lab, "counter", "c"), "5");
}

TEST(Cluster, SpeculationOfALostTermLeavesNoTrace) {
    PartitionLab lab(three());
    const std::size_t leader = lab.lead();
    put(lab, "a", "old");
    add(lab, "c", 1);
    lab.cut(leader);
    lab.send(leader, lab.request("kv", "a", "put", "lost"));
    lab.send(leader, lab.request("counter", "c", "add", "100"));
    lab.run(std::chrono::seconds(5));
    add(lab, "c", 2);
    lab.cut(leader, false);
    lab.run(std::chrono::seconds(2));
    EXPECT_EQ(get(lab, "kv", "a"), "old");
    EXPECT_EQ(get(lab, "counter", "c"), "3");
    lab.run(std::chrono::seconds(1));
    EXPECT_EQ(lab.at(leader).state_hash(), lab.at(lab.lead()).state_hash());
}

// S28, S29: while entries are applied nobody looks at a clock; log time ends sessions.
TEST(Cluster, AFollowerWithAFastClockEndsNoSessionByIt) {
    PartitionLab lab(three());
    const std::size_t leader = lab.lead();
    const std::size_t fast = (leader + 1) % 3;
    lab.set_clock_ahead(fast, 2 * kSessionLifeMs);
    const Request request = lab.request("counter", "c", "add", "7");
    EXPECT_EQ(ask(lab, request).payload.view(), "7");
    lab.run(std::chrono::seconds(1));
    ASSERT_EQ(lab.lead(), leader);
    ASSERT_EQ(lab.at(fast).status().applied, lab.at(leader).status().applied);
    EXPECT_EQ(lab.at(fast).status().sessions, 1U);
    EXPECT_EQ(lab.at(fast).state_hash(), lab.at(leader).state_hash());
    // The same when it reads its log again.
    lab.restart(fast);
    lab.client = 2;
    lab.lowest_open = lab.seq + 1;
    EXPECT_EQ(ask(lab, lab.request("kv", "k", "put", "v")).outcome, Outcome::Done);
    lab.run(std::chrono::seconds(1));
    ASSERT_EQ(lab.at(fast).status().applied, lab.at(leader).status().applied);
    EXPECT_EQ(lab.at(fast).state_hash(), lab.at(leader).state_hash());
    lab.set_clock_ahead(fast, 0);
    lab.step(leader, TransferLeadership{PartitionLab::node(fast)});
    lab.settle();
    lab.run(std::chrono::seconds(1));
    ASSERT_EQ(lab.lead(), fast);
    EXPECT_EQ(ask(lab, request).payload.view(), "7") << "the repeat did not run";
    EXPECT_EQ(get(lab, "counter", "c"), "7");
}

TEST(Cluster, FollowerTakesOverWithEventsItNeverFolded) {
    PartitionLab lab(three());
    std::int64_t sum = 0;
    for (int round = 0; round < 4; ++round) {
        for (int i = 0; i < 100; ++i) {
            add(lab, "c", i);
            sum += i;
        }
        const std::size_t leader = lab.lead();
        if (round == 1) lab.sweep((leader + 1) % 3);
        lab.restart(leader);
        EXPECT_EQ(get(lab, "counter", "c"), std::to_string(sum));
    }
}

// ---- snapshot transfer
// ----------------------------------------------------------------------------

// A follower that was away while the others compacted.
std::size_t leave_one_behind(PartitionLab& lab, std::size_t values = 60) {
    const std::size_t leader = lab.lead();
    const std::size_t away = (leader + 1) % 3;
    put(lab, "k0", "first");
    lab.run(std::chrono::milliseconds(200));
    lab.cut(away);
    lab.crash(away);
    for (std::size_t i = 0; i < values; ++i) {
        put(lab, "k" + std::to_string(i), "value " + std::to_string(i) + std::string(20000, '.'));
        add(lab, "c" + std::to_string(i % 4), 1);
    }
    put(lab, "gone", "v");
    ask(lab, lab.request("kv", "gone", "delete", ""));
    lab.run(std::chrono::seconds(2));
    const std::size_t now = lab.lead();
    lab.sweep(now);
    lab.sweep(3 - now - away);
    EXPECT_GT(lab.at(now).status().base, LogIndex{1});
    put(lab, "tail", "after the base");
    return away;
}

TEST(Snapshot, BringsALaggardToTheSameState) {
    PartitionLab lab(three());
    const std::size_t away = leave_one_behind(lab);
    lab.cut(away, false);
    lab.boot(away);
    lab.run(std::chrono::seconds(10));
    const std::size_t leader = lab.lead();
    ASSERT_NE(leader, away);
    EXPECT_GT(lab.snapshot_chunks, 3U);
    EXPECT_EQ(lab.at(away).status().applied, lab.at(leader).status().applied);
    EXPECT_GE(lab.at(away).status().base, LogIndex{60});
    EXPECT_EQ(lab.at(away).replica().base().space.value, 1U);
    // Alone with the third node it must be able to lead with all there was.
    lab.crash(leader);
    lab.cut(leader);
    for (int i = 0; i < 60; ++i)
        EXPECT_EQ(get(lab, "kv", "k" + std::to_string(i)).substr(0, 8),
                  ("value " + std::to_string(i) + "..").substr(0, 8));
    EXPECT_EQ(get(lab, "counter", "c1"), "15");
    EXPECT_EQ(get(lab, "kv", "tail"), "after the base");
}

// Found by seed 3416 of the simulator (docs/findings.md, 6): the base in memory is ahead of the
// rows on disk until the Persist that covers them.
TEST(Snapshot, ReadsNoRowThatTheBaseClaimsBeforeItIsOnDisk) {
    PartitionLab lab(three());
    const std::size_t leader = lab.lead();
    const std::size_t away = (leader + 1) % 3;
    put(lab, "k", "old");
    add(lab, "c", 1);
    lab.run(std::chrono::milliseconds(500));
    lab.sweep(leader);  // the old rows are on disk
    lab.cut(away);
    lab.crash(away);
    put(lab, "k", "new");
    add(lab, "c", 2);
    lab.run(std::chrono::seconds(2));
    ASSERT_EQ(lab.lead(), leader);
    const LogIndex acknowledged = lab.at(leader).status().applied;
    lab.hold_disk(leader);
    lab.sweep(leader);
    ASSERT_EQ(lab.at(leader).status().base, acknowledged) << "the base moves in memory at once";
    lab.cut(away, false);
    lab.boot(away);
    lab.run(std::chrono::seconds(2));
    EXPECT_EQ(lab.snapshot_chunks, 0U);
    lab.hold_disk(leader, false);
    lab.run(std::chrono::seconds(10));
    EXPECT_GT(lab.snapshot_chunks, 0U);
    ASSERT_EQ(lab.at(away).status().applied, lab.at(leader).status().applied);
    lab.step(leader, TransferLeadership{PartitionLab::node(away)});
    lab.settle();
    lab.run(std::chrono::seconds(1));
    ASSERT_EQ(lab.lead(), away);
    EXPECT_EQ(get(lab, "kv", "k"), "new");
    EXPECT_EQ(get(lab, "counter", "c"), "3");
}

TEST(Snapshot, CarriesSessionsSoThatRepeatsDoNotRun) {
    PartitionLab lab(three());
    const Request request = lab.request("counter", "once", "add", "7");
    lab.client = 9;
    ask(lab, request);
    const std::size_t away = leave_one_behind(lab);
    lab.cut(away, false);
    lab.boot(away);
    lab.run(std::chrono::seconds(10));
    const std::size_t leader = lab.lead();
    // The laggard becomes leader.
    lab.step(leader, TransferLeadership{PartitionLab::node(away)});
    lab.settle();
    lab.run(std::chrono::seconds(1));
    ASSERT_EQ(lab.lead(), away);
    EXPECT_EQ(ask(lab, request).payload.view(), "7");
    EXPECT_EQ(get(lab, "counter", "once"), "7");
}

// S19: a crash at any point leaves the old state or the new one.
TEST(Snapshot, CrashOfTheReceiverAtAnyPointIsHarmless) {
    for (std::size_t cut_at = 1; cut_at < 14; ++cut_at) {
        SCOPED_TRACE(cut_at);
        PartitionLab lab(three());
        const std::size_t away = leave_one_behind(lab, 40);
        lab.cut(away, false);
        lab.boot(away);
        const std::size_t begun = lab.snapshot_chunks;
        lab.options().auto_persist = true;
        for (int i = 0; i < 500 && lab.snapshot_chunks < begun + (cut_at + 1) / 2; ++i)
            lab.run(std::chrono::milliseconds(20));
        if (cut_at % 2 == 0) lab.options().auto_persist = false;
        lab.tick();
        lab.options().auto_persist = true;
        lab.restart(away);
        lab.run(std::chrono::seconds(15));
        const std::size_t leader = lab.lead();
        EXPECT_EQ(lab.at(away).status().applied, lab.at(leader).status().applied);
        EXPECT_FALSE(lab.at(away).status().damaged);
        // Rows of one slot only.
        const auto keys = lab.disk(away).row_keys(storage::Table::Entity);
        const std::string prefix = lab.at(away).row_prefix(storage::Table::Entity);
        for (const auto& key : keys) EXPECT_TRUE(key.starts_with(prefix));
    }
}

TEST(Snapshot, CrashOfTheSenderIsHarmless) {
    PartitionLab lab(three());
    const std::size_t away = leave_one_behind(lab);
    lab.cut(away, false);
    lab.boot(away);
    const std::size_t begun = lab.snapshot_chunks;
    for (int i = 0; i < 500 && lab.snapshot_chunks < begun + 2; ++i)
        lab.run(std::chrono::milliseconds(20));
    const std::size_t leader = lab.lead();
    lab.restart(leader);
    lab.run(std::chrono::seconds(30));
    EXPECT_EQ(lab.at(away).status().applied, lab.at(lab.lead()).status().applied);
}

TEST(Snapshot, HealsAReplicaWithADamagedRow) {
    PartitionLab lab(three());
    for (int i = 0; i < 20; ++i) put(lab, "k" + std::to_string(i), "v");
    lab.run(std::chrono::seconds(1));
    for (std::size_t i = 0; i < 3; ++i) lab.sweep(i);
    for (std::size_t i = 0; i < 3; ++i) lab.restart(i);
    const std::size_t hurt = lab.lead();
    for (const auto& key : lab.disk(hurt).row_keys(storage::Table::Entity))
        lab.disk(hurt).flip_bit_in_row(storage::Table::Entity, key, 99);
    const Reply refused = lab.call(hurt, "kv", "k3", "get");
    EXPECT_EQ(refused.error.code, ErrorCode::Corrupt);
    lab.run(std::chrono::seconds(20));
    EXPECT_FALSE(lab.at(hurt).status().damaged);
    EXPECT_EQ(get(lab, "kv", "k3"), "v");
    lab.step(lab.lead(), TransferLeadership{PartitionLab::node(hurt)});
    lab.settle();
    lab.run(std::chrono::seconds(2));
    EXPECT_EQ(lab.lead(), hurt);
    EXPECT_EQ(get(lab, "kv", "k3"), "v");
}

TEST(SnapshotFormat, SenselessRowsAreRefused) {
    std::string rows;
    append_snapshot_row(rows, {.table = storage::Table::Entity, .key = "key", .value = "value"});
    const auto read = decode_snapshot_rows(rows);
    ASSERT_TRUE(read.has_value());
    ASSERT_EQ(read->size(), 1U);
    EXPECT_EQ((*read)[0].value, "value");
    for (std::size_t cut = 1; cut < rows.size(); ++cut)
        EXPECT_FALSE(decode_snapshot_rows(rows.substr(0, cut)).has_value()) << cut;
    std::string meta;
    append_snapshot_row(meta, {.table = storage::Table::Meta, .key = "key", .value = "value"});
    EXPECT_FALSE(decode_snapshot_rows(meta).has_value());
}

// S9: a leader that hands over serves nothing.
TEST(Cluster, NothingIsServedDuringATransfer) {
    PartitionLab lab(three());
    const std::size_t leader = lab.lead();
    put(lab, "a", "v");
    lab.run(std::chrono::milliseconds(100));
    lab.step(leader, TransferLeadership{PartitionLab::node((leader + 1) % 3)});
    ASSERT_TRUE(lab.at(leader).replica().transferring());
    const ClientRef read = lab.send(leader, lab.request("kv", "a", "get", ""));
    const ClientRef write = lab.send(leader, lab.request("kv", "a", "put", "w"));
    EXPECT_EQ(lab.take(read).error.code, ErrorCode::NotLeader);
    EXPECT_EQ(lab.take(write).error.code, ErrorCode::NotLeader);
    lab.settle();
    lab.run(std::chrono::seconds(1));
    EXPECT_EQ(lab.lead(), (leader + 1) % 3);
    EXPECT_EQ(get(lab, "kv", "a"), "v");
}

}  // namespace
}  // namespace weft::replication::test
