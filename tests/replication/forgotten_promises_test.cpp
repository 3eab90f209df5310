// What a disk has lost must not become a beginning: metadata that is gone (S24), and a base that
// claims effects whose rows are not there (S26).

#include "partition_lab.h"
#include "replica_lab.h"

#include <gtest/gtest.h>

namespace weft::replication::test {
namespace {

void append_all(storage::WriteBatch& batch, const MadeLog& log, std::uint64_t from) {
    for (std::uint64_t i = from; i <= log.size(); ++i)
        batch.append(kGroup, LogIndex{i}, log.at(i).view());
}

// S24: term and vote are on disk before anything of their term, so that a log or a base without
// them has lost them, and with them the promises they held.
TEST(MissingHardState, IsNoRightToVoteAnew) {
    const MadeLog log({1, 1, 2, 2});
    storage::LogBase base;
    base.index = LogIndex{3};
    base.term = Term{2};
    base.chain = log.chain(3);
    for (const bool compacted : {false, true}) {
        for (const bool with_log : {true, false}) {
            if (!compacted && !with_log) continue;  // a group that is new
            SCOPED_TRACE(testing::Message() << compacted << " " << with_log);
            storage::MemoryStore disk;
            storage::WriteBatch batch;
            if (compacted) batch.move_base(kGroup, base);
            if (with_log) append_all(batch, log, compacted ? 4 : 1);
            ASSERT_TRUE(disk.apply(batch).has_value());
            Lab lab({}, disk);
            EXPECT_TRUE(lab.replica->damaged());
            lab.hears(1, VoteAsk{kGroup, Term{9}, {Term{8}, LogIndex{50}}, false, false});
            lab.persist();
            ASSERT_FALSE(lab.sent<VoteAnswer>().empty());
            EXPECT_FALSE(lab.sent<VoteAnswer>().back().second.granted);
            lab.run(ms(5000));
            EXPECT_TRUE(lab.sent<VoteAsk>().empty());
        }
    }
}

// S1: the vote that was lost may be for a newer term than any that the disk tells of. A copy that
// counts under an older leader could commit what the newer one has not got.
TEST(DamagedHardState, CountsInNoTermUntilAllOthersHaveToldTheirs) {
    const MadeLog log({1, 2, 2});
    for (const std::uint64_t newest : {2u, 5u}) {
        SCOPED_TRACE(newest);
        storage::MemoryStore disk;
        log.write(disk, 2, {Term{newest}, node(2)});
        ASSERT_TRUE(disk.corrupt_hard(kGroup));
        Lab lab({}, disk);
        const auto acknowledged = [&] {
            const auto answers = lab.sent<AppendAnswer>();
            return !answers.empty() && answers.back().second.accepted;
        };
        const auto tells = [&](std::size_t slot, std::uint64_t term) {
            lab.hears(slot, VoteAnswer{kGroup, Term{term}, true, false});
        };
        lab.step(log.append(1, 2, 2, 3, 2));
        lab.persist();
        EXPECT_FALSE(acknowledged());
        EXPECT_FALSE(lab.replica->term_certain());
        const auto asks = lab.sent<VoteAsk>();
        ASSERT_EQ(asks.size(), 2U);
        EXPECT_TRUE(asks[0].second.pre);
        EXPECT_EQ(asks[0].second.last, LogPosition{}) << "to be refused, not to be elected";
        tells(1, 2);
        EXPECT_FALSE(acknowledged());
        tells(1, 2);
        EXPECT_FALSE(lab.replica->term_certain()) << "one of them twice";
        tells(2, newest);
        EXPECT_TRUE(lab.replica->term_certain());
        EXPECT_EQ(acknowledged(), newest == 2);
        EXPECT_EQ(lab.replica->term(), Term{newest});
        lab.step(log.append(1, 2, 2, 3, 2));
        EXPECT_EQ(acknowledged(), newest == 2) << "its leader is deposed";
    }
}

// S24: of a group whose base row is gone the store gives back what lies behind it in its place,
// with nothing that can be read before it. It is whole enough to refuse candidates, and never
// stands.
TEST(MissingBase, IsNoEmptyGroup) {
    const MadeLog log({1, 1, 1, 2, 2});
    storage::MemoryStore disk;
    log.write(disk, 5, {Term{2}, NodeId{}});
    for (std::uint64_t i = 1; i <= 3; ++i) ASSERT_TRUE(disk.vanish_log(kGroup, LogIndex{i}));
    Lab lab({}, disk);
    EXPECT_TRUE(lab.replica->damaged());
    lab.hears(1, VoteAsk{kGroup, Term{3}, log.position(4), false, false});
    lab.persist();
    EXPECT_FALSE(lab.sent<VoteAnswer>().back().second.granted);
    lab.run(ms(5000));
    EXPECT_TRUE(lab.sent<VoteAsk>().empty());
    EXPECT_EQ(lab.replica->last_index(), LogIndex{5});
}

// S26: the base is the applied index on disk. Whatever part of a sweep's batches is on disk when
// the process ends, base and rows together give what was answered, sessions included.
TEST(Base, IsNeverOnDiskBeforeTheEffectsItClaims) {
    std::size_t moved = 0;
    std::size_t kept = 0;
    for (std::size_t cut = 0; cut < 24; ++cut) {
        SCOPED_TRACE(cut);
        PartitionLab lab;
        lab.lead();
        for (int i = 0; i < 6; ++i) lab.put("k" + std::to_string(i), "v");
        const Request add = lab.request("counter", "c", "add", "5");
        ASSERT_EQ(lab.call(0, add).payload.view(), "5");
        lab.options().auto_persist = false;
        for (int i = 0; i < 40; ++i) lab.step(0, Sweep{1});
        lab.persist(0, cut);
        lab.options().auto_persist = true;
        lab.restart(0);
        lab.lead();
        (lab.at(0).replica().base().index.value > 0 ? moved : kept) += 1;
        for (int i = 0; i < 6; ++i)
            EXPECT_EQ(lab.get("k" + std::to_string(i)).payload.view(), "v") << i;
        EXPECT_EQ(lab.call(0, "counter", "c", "get").payload.view(), "5");
        EXPECT_EQ(lab.call(0, add).payload.view(), "5") << "its session is as old as its effect";
        EXPECT_EQ(lab.call(0, "counter", "c", "get").payload.view(), "5");
    }
    EXPECT_GT(moved, 0U);
    EXPECT_GT(kept, 4U);
}

}  // namespace
}  // namespace weft::replication::test
