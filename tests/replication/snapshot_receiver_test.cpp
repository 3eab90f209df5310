// One transfer of a snapshot as the follower sees it that takes it (S19).

#include "replication/partition/snapshot_receiver.h"

#include "replication/partition/rows.h"
#include "replication/partition/snapshot_format.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace weft::replication {
namespace {

class SnapshotReceiverTest : public testing::Test {
protected:
    using Wants = SnapshotReceiver::Wants;

    static SnapshotChunk chunk(std::uint32_t sequence, bool last = false) {
        storage::LogBase base;
        base.index = kAt.index;
        base.term = kAt.term;
        SnapshotChunk made;
        made.group = PartitionId{1};
        made.term = kTerm;
        made.at = kAt;
        made.sequence = sequence;
        made.last = last;
        if (sequence == 0) made.base = Bytes::adopt(encode_snapshot_base(base));
        std::string rows;
        append_snapshot_row(rows, {storage::Table::Entity, "key", "value"});
        made.rows = Bytes::adopt(std::move(rows));
        made.transfer = TransferId{1};
        made.receiver_since = kSince;
        return made;
    }
    Wants take(SnapshotChunk what) {
        return receiver.on_chunk({now, out}, kLeader, std::move(what), here);
    }
    // Begun in the space behind `in_force`; what the first chunk wants.
    Wants begin(bool last = false, std::uint32_t in_force = 0) {
        EXPECT_TRUE(take(chunk(0, last)).staging_row);
        receiver.asked(FetchId{++asked});
        return staging_row(in_force);
    }
    Wants staging_row(std::uint32_t in_force,
                      storage::FetchedRow::State state = storage::FetchedRow::State::Missing) {
        storage::FetchedRow row;
        row.state = state;
        Fetched fetched;
        fetched.id = FetchId{asked};
        fetched.result = Result<storage::FetchedRow>(std::move(row));
        return receiver.on_staging_row({now, out}, fetched, kTerm, {in_force});
    }
    void on_disk(std::uint64_t seq) {
        receiver.marked(PersistSeq{seq});
        receiver.persisted(PersistSeq{seq}, kTerm, out);
    }
    std::vector<SnapshotAnswer> told() {
        std::vector<SnapshotAnswer> answers;
        for (const Effect& effect : out.list)
            answers.push_back(std::get<SnapshotAnswer>(std::get<Send>(effect).message));
        out.clear();
        return answers;
    }

    static constexpr NodeId kLeader{1, 2};
    static constexpr Term kTerm{4};
    static constexpr LogPosition kAt{Term{2}, LogIndex{7}};
    static constexpr LogIndex kSince{3};
    Now now;
    Effects out;
    PartitionLimits limits;
    SnapshotReceiver::Follower here{kTerm, kLeader, kAt.index, false};
    SnapshotReceiver receiver{PartitionId{1}, kSince, limits, weft::Log()};
    std::uint64_t asked = 0;
};

TEST_F(SnapshotReceiverTest, StagesChunkByChunkAndAnswersWhatIsOnDisk) {
    EXPECT_TRUE(begin().persist);
    EXPECT_TRUE(receiver.staging());
    EXPECT_TRUE(told().empty());
    on_disk(5);
    auto answers = told();
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].next, 1u);
    EXPECT_TRUE(take(chunk(1, true)).install);
    EXPECT_FALSE(receiver.staging());
    EXPECT_TRUE(told().empty());
    on_disk(6);
    answers = told();
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].next, kSnapshotWhole);
    EXPECT_EQ(receiver.at(), std::nullopt);
}

TEST_F(SnapshotReceiverTest, UsesNoSpaceTwice) {
    begin();
    EXPECT_EQ(receiver.base().space.value, 1u);
    now.mono = receiver.deadline();
    EXPECT_TRUE(receiver.drive({now, out}, false).persist) << "what was staged is erased";
    EXPECT_EQ(receiver.at(), std::nullopt);
    begin();
    EXPECT_EQ(receiver.base().space.value, 2u) << "the store may still be erasing the first";
    now.mono = receiver.deadline();
    receiver.drive({now, out}, false);
    begin(false, 7);
    EXPECT_EQ(receiver.base().space.value, 8u) << "nor one that is in force";
}

TEST_F(SnapshotReceiverTest, TakesWhatItsLeaderMaySend) {
    struct Case {
        const char* why;
        void (*change)(SnapshotChunk&, SnapshotReceiver::Follower&);
        bool refused, whole;
        std::size_t answers;
    };
    const Case cases[] = {
        {"of another replica of this node", [](auto& c, auto&) { c.receiver_since = LogIndex{9}; },
         false, false, 0},
        {"of an earlier term", [](auto& c, auto&) { c.term = Term{3}; }, true, false, 1},
        {"of no leader", [](auto&, auto& h) { h.leader = {}; }, true, false, 1},
        {"it is here", [](auto&, auto& h) { h.has_all = true; }, false, true, 1},
        {"of a transfer that is not known", [](auto& c, auto&) { c.sequence = 1; }, false, false,
         1},
        {"not named committed", [](auto&, auto& h) { h.named_commit = LogIndex{6}; }, false, false,
         0},
        {"another base", [](auto& c, auto&) { c.at.term = Term{1}; }, true, false, 1},
        {"no base", [](auto& c, auto&) { c.base = {}; }, true, false, 1},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        SnapshotChunk sent = chunk(0);
        const SnapshotReceiver::Follower before = here;
        c.change(sent, here);
        EXPECT_FALSE(take(std::move(sent)).staging_row);
        here = before;
        const auto answers = told();
        ASSERT_EQ(answers.size(), c.answers);
        if (c.answers == 0) continue;
        EXPECT_EQ(answers[0].refused, c.refused);
        EXPECT_EQ(answers[0].next, c.whole ? kSnapshotWhole : 0u);
    }
    EXPECT_TRUE(take(chunk(0)).staging_row);
}

TEST_F(SnapshotReceiverTest, DoesNotMixThePagesOfTwoTransfers) {
    begin();
    on_disk(5);
    told();
    SnapshotChunk later = chunk(1);
    later.transfer = TransferId{2};
    take(later);
    auto answers = told();
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].next, 0u) << "from its beginning";
    later = chunk(0);
    later.transfer = TransferId{2};
    const Wants anew = take(std::move(later));
    EXPECT_TRUE(anew.persist && anew.staging_row) << "the rows of the first are erased";
    receiver.marked(PersistSeq{6});
    EXPECT_FALSE(take(chunk(0)).staging_row) << "left under way by the first";
    EXPECT_TRUE(told().empty());
}

// An older weft numbers no transfer: what it sends first once more is told from a new beginning by
// what it brings, or by the time that has passed.
TEST_F(SnapshotReceiverTest, OfAnOlderWeftTellsARepeatFromANewBeginning) {
    const auto unnumbered = [](std::uint32_t sequence, const char* value = "value") {
        SnapshotChunk made = chunk(sequence);
        made.transfer = {};
        std::string rows;
        append_snapshot_row(rows, {storage::Table::Entity, "key", value});
        made.rows = Bytes::adopt(std::move(rows));
        return made;
    };
    EXPECT_TRUE(take(unnumbered(0)).staging_row);
    receiver.asked(FetchId{++asked});
    staging_row(0);
    on_disk(5);
    EXPECT_FALSE(take(unnumbered(0)).staging_row) << "the same page: it was sent twice";
    EXPECT_TRUE(take(unnumbered(0, "other")).staging_row) << "rows were written between them";
    receiver.asked(FetchId{++asked});
    staging_row(0);
    on_disk(6);
    EXPECT_TRUE(take(unnumbered(1)).persist);
    on_disk(7);
    EXPECT_FALSE(take(unnumbered(0, "other")).staging_row) << "late";
    now.mono = now.mono + 3 * limits.snapshot_resend;
    EXPECT_TRUE(take(unnumbered(0, "other")).staging_row) << "nothing further has come for long";
}

TEST_F(SnapshotReceiverTest, EndsInVain) {
    begin();
    EXPECT_FALSE(receiver.drive({now, out}, false).persist);
    EXPECT_TRUE(receiver.drive({now, out}, true).persist);
    EXPECT_FALSE(receiver.staging());
}

TEST_F(SnapshotReceiverTest, RefusesWhenTheStagingRowIsDamaged) {
    take(chunk(0));
    receiver.asked(FetchId{++asked});
    staging_row(0, storage::FetchedRow::State::Corrupt);
    const auto answers = told();
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_TRUE(answers[0].refused);
    EXPECT_FALSE(receiver.staging());
}

TEST_F(SnapshotReceiverTest, SaysWhenItWasOfNoUse) {
    EXPECT_TRUE(begin(true).install);
    receiver.useless();
    on_disk(5);
    const auto answers = told();
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_TRUE(answers[0].refused);
}

TEST_F(SnapshotReceiverTest, ChecksItsSpaceAndThatItWaits) {
    const auto says = [&](std::uint32_t space) {
        return weft::test::said_by([&] { receiver.check({space}); });
    };
    EXPECT_EQ(says(9), "") << "nothing is received";
    begin();
    EXPECT_EQ(says(0), "");
    EXPECT_EQ(says(1), "rows are staged in space 1, those in force are in 1");
    on_disk(5);
    take(chunk(1, true));
    EXPECT_EQ(says(1), "a snapshot of 7 is whole and waits for no Persist");
    receiver.marked(PersistSeq{6});
    EXPECT_EQ(says(1), "");
}

}  // namespace
}  // namespace weft::replication
