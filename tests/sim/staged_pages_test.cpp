// Pages of snapshots that are acknowledged by a machine whose disk does not hold them (S19).

#include "sim/staged_pages.h"

#include "core/byte_io.h"
#include "replication/partition/rows.h"
#include "replication/partition/snapshot_format.h"
#include "sim/promises.h"
#include "tests/sim/broken_rule.h"

#include <gtest/gtest.h>

#include <string>

namespace weft::sim {
namespace {

NodeId node(std::size_t number) {
    NodeId id;
    id.bytes[0] = static_cast<std::uint8_t>(number + 1);
    return id;
}

class StagedPages : public BrokenRule, public Promises::Memory {
protected:
    StagedPages() {
        for (std::size_t i = 0; i < 3; ++i) promises_.is_node(i, node(i));
    }
    std::string leaves(std::size_t machine, std::size_t to,
                       const replication::PeerMessage& message) {
        return said([&] { promises_.leaves({machine, node(to)}, message, *this); });
    }
    void hard(std::size_t machine, const storage::HardState& state) {
        storage::WriteBatch batch;
        batch.hard_state(kGroup, state);
        promises_.applied(machine, batch);
    }
    std::optional<Chain> chain_at(PartitionId, Term, LogIndex) const override {
        return std::nullopt;
    }
    LogIndex commit(PartitionId) const override { return commit_; }

    static constexpr PartitionId kGroup{1};
    Promises promises_{3};
    LogIndex commit_;  // of the machine that sends
};

TEST_F(StagedPages, APageIsAcknowledgedWhenItsRowsAreDurable) {
    hard(1, {Term{1}, node(1)});
    replication::SnapshotChunk chunk;
    chunk.group = kGroup;
    chunk.term = Term{1};
    chunk.at = {Term{1}, LogIndex{7}};
    std::string rows;
    replication::append_snapshot_row(rows, {storage::Table::Entity, "key", "value"});
    chunk.rows = Bytes::copy_of(rows);
    EXPECT_EQ(leaves(1, 0, chunk), "");
    replication::SnapshotAnswer answer{kGroup, Term{1}, chunk.at, 0, false};
    EXPECT_EQ(leaves(0, 1, answer), "") << "nothing is acknowledged";
    answer.next = 1;
    EXPECT_EQ(leaves(0, 1, answer), "S19");
    answer.refused = true;
    EXPECT_EQ(leaves(0, 1, answer), "");
    answer.refused = false;
    const auto stage = [&](RowSpace space, std::string_view value) {
        storage::WriteBatch batch;
        std::string staged;
        ByteWriter(staged).put(std::uint32_t{3});
        batch.put_row(storage::Table::Meta, replication::staging_row_key(kGroup), staged);
        batch.put_row(storage::Table::Entity, replication::rows_prefix(kGroup, space) + "key",
                      value);
        promises_.applied(0, batch);
    };
    stage({2}, "value");
    EXPECT_EQ(leaves(0, 1, answer), "S19") << "in another space";
    stage({3}, "other");
    EXPECT_EQ(leaves(0, 1, answer), "S19") << "another value";
    stage({3}, "value");
    EXPECT_EQ(leaves(0, 1, answer), "");
    EXPECT_EQ(promises_.counts().pages, 4U);
}

TEST_F(StagedPages, ASnapshotIsAcknowledgedWhenItsBaseIsDurableOrNotNeeded) {
    replication::SnapshotAnswer answer{
        kGroup, Term{1}, {Term{1}, LogIndex{2}}, replication::kSnapshotWhole, false};
    EXPECT_EQ(leaves(0, 1, answer), "S19");
    commit_ = answer.at.index;
    EXPECT_EQ(leaves(0, 1, answer), "");
    commit_ = {};
    storage::LogBase base;
    base.index = LogIndex{2};
    base.term = Term{1};
    storage::WriteBatch batch;
    batch.move_base(kGroup, base);
    promises_.applied(0, batch);
    EXPECT_EQ(leaves(0, 1, answer), "");
    EXPECT_EQ(leaves(2, 1, answer), "S19");
}

// Who was a leader and does not know of the next one sends pages of its own still.
TEST_F(StagedPages, AFormerLeadersPagesAreNotThoseOfTheNewOne) {
    const auto chunk_of = [](std::uint64_t term, std::string_view value) {
        replication::SnapshotChunk chunk;
        chunk.group = kGroup;
        chunk.term = Term{term};
        chunk.at = {Term{1}, LogIndex{7}};
        std::string rows;
        replication::append_snapshot_row(rows, {storage::Table::Entity, "key", value});
        chunk.rows = Bytes::copy_of(rows);
        return chunk;
    };
    hard(1, {Term{2}, node(1)});
    hard(2, {Term{1}, node(2)});
    EXPECT_EQ(leaves(1, 0, chunk_of(2, "new")), "");
    storage::WriteBatch batch;
    std::string staged;
    ByteWriter(staged).put(std::uint32_t{3});
    batch.put_row(storage::Table::Meta, replication::staging_row_key(kGroup), staged);
    batch.put_row(storage::Table::Entity, replication::rows_prefix(kGroup, {3}) + "key", "new");
    promises_.applied(0, batch);
    EXPECT_EQ(leaves(2, 0, chunk_of(1, "old")), "");
    EXPECT_EQ(
        leaves(0, 1,
               replication::SnapshotAnswer{kGroup, Term{2}, {Term{1}, LogIndex{7}}, 1, false}),
        "");
}

}  // namespace
}  // namespace weft::sim
