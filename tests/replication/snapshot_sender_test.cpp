// One transfer of a snapshot as its leader sees it (S19).

#include "replication/partition/snapshot_sender.h"

#include "replication/partition/rows.h"
#include "replication/partition/snapshot_format.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace weft::replication {
namespace {

class SnapshotSenderTest : public testing::Test {
protected:
    SnapshotSenderTest() {
        base.index = LogIndex{7};
        base.term = Term{2};
    }
    SnapshotSender::Rows rows(std::uint64_t persisted) const {
        return {base, PersistSeq{5}, PersistSeq{persisted}};
    }
    void later(Duration by) { now.mono = now.mono + by; }
    void drive(bool swept, std::uint64_t persisted) {
        sender.drive({now, out}, swept, rows(persisted));
    }
    // Begun, swept and on disk: its first page is to be read.
    void begin() {
        sender.begin(now.mono, kPeer, kTerm);
        drive(true, 5);
        ASSERT_TRUE(sender.wants_page());
        sender.asked(FetchId{++asked});
    }
    bool page(FetchId id, bool last, std::size_t key_bytes = kRowPrefixBytes + 1) {
        storage::FetchedRows read;
        read.rows.push_back({std::string(key_bytes, 'k'), storage::FetchedRow::State::Found,
                             Bytes::copy_of("value")});
        read.last = last;
        Fetched fetched;
        fetched.id = id;
        fetched.result = Result<storage::FetchedRows>(std::move(read));
        return sender.take({now, out}, fetched);
    }
    std::vector<SnapshotChunk> sent() {
        std::vector<SnapshotChunk> chunks;
        for (const Effect& effect : out.list)
            chunks.push_back(std::get<SnapshotChunk>(std::get<Send>(effect).message));
        out.clear();
        return chunks;
    }
    std::optional<SnapshotSender::Sent> answer(const SnapshotChunk& chunk, std::uint32_t next,
                                               bool refused = false) {
        SnapshotAnswer told;
        told.term = chunk.term;
        told.at = chunk.at;
        told.next = next;
        told.refused = refused;
        told.transfer = chunk.transfer;
        told.sender_since = kPeer.since;
        return sender.answered({now, out}, kPeer.node, told, rows(5));
    }

    static constexpr Member kPeer{NodeId{1, 2}, LogIndex{3}};
    static constexpr Term kTerm{4};
    Now now;
    Effects out;
    PartitionLimits limits;
    storage::LogBase base;
    SnapshotSender sender{PartitionId{1}, limits, weft::Log()};
    std::uint64_t asked = 0;
};

TEST_F(SnapshotSenderTest, ReadsNoRowThatIsNotOnDisk) {
    sender.begin(now.mono, kPeer, kTerm);
    EXPECT_EQ(sender.deadline(), now.mono) << "rows are to be swept";
    EXPECT_TRUE(sender.wants_sweep(now.mono));
    EXPECT_FALSE(sender.wants_sweep(now.mono)) << "some at a time";
    drive(false, 5);
    EXPECT_EQ(sender.deadline(), now.mono + std::chrono::milliseconds(2));
    later(std::chrono::milliseconds(2));
    EXPECT_TRUE(sender.wants_sweep(now.mono));
    EXPECT_FALSE(sender.wants_page()) << "the sweep runs";
    EXPECT_EQ(sender.holds_base(), std::nullopt) << "the sweep brings a later base";
    drive(true, 4);
    EXPECT_FALSE(sender.wants_page()) << "on their way";
    EXPECT_EQ(sender.deadline(), now.mono + limits.snapshot_patience);
    later(2 * limits.snapshot_patience);
    drive(true, 4);
    EXPECT_TRUE(sender.busy()) << "our own disk is slow, not the peer";
    drive(true, 5);
    EXPECT_TRUE(sender.wants_page());
    EXPECT_EQ(sender.deadline(), now.mono + limits.snapshot_patience);
    EXPECT_EQ(sender.holds_base(), LogIndex{7});
}

// Whoever writes after the sweep has ended moves nothing: the Persist asked for then is awaited.
TEST_F(SnapshotSenderTest, WaitsForThePersistOfTheSweepAndForNoLaterOne) {
    sender.begin(now.mono, kPeer, kTerm);
    drive(true, 4);
    sender.drive({now, out}, true, {base, PersistSeq{9}, PersistSeq{5}});
    EXPECT_TRUE(sender.wants_page());
}

TEST_F(SnapshotSenderTest, ASweepThatNeverEndsIsNotThePeersSilence) {
    sender.begin(now.mono, kPeer, kTerm);
    for (int i = 0; i < 3; ++i) {
        later(limits.snapshot_patience);
        drive(false, 5);
        EXPECT_TRUE(sender.busy());
    }
}

TEST_F(SnapshotSenderTest, GivesUpAReadThatBringsNothing) {
    begin();
    later(limits.snapshot_patience - Duration{1});
    drive(true, 5);
    EXPECT_TRUE(sender.busy());
    later(Duration{1});
    drive(true, 5);
    EXPECT_FALSE(sender.busy());
    EXPECT_EQ(sender.deadline(), Instant::never());
}

TEST_F(SnapshotSenderTest, SendsFromTheBeginningToWhoBeganAnew) {
    begin();
    page(FetchId{asked}, true);
    answer(sent()[0], 1);
    sender.asked(FetchId{++asked});
    page(FetchId{asked}, true);
    const SnapshotChunk second = sent()[0];
    EXPECT_EQ(second.sequence, 1u);
    answer(second, 1);
    EXPECT_FALSE(sender.wants_page()) << "the answer to the first one, once more";
    answer(second, 0);
    ASSERT_TRUE(sender.wants_page());
    EXPECT_EQ(sender.table(), storage::Table::Entity);
    sender.asked(FetchId{++asked});
    page(FetchId{asked}, true);
    const SnapshotChunk anew = sent()[0];
    EXPECT_EQ(anew.sequence, 0u);
    EXPECT_NE(anew.transfer, second.transfer) << "pages of two transfers are not to be mixed";
    EXPECT_FALSE(anew.base.empty());
}

TEST_F(SnapshotSenderTest, HasNothingToSendBelowTheFirstBase) {
    base = {};
    sender.begin(now.mono, kPeer, kTerm);
    drive(true, 5);
    EXPECT_FALSE(sender.busy());
    EXPECT_FALSE(sender.wants_peer(now.mono, false)) << "a pause";
    EXPECT_TRUE(sender.wants_peer(now.mono + limits.snapshot_pause, false));
}

TEST_F(SnapshotSenderTest, SendsOneTableAfterTheOther) {
    begin();
    for (const auto table :
         {storage::Table::Entity, storage::Table::Journal, storage::Table::Session}) {
        EXPECT_EQ(sender.table(), table);
        EXPECT_EQ(sender.after(), "");
        ASSERT_TRUE(page(FetchId{asked}, true));
        const auto chunks = sent();
        ASSERT_EQ(chunks.size(), 1u);
        EXPECT_EQ(chunks[0].base.empty(), asked != 1) << "in the first alone";
        EXPECT_EQ(chunks[0].last, table == storage::Table::Session);
        if (chunks[0].last) {
            const auto done = answer(chunks[0], kSnapshotWhole);
            ASSERT_TRUE(done.has_value());
            EXPECT_EQ(done->to, kPeer);
            EXPECT_EQ(done->at, (LogPosition{Term{2}, LogIndex{7}}));
            EXPECT_FALSE(sender.busy());
            return;
        }
        EXPECT_FALSE(answer(chunks[0], chunks[0].sequence + 1).has_value());
        ASSERT_TRUE(sender.wants_page());
        sender.asked(FetchId{++asked});
    }
}

TEST_F(SnapshotSenderTest, TakesNoPageOfATransferThatWasGivenUp) {
    begin();
    sender.follow(std::nullopt);
    begin();
    EXPECT_TRUE(page(FetchId{1}, true));
    EXPECT_TRUE(sent().empty());
    EXPECT_TRUE(page(FetchId{2}, true));
    EXPECT_EQ(sent().size(), 1u);
}

TEST_F(SnapshotSenderTest, TakesNoAnswerOfAnotherTransfer) {
    begin();
    page(FetchId{1}, true);
    SnapshotChunk chunk = sent()[0];
    chunk.transfer = TransferId{chunk.transfer.value + 1};
    answer(chunk, 1);
    EXPECT_FALSE(sender.wants_page());
    chunk.transfer = TransferId{};
    answer(chunk, 1);
    EXPECT_TRUE(sender.wants_page()) << "an older weft repeats no number";
}

TEST_F(SnapshotSenderTest, SendsAgainAndGivesUp) {
    begin();
    page(FetchId{1}, true);
    EXPECT_EQ(sent().size(), 1u);
    EXPECT_EQ(sender.deadline(), now.mono + limits.snapshot_resend);
    later(limits.snapshot_resend);
    drive(true, 5);
    EXPECT_EQ(sent().size(), 1u);
    later(limits.snapshot_patience);
    drive(true, 5);
    EXPECT_TRUE(sent().empty());
    EXPECT_FALSE(sender.busy());
}

TEST_F(SnapshotSenderTest, APauseFollowsARefusal) {
    begin();
    page(FetchId{1}, true);
    answer(sent()[0], 0, true);
    EXPECT_FALSE(sender.busy());
    later(limits.snapshot_pause - Duration{1});
    EXPECT_FALSE(sender.wants_peer(now.mono, false));
    later(Duration{1});
    EXPECT_TRUE(sender.wants_peer(now.mono, false));
}

TEST_F(SnapshotSenderTest, APeerThatIsGoneKeepsNobodyFromHisTurn) {
    EXPECT_TRUE(sender.wants_peer(now.mono, false));
    begin();
    EXPECT_FALSE(sender.wants_peer(now.mono, false));
    EXPECT_TRUE(sender.wants_peer(now.mono, true));
    EXPECT_EQ(sender.last_peer(), kPeer.node);
}

TEST_F(SnapshotSenderTest, SaysThatARowIsDamaged) {
    begin();
    EXPECT_FALSE(page(FetchId{1}, true, kRowPrefixBytes));
    EXPECT_FALSE(sender.busy());
}

TEST_F(SnapshotSenderTest, ChecksItsTermAndItsBase) {
    const auto says = [&](std::optional<Term> leads, LogIndex at) {
        return weft::test::said_by([&] { sender.check(leads, at); });
    };
    EXPECT_EQ(says(std::nullopt, LogIndex{}), "") << "nothing is sent";
    begin();
    EXPECT_EQ(says(kTerm, LogIndex{7}), "");
    EXPECT_EQ(says(Term{5}, LogIndex{7}), "a snapshot is sent in term 4, this replica leads in 5");
    EXPECT_EQ(says(kTerm, LogIndex{8}), "the snapshot of base 7 is sent, the rows are of 8");
}

}  // namespace
}  // namespace weft::replication
