// Snapshots that no honest leader sends: nobody may be made to throw away what was acknowledged.

#include "partition_lab.h"
#include "replication/partition/snapshot_format.h"

#include <gtest/gtest.h>

namespace weft::replication::test {
namespace {

class ForgedSnapshot : public testing::Test {
protected:
    void SetUp() override {
        leader = lab.lead();
        ASSERT_NE(leader, SIZE_MAX);
        victim = (leader + 1) % 3;
        liar = (leader + 2) % 3;
        ASSERT_EQ(lab.call(leader, lab.request("kv", "k", "put", "acknowledged")).outcome,
                  Outcome::Done);
        lab.sweep(leader);
        lab.run(std::chrono::milliseconds(500));
        applied = lab.at(victim).status().applied;
        held = lab.at(victim).status().base;
        honest = lab.at(leader).replica().base();
        ASSERT_EQ(honest.index, applied);
        ASSERT_LT(held, honest.index);
    }
    // `newer`: terms above the victim's. An empty group at `base`.
    void forge(std::size_t from, std::uint64_t newer, const storage::LogBase& base) {
        SnapshotChunk chunk;
        chunk.group = PartitionLab::kGroup;
        chunk.term = Term{lab.at(victim).replica().term().value + newer};
        chunk.at = {base.term, base.index};
        chunk.last = true;
        chunk.base = Bytes::adopt(encode_snapshot_base(base));
        lab.step(victim, FromPeer{PartitionLab::node(from), std::move(chunk)});
        lab.settle();
    }
    // The victim misses entries, so that a snapshot would be taken: what its base would be.
    storage::LogBase fall_behind() {
        lab.cut(victim);
        for (int i = 0; i < 5; ++i)
            EXPECT_EQ(lab.call(leader, lab.request("kv", "more", "put", "v")).outcome,
                      Outcome::Done);
        EXPECT_EQ(lab.at(victim).replica().leader(), PartitionLab::node(leader));
        storage::LogBase base = honest;
        base.index = lab.at(leader).replica().commit();
        return base;
    }
    // The first page of one that does not go on.
    void begin_transfer(const storage::LogBase& base) {
        SnapshotChunk chunk;
        chunk.group = PartitionLab::kGroup;
        chunk.term = lab.at(victim).replica().term();
        chunk.at = {base.term, base.index};
        chunk.base = Bytes::adopt(encode_snapshot_base(base));
        lab.step(victim, FromPeer{PartitionLab::node(leader), std::move(chunk)});
        lab.settle();
        ASSERT_EQ(lab.at(victim).status().base, held);
    }
    void expect_nothing_happened() {
        EXPECT_EQ(lab.at(victim).status().base, held);
        EXPECT_EQ(lab.at(victim).status().applied, applied);
        lab.run(std::chrono::seconds(3));
        const std::size_t now = lab.lead();
        ASSERT_NE(now, SIZE_MAX);
        const Reply reply = lab.call(now, lab.request("kv", "k", "get", ""));
        EXPECT_EQ(reply.payload.view(), "acknowledged");
    }

    PartitionLab lab{[] {
        PartitionLab::Options options;
        options.count = 3;
        return options;
    }()};
    std::size_t leader = SIZE_MAX, victim = 0, liar = 0;
    LogIndex applied, held;
    storage::LogBase honest;
};

TEST_F(ForgedSnapshot, OfWhatItsLeaderHasNotNamedCommittedIsRefused) {
    storage::LogBase base = honest;
    base.index = LogIndex{applied.value + 1000};
    forge(leader, 0, base);
    forge(liar, 1, base);
    forge(liar, 0, base);
    expect_nothing_happened();
}

TEST_F(ForgedSnapshot, OfALaterTermIsRefused) {
    const storage::LogBase ahead = fall_behind();
    const Term term = lab.at(victim).replica().term();
    lab.step(victim, Beat{PartitionLab::node(leader), term, ahead.index});
    storage::LogBase base = ahead;
    base.term = Term{term.value + 1};
    forge(leader, 0, base);
    EXPECT_EQ(lab.at(victim).status().base, held);
    EXPECT_EQ(lab.at(victim).status().applied, applied);
    lab.cut(victim, false);
    lab.run(std::chrono::seconds(1));
    applied = lab.at(victim).status().applied;
    EXPECT_GE(applied, ahead.index);
    expect_nothing_happened();
}

// A leader may send it before its next beat; it sends it again. Not an answer: a refused transfer
// begins anew only after a while.
TEST_F(ForgedSnapshot, IsAnHonestOneWhenItsLeaderHasNamedItsBaseCommitted) {
    storage::LogBase base = fall_behind();
    // Clocks were set back since then, by more than an entry may be ahead of them.
    base.stamp_ms = honest.stamp_ms + 3'600'000;
    forge(leader, 0, base);
    EXPECT_EQ(lab.snapshot_answers, 0U);
    EXPECT_EQ(lab.at(victim).status().base, held);
    const Term term = lab.at(victim).replica().term();
    lab.step(victim, Beat{PartitionLab::node(leader), term, base.index});
    forge(leader, 0, base);
    EXPECT_EQ(lab.at(victim).status().base, base.index);
    EXPECT_GT(lab.snapshot_answers, 0U);
}

// A transfer that began and does not go on, while entries come: nobody but this one may be able to
// lead next.
TEST_F(ForgedSnapshot, ThatTheLogHasGonePastKeepsNobodyFromLeading) {
    const storage::LogBase base = fall_behind();
    const Term term = lab.at(victim).replica().term();
    lab.step(victim, Beat{PartitionLab::node(leader), term, base.index});
    begin_transfer(base);
    lab.cut(victim, false);
    lab.run(std::chrono::seconds(1));
    ASSERT_GE(lab.at(victim).replica().commit(), base.index);
    lab.step(lab.lead(), TransferLeadership{PartitionLab::node(victim)});
    lab.run(std::chrono::seconds(1));
    EXPECT_EQ(lab.lead(), victim);
}

// The same, but what the log holds was not told to be committed: its leader ended before.
TEST_F(ForgedSnapshot, WhoseEntryTheLogHoldsKeepsNobodyFromLeading) {
    storage::LogBase base = fall_behind();
    const Term term = lab.at(victim).replica().term();
    base.term = *lab.at(leader).replica().term_at(base.index);
    lab.step(victim, Beat{PartitionLab::node(leader), term, base.index});
    begin_transfer(base);
    lab.crash(leader);
    lab.cut(victim, false);
    const auto last = [&] { return lab.at(victim).status().last; };
    for (int i = 0; i < 400 && last() <= base.index; ++i) lab.run(std::chrono::milliseconds(20));
    ASSERT_GT(last(), base.index) << "the no-op of the next leader";
    lab.crash(liar);
    lab.boot(leader);
    ASSERT_LT(lab.at(leader).status().last, last()) << "it cannot lead";
    lab.run(std::chrono::seconds(5));
    EXPECT_EQ(lab.leader(), victim);
}

// Whoever forges the leader's beats too replaces what one replica holds. It says so.
TEST_F(ForgedSnapshot, ABasePastWhatTheLeaderCommitsIsNoticed) {
    const auto ahead = [&] { return lab.at(victim).replica().base_is_ahead(lab.now); };
    lab.run(std::chrono::seconds(6));
    for (std::size_t i = 0; i < 3; ++i) EXPECT_FALSE(lab.at(i).replica().base_is_ahead(lab.now));
    storage::LogBase base = honest;
    base.index = LogIndex{applied.value + 1000};
    const Term next{lab.at(victim).replica().term().value + 1};
    lab.step(victim, Beat{PartitionLab::node(liar), next, base.index});
    forge(liar, 0, base);
    ASSERT_EQ(lab.at(victim).status().base, base.index);
    // The others go on without it, into terms beyond the forged one.
    lab.cut(victim);
    // Somebody has answered the liar in its term, and the leader hears of that with what it writes.
    (void)lab.call(leader, lab.request("kv", "more", "put", "v"));
    lab.run(std::chrono::seconds(1));
    for (std::size_t to : {liar, leader, liar, leader}) {
        lab.step(lab.lead(), TransferLeadership{PartitionLab::node(to)});
        lab.run(std::chrono::seconds(1));
        ASSERT_EQ(lab.lead(), to);
    }
    ASSERT_GT(lab.at(leader).replica().term(), next);
    lab.cut(victim, false);
    lab.run(std::chrono::seconds(1));
    ASSERT_EQ(lab.at(victim).replica().leader(), PartitionLab::node(leader));
    EXPECT_FALSE(ahead()) << "its leader may still name it";
    lab.run(std::chrono::seconds(6));
    ASSERT_EQ(lab.at(victim).replica().leader(), PartitionLab::node(leader));
    EXPECT_TRUE(ahead());
}

}  // namespace
}  // namespace weft::replication::test
