// Reads that are answered late: an answer belongs to the one question it names (S19, S22).

#include "core/error.h"
#include "partition_lab.h"

#include <gtest/gtest.h>

namespace weft::replication::test {
namespace {

PartitionLab::Options three() {
    PartitionLab::Options options;
    options.count = 3;
    return options;
}

// Calls until a leader has answered with more than a refusal.
Outcome ask(PartitionLab& lab, const Request& request) {
    lab.lowest_open = lab.seq + 1;
    for (int tries = 0; tries < 200; ++tries) {
        const std::size_t leader = lab.lead();
        if (leader == SIZE_MAX) break;
        const Outcome outcome = lab.call(leader, request).outcome;
        if (outcome == Outcome::Done) return outcome;
        lab.run(std::chrono::milliseconds(50));
    }
    return Outcome::Unknown;
}
void put(PartitionLab& lab, std::string id, std::string value) {
    EXPECT_EQ(ask(lab, lab.request("kv", std::move(id), "put", std::move(value))), Outcome::Done);
}
void add(PartitionLab& lab, std::string id) {
    EXPECT_EQ(ask(lab, lab.request("counter", std::move(id), "add", "1")), Outcome::Done);
}
std::size_t rows(PartitionLab& lab, std::size_t i, storage::Table table) {
    storage::RowScan scan;
    scan.table = table;
    scan.prefix = lab.at(i).row_prefix(table);
    scan.bytes_max = std::size_t{64} << 20;
    scan.rows_max = 10000;
    return lab.disk(i).scan(scan)->rows.size();
}
// The others read, answer and talk; `held` answers only what it is told to.
void serve_all_but(PartitionLab& lab, std::size_t held) {
    for (std::size_t i = 0; i < 3; ++i)
        if (i != held) lab.serve(i);
    lab.settle();
}

TEST(LateAnswers, OfASnapshotGivenUpAreNoPartOfTheNext) {
    PartitionLab lab(three());
    const std::size_t leader = lab.lead();
    const std::size_t away = (leader + 1) % 3;
    put(lab, "k0", "first");
    lab.run(std::chrono::milliseconds(200));
    lab.cut(away);
    lab.crash(away);
    for (std::size_t i = 0; i < 60; ++i)
        put(lab, "k" + std::to_string(i), std::to_string(i) + std::string(20000, '.'));
    lab.run(std::chrono::seconds(2));
    ASSERT_EQ(lab.lead(), leader);
    lab.sweep(leader);
    lab.sweep(3 - leader - away);
    put(lab, "tail", "x");
    lab.cut(away, false);
    lab.options().auto_fetch = false;
    lab.boot(away);
    const std::size_t begun = lab.snapshot_chunks;
    const auto go_on = [&](std::size_t reads) {
        lab.run(std::chrono::milliseconds(2), std::chrono::milliseconds(2));
        lab.serve(leader, reads);
        lab.settle();
        serve_all_but(lab, leader);
    };
    for (int i = 0; i < 3000 && lab.snapshot_chunks == begun; ++i) go_on(1);
    ASSERT_GT(lab.snapshot_chunks, begun);
    for (int i = 0; i < 20; ++i) serve_all_but(lab, leader);
    lab.run(
        std::chrono::seconds(13));  // the leader's reader stands still: the transfer is given up
    ASSERT_EQ(lab.lead(), leader);
    ASSERT_GE(lab.pending_fetches(leader), 2U);
    for (int i = 0; i < 4000; ++i) go_on(1);
    ASSERT_EQ(lab.at(away).status().applied, lab.at(leader).status().applied);
    EXPECT_EQ(rows(lab, away, storage::Table::Entity), rows(lab, leader, storage::Table::Entity));
    EXPECT_EQ(rows(lab, away, storage::Table::Session), rows(lab, leader, storage::Table::Session));
    EXPECT_FALSE(lab.at(away).status().damaged);
}

// `away` is so far behind that it needs a snapshot of many pages, and gets none of them.
void lose_chunks_to(PartitionLab& lab, std::size_t leader, std::size_t away) {
    lab.cut(away);
    lab.crash(away);
    for (std::size_t i = 0; i < 60; ++i)
        put(lab, "k" + std::to_string(i), std::to_string(i) + std::string(20000, '.'));
    lab.run(std::chrono::seconds(2));
    ASSERT_EQ(lab.lead(), leader);
    lab.sweep(leader);
    lab.drop_chunks_to = away;
    lab.cut(away, false);
    lab.boot(away);
    lab.run(std::chrono::seconds(2));
}

// Two transfers of one term and base: the first chunk of the second got lost, and what was said of
// the other's comes late. Their pages may end at different rows.
TEST(LateAnswers, OfATransferGivenUpDoNotTakeTheNextOneOn) {
    PartitionLab::Options options = three();
    options.limits.page_rows = 1;
    PartitionLab lab(options);
    const std::size_t leader = lab.lead();
    const std::size_t away = (leader + 1) % 3;
    ASSERT_NO_FATAL_FAILURE(lose_chunks_to(lab, leader, away));
    const SnapshotChunk given_up = lab.dropped_chunk;
    ASSERT_EQ(given_up.group, PartitionLab::kGroup);
    for (int i = 0; i < 1000 && lab.dropped_chunk.transfer == given_up.transfer; ++i)
        lab.run(std::chrono::milliseconds(100));
    const SnapshotChunk next = lab.dropped_chunk;
    ASSERT_EQ(next.at, given_up.at);
    ASSERT_EQ(next.term, given_up.term);
    ASSERT_EQ(next.sequence, 0U);
    ASSERT_GT(next.transfer, given_up.transfer);
    const auto answer = [&](const SnapshotChunk& to) {
        const SnapshotAnswer taken{to.group, to.term, to.at, 1, false, to.transfer};
        lab.step(leader, FromPeer{PartitionLab::node(away), taken});
        lab.run(std::chrono::milliseconds(600));
    };
    answer(given_up);
    EXPECT_EQ(lab.dropped_chunk.sequence, 0U);
    answer(next);
    EXPECT_EQ(lab.dropped_chunk.sequence, 1U);
}

// S17: each of the three was added by an entry of its own, after a first one of the same node.
TEST(LateAnswers, OfTheFirstReplicaOfANodeDoNotTakeTheSnapshotOfTheSecondOn) {
    PartitionLab::Options options = three();
    options.limits.page_rows = 1;
    options.since = {LogIndex{3}, LogIndex{4}, LogIndex{5}};
    PartitionLab lab(options);
    const std::size_t leader = lab.lead();
    const std::size_t away = (leader + 1) % 3;
    ASSERT_NO_FATAL_FAILURE(lose_chunks_to(lab, leader, away));
    SnapshotChunk chunk = lab.dropped_chunk;
    ASSERT_EQ(chunk.group, PartitionLab::kGroup);
    EXPECT_EQ(chunk.receiver_since, options.since[away]);
    const auto answer = [&](LogIndex since) {
        const SnapshotAnswer taken{chunk.group, chunk.term,     chunk.at, 1,
                                   false,       chunk.transfer, since};
        lab.step(leader, FromPeer{PartitionLab::node(away), taken});
        lab.run(std::chrono::milliseconds(600));
        return lab.dropped_chunk.sequence;
    };
    EXPECT_EQ(answer({}), 0U);
    EXPECT_EQ(lab.at(leader).replica().counters().other_replicas, 1U);
    EXPECT_EQ(answer(options.since[away]), 1U);

    // The other way round, a page for the first is none for the second.
    chunk.receiver_since = {};
    const std::size_t answers = lab.snapshot_answers;
    lab.step(away, FromPeer{PartitionLab::node(leader), chunk});
    EXPECT_EQ(lab.snapshot_answers, answers);
    EXPECT_EQ(lab.at(away).replica().counters().other_replicas, 1U);
    lab.drop_chunks_to.reset();
    lab.run(std::chrono::seconds(20));
    EXPECT_EQ(lab.at(away).status().applied, lab.at(leader).status().applied);
    EXPECT_GT(lab.snapshot_answers, answers);
    EXPECT_EQ(lab.last_snapshot_answer.sender_since, options.since[away]);
}

TEST(LateAnswers, OfALostTermAreNotForTheActivationOfTheNext) {
    PartitionLab lab(three());
    for (int i = 0; i < 3; ++i) add(lab, "c");
    lab.run(std::chrono::seconds(1));
    for (std::size_t i = 0; i < 3; ++i) lab.sweep(i);
    for (std::size_t i = 0; i < 3; ++i) lab.restart(i);
    const std::size_t first = lab.lead();
    lab.options().auto_fetch = false;
    lab.send(first, lab.request("counter", "c", "add", "1"));
    ASSERT_EQ(lab.pending_fetches(first), 1U);
    lab.cut(first);
    for (int i = 0; i < 200 && (!lab.leader() || *lab.leader() == first); ++i)
        lab.run(std::chrono::milliseconds(20));
    lab.cut(first, false);
    const std::size_t second = *lab.leader();
    for (int i = 0; i < 2; ++i) {
        lab.send(second, lab.request("counter", "c", "add", "1"));
        for (int k = 0; k < 10; ++k) serve_all_but(lab, first);
        lab.run(std::chrono::milliseconds(200));
    }
    lab.step(second, TransferLeadership{PartitionLab::node(first)});
    lab.settle();
    lab.run(std::chrono::seconds(1));
    ASSERT_EQ(lab.leader(), std::optional(first));
    const ClientRef get = lab.send(first, lab.request("counter", "c", "get", ""));
    lab.serve(first);
    lab.settle();
    EXPECT_FALSE(lab.at(first).status().damaged);
    EXPECT_EQ(lab.take(get).payload.view(), "5");
}

// An entry that was not on the disk yet when the disk was asked for it, and is neither in memory
// nor applied when the answer comes, is not damaged.
TEST(LateAnswers, AboutEntriesNotYetWrittenAreNoDamage) {
    PartitionLab lab(three());
    lab.lead();
    for (int i = 0; i < 4; ++i) put(lab, "k", "v");
    lab.run(std::chrono::milliseconds(200));
    // All begin anew with little room for what is not applied; the next leader's disk is slow from
    // its first moment on, so that the others commit its no-op before it is on the disk here.
    lab.options().log_limits.uncommitted_bytes = 10;
    lab.options().auto_fetch = false;
    for (std::size_t i = 0; i < 3; ++i) lab.restart(i);
    lab.options().auto_persist = false;
    std::size_t leader = SIZE_MAX;
    for (int i = 0; i < 500; ++i) {
        lab.run(std::chrono::milliseconds(2), std::chrono::milliseconds(2));
        for (std::size_t n = 0; n < 3; ++n) {
            if (lab.at(n).replica().role() == Role::Leader) leader = n;
            if (n != leader) lab.persist(n);
        }
        lab.settle();
    }
    ASSERT_NE(leader, SIZE_MAX);
    const auto status = lab.at(leader).status();
    ASSERT_EQ(status.commit, status.last);
    ASSERT_LT(status.durable, status.commit);
    auto early = lab.read_one(leader);
    ASSERT_TRUE(early.has_value());
    lab.persist(leader);
    lab.settle();
    ASSERT_TRUE(lab.at(leader).replica().cached(status.last).empty());
    lab.step(leader, std::move(*early));
    EXPECT_FALSE(lab.at(leader).status().damaged);
    lab.options().auto_fetch = lab.options().auto_persist = true;
    for (std::size_t i = 0; i < 3; ++i) lab.serve(i);
    EXPECT_EQ(lab.lead(), leader);
}

// S22: found by seed 804. Both records hold by themselves; neither is the one that was written
// there.
TEST(LateAnswers, WithTheRecordOfAnotherPlaceAreDamage) {
    PartitionLab lab;
    lab.lead();
    for (int i = 0; i < 6; ++i) lab.put("k", std::to_string(i));
    lab.options().auto_fetch = false;
    lab.restart(0);
    lab.run(std::chrono::milliseconds(500));
    ASSERT_EQ(lab.pending_fetches(0), 1U);
    ASSERT_TRUE(lab.disk(0).swap_log(PartitionLab::kGroup, LogIndex{3}, LogIndex{5}));
    lab.serve(0, 3);
    EXPECT_TRUE(lab.at(0).status().damaged);
    EXPECT_EQ(lab.at(0).status().applied, LogIndex{2});
    EXPECT_EQ(lab.pending_fetches(0), 0U);
}

// S19: what the installed base does not hold is not remembered from before it.
TEST(Snapshot, ReplacesTheStateOfAReplicaThatWasAliveAllAlong) {
    PartitionLab lab(three());
    const std::size_t leader = lab.lead();
    const std::size_t away = (leader + 1) % 3;
    const auto from = [&](std::uint8_t client) {
        lab.client = client;
        add(lab, "c");
    };
    for (std::uint8_t client = 1; client < 6; ++client) from(client);
    lab.run(std::chrono::milliseconds(300));
    ASSERT_EQ(lab.at(away).status().sessions, 5U);
    lab.cut(away);
    for (std::uint8_t client = 3; client < 9; ++client) from(client);
    lab.run(std::chrono::seconds(2));
    ASSERT_EQ(lab.lead(), leader);
    lab.sweep(leader);
    lab.sweep(3 - leader - away);
    from(9);
    lab.cut(away, false);
    const std::size_t begun = lab.snapshot_chunks;
    lab.run(std::chrono::seconds(10));
    ASSERT_GT(lab.snapshot_chunks, begun);
    ASSERT_EQ(lab.at(away).status().applied, lab.at(lab.lead()).status().applied);
    EXPECT_EQ(lab.at(away).state_hash(), lab.at(lab.lead()).state_hash());
}

// Found by seed 911543 of the simulator (docs/findings.md, 79): a quorum may need the next one.
TEST(Snapshot, AReceiverThatIsGoneDoesNotKeepTheNextWaiting) {
    PartitionLab::Options options = three();
    options.count = 5;
    PartitionLab lab(options);
    const std::size_t leader = lab.lead();
    const std::size_t first = leader == 0 ? 1 : 0;
    const std::size_t second = leader == 4 ? 3 : 4;
    for (const std::size_t away : {first, second}) {
        lab.cut(away);
        lab.crash(away);
    }
    for (std::size_t i = 0; i < 20; ++i) put(lab, "k" + std::to_string(i), std::string(20000, '.'));
    lab.run(std::chrono::seconds(2));
    ASSERT_EQ(lab.lead(), leader);
    lab.sweep(leader);
    lab.drop_chunks_to = first;
    for (const std::size_t away : {first, second}) {
        lab.cut(away, false);
        lab.boot(away);
    }
    for (int i = 0; i < 500 && lab.dropped_chunk.group != PartitionLab::kGroup; ++i)
        lab.run(std::chrono::milliseconds(20));
    ASSERT_EQ(lab.dropped_chunk.group, PartitionLab::kGroup);
    lab.run(std::chrono::seconds(2));
    ASSERT_LT(lab.at(second).status().applied, lab.at(leader).status().applied);
    lab.cut(first);
    lab.crash(first);
    lab.run(std::chrono::seconds(3));
    EXPECT_EQ(lab.at(second).status().applied, lab.at(leader).status().applied);
}

}  // namespace
}  // namespace weft::replication::test
