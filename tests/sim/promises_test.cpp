// Every promise, given by a machine whose disk does not hold it (and by one whose disk does).

#include "sim/promises.h"

#include "core/entry.h"
#include "storage/memory_store.h"
#include "tests/sim/broken_rule.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace weft::sim {
namespace {

using replication::AppendAnswer;
using replication::PeerMessage;
using replication::Role;
using replication::VoteAnswer;
using replication::VoteAsk;

NodeId node(std::uint8_t number) {
    NodeId id;
    id.bytes[0] = static_cast<std::uint8_t>(number + 1);
    return id;
}

class PromisesTest : public BrokenRule, public Promises::Memory {
protected:
    PromisesTest() {
        for (std::uint8_t i = 0; i < 3; ++i) promises_.is_node(i, node(i));
    }
    // A log of one machine in memory; write() puts it, or the end of it, on the disk.
    struct Log {
        std::vector<EntryHeader> headers;
        std::vector<Bytes> encoded;
        void add(std::uint64_t term, std::string_view content = "same") {
            EntryBuilder builder;
            builder.begin(EntryKind::NoOp);
            builder.section(SectionType::Value, content);
            EntryHeader header;
            header.group = kGroup;
            header.index = LogIndex{headers.size() + 1};
            header.term = Term{term};
            encoded.push_back(
                builder.finish(header, headers.empty() ? Chain{} : headers.back().chain));
            headers.push_back(header);
        }
    };
    static Log log(std::initializer_list<std::uint64_t> terms) {
        Log made;
        for (const std::uint64_t term : terms) made.add(term);
        return made;
    }
    void write(std::size_t machine, const storage::WriteBatch& batch) {
        stores_[machine].apply(batch).value();
        promises_.applied(machine, batch);
    }
    void write(std::size_t machine, const Log& log, std::uint64_t from = 1) {
        storage::WriteBatch batch;
        for (std::size_t i = from - 1; i < log.headers.size(); ++i)
            batch.append(kGroup, log.headers[i].index, log.encoded[i].view());
        write(machine, batch);
    }
    void write_hard(std::size_t machine, std::uint64_t term, NodeId vote = {}) {
        storage::WriteBatch batch;
        batch.hard_state(kGroup, {Term{term}, vote});
        write(machine, batch);
    }
    void truncate(std::size_t machine, std::uint64_t from) {
        storage::WriteBatch batch;
        batch.truncate(kGroup, LogIndex{from});
        write(machine, batch);
    }
    void move_base(std::size_t machine, const EntryHeader& at) {
        storage::WriteBatch batch;
        storage::LogBase base;
        base.index = at.index;
        base.term = at.term;
        base.chain = at.chain;
        batch.move_base(kGroup, base);
        write(machine, batch);
    }
    void start(std::size_t machine) { promises_.read_back(machine, stores_[machine].recover()); }

    std::string leaves(std::size_t machine, std::size_t to, const PeerMessage& message) {
        return said([&] {
            promises_.leaves({machine, node(static_cast<std::uint8_t>(to))}, message, *this);
        });
    }
    std::string votes(std::uint64_t term, std::size_t to, bool pre = false) {
        return leaves(0, to, replication::VoteAnswers{{VoteAnswer{kGroup, Term{term}, pre, true}}});
    }
    std::string asks(std::uint64_t term, const EntryHeader& last, bool pre = false) {
        VoteAsk ask{kGroup, Term{term}, {last.term, last.index}, pre, false};
        return leaves(0, 1, replication::VoteAsks{{ask}});
    }
    std::string acknowledges(std::uint64_t term, std::uint64_t index) {
        AppendAnswer answer;
        answer.group = kGroup;
        answer.term = Term{term};
        answer.accepted = true;
        answer.index = LogIndex{index};
        return leaves(0, 1, replication::AppendAnswers{{answer}});
    }
    std::string commits(std::uint64_t term, const EntryHeader& at) {
        return said([&] {
            promises_.commits(0, {kGroup, Role::Leader, Term{term}, at.index, {at.term, at.chain}},
                              replication::Config::of({node(0), node(1), node(2)}));
        });
    }
    std::optional<Chain> chain_at(PartitionId, Term, LogIndex index) const override {
        if (index.value == 0 || index.value > memory_.headers.size()) return std::nullopt;
        return memory_.headers[index.value - 1].chain;
    }

    LogIndex commit(PartitionId) const override { return {}; }

    static constexpr PartitionId kGroup{1};
    Promises promises_{3};
    storage::MemoryStore stores_[3];
    Log memory_;  // of the machine that sends
};

// ---- S1 -----------------------------------------------------------------------------------------

TEST_F(PromisesTest, AVoteLeavesWhenTermAndVoteAreDurable) {
    EXPECT_EQ(votes(2, 1, true), "") << "a pre-vote promises nothing";
    EXPECT_EQ(votes(2, 1), "S1");
    write_hard(0, 2);
    EXPECT_EQ(votes(2, 1), "S1") << "the term alone";
    write_hard(0, 2, node(1));
    EXPECT_EQ(votes(2, 1), "");
    EXPECT_EQ(votes(2, 2), "S1") << "for another";
    EXPECT_EQ(votes(3, 1), "S1") << "in another term";
}

TEST_F(PromisesTest, ACandidacyLeavesWhenItsTermIsDurable) {
    EXPECT_EQ(asks(1, {}, true), "");
    EXPECT_EQ(asks(1, {}), "S1");
    write_hard(0, 1, node(0));
    EXPECT_EQ(asks(1, {}), "");
    EXPECT_EQ(asks(2, {}), "S1");
}

TEST_F(PromisesTest, ALeaderSpeaksWhenItsTermIsDurable) {
    replication::AppendItem item;
    item.group = kGroup;
    item.term = Term{1};
    const replication::AppendBatch batch{{item}, {}};
    EXPECT_EQ(leaves(0, 1, batch), "S1");
    write_hard(0, 1, node(0));
    EXPECT_EQ(leaves(0, 1, batch), "");
    replication::SnapshotChunk chunk;
    chunk.group = kGroup;
    chunk.term = Term{2};
    EXPECT_EQ(leaves(0, 1, chunk), "S1");
}

TEST_F(PromisesTest, ADurableTermAndVoteNeverChangeBack) {
    write_hard(0, 3, node(1));
    EXPECT_EQ(said([&] { write_hard(0, 2, node(1)); }), "S1");
    EXPECT_EQ(said([&] { write_hard(0, 3, node(2)); }), "S1");
    EXPECT_EQ(said([&] { write_hard(0, 4, node(2)); }), "");
}

TEST_F(PromisesTest, ADamagedHardStateVotesNoMoreAndIsNotWrittenOver) {
    write_hard(0, 3, node(1));
    ASSERT_TRUE(stores_[0].corrupt_hard(kGroup));
    promises_.damaged(0);
    start(0);
    EXPECT_EQ(votes(3, 1), "S1");
    EXPECT_EQ(said([&] { write_hard(0, 4, node(1)); }), "S1");
    memory_ = log({4});
    write(0, memory_);
    EXPECT_EQ(acknowledges(4, 1), "") << "its term needs no record";
    EXPECT_EQ(acknowledges(2, 1), "S1") << "its lost vote is for a newer one";
    EXPECT_EQ(leaves(1, 0, replication::Confirm{ConfirmRound{7}, {{kGroup, Term{2}}}}), "");
    EXPECT_EQ(leaves(0, 1, replication::ConfirmAnswer{ConfirmRound{7}, {}}), "S1");
}

TEST_F(PromisesTest, ALostCandidacyOfItsOwnBindsNobody) {
    write_hard(0, 3, node(0));
    ASSERT_TRUE(stores_[0].corrupt_hard(kGroup));
    promises_.damaged(0);
    start(0);
    memory_ = log({2});
    write(0, memory_);
    EXPECT_EQ(acknowledges(2, 1), "");
}

// ---- S2, S4, S22 --------------------------------------------------------------------------------

TEST_F(PromisesTest, AnEntryIsAcknowledgedWhenItIsDurable) {
    memory_ = log({1, 1, 1});
    write_hard(0, 1);
    EXPECT_EQ(acknowledges(1, 1), "S2");
    write(0, log({1, 1}));
    EXPECT_EQ(acknowledges(1, 2), "");
    EXPECT_EQ(acknowledges(1, 3), "S2");
    EXPECT_EQ(acknowledges(2, 2), "S2") << "under a term that is not durable";
}

// ABA: an entry of that index is durable, but not the one that is meant.
TEST_F(PromisesTest, AnEntryThatReplacesAnotherIsAcknowledgedWhenItIsDurableItself) {
    write(0, log({1, 1}));
    write_hard(0, 2);
    memory_ = log({1, 2});
    EXPECT_EQ(acknowledges(2, 2), "S2");
    truncate(0, 2);
    EXPECT_EQ(acknowledges(2, 2), "S2");
    write(0, memory_, 2);
    EXPECT_EQ(acknowledges(2, 2), "");
}

TEST_F(PromisesTest, NothingBehindDamageIsAcknowledged) {
    memory_ = log({1, 1, 1});
    write_hard(0, 1);
    write(0, memory_);
    ASSERT_TRUE(stores_[0].vanish_log(kGroup, LogIndex{2}));
    promises_.damaged(0);
    start(0);
    EXPECT_EQ(acknowledges(1, 1), "");
    EXPECT_EQ(acknowledges(1, 3), "S2");
    storage::WriteBatch repair;
    repair.append(kGroup, LogIndex{2}, memory_.encoded[1].view());
    write(0, repair);
    EXPECT_EQ(acknowledges(1, 3), "");
}

TEST_F(PromisesTest, NothingOfAnOlderTermStaysBehindARepairedEntry) {
    write(0, log({1, 1, 1}));
    EXPECT_EQ(said([&] { write(0, log({1, 1}), 2); }), "");
    EXPECT_EQ(said([&] { write(0, log({1, 2}), 2); }), "S22");
}

// A damaged record that still tells its term contradicts a base of another one: the store drops the
// log, and nothing is left to stay behind.
TEST_F(PromisesTest, ADamagedRecordOfAnotherTermKeepsNothingBehindANewBase) {
    memory_ = log({1, 1, 1, 1});
    write(0, memory_);
    const std::uint64_t last_bit = memory_.encoded[1].size() * 8 - 1;
    ASSERT_TRUE(stores_[0].flip_bit_in_log(kGroup, LogIndex{2}, last_bit));
    promises_.damaged(0);
    const auto found = stores_[0].recover();
    ASSERT_TRUE(found[0].log[1].readable && !found[0].log[1].intact);
    start(0);
    move_base(0, log({1, 2}).headers[1]);
    EXPECT_EQ(stores_[0].recover()[0].log.size(), 0U);
    EXPECT_EQ(said([&] { write(0, log({1, 2, 2}), 3); }), "");
}

TEST_F(PromisesTest, ABaseStandsForWhatItHasCompacted) {
    memory_ = log({1, 1, 1});
    write_hard(0, 1);
    move_base(0, memory_.headers[1]);  // a snapshot
    EXPECT_EQ(acknowledges(1, 1), "");
    EXPECT_EQ(acknowledges(1, 2), "");
    EXPECT_EQ(acknowledges(1, 3), "S2");
}

TEST_F(PromisesTest, ACandidateTellsOfItsDurableEnd) {
    const Log own = log({1, 1});
    write_hard(0, 2, node(0));
    EXPECT_EQ(asks(2, own.headers[1]), "S4");
    EXPECT_EQ(asks(2, own.headers[1], true), "S4");
    write(0, own);
    EXPECT_EQ(asks(2, own.headers[1]), "");
    EXPECT_EQ(asks(2, log({1, 2}).headers[1]), "S4") << "an end of another term";
}

// ---- S8 -----------------------------------------------------------------------------------------

TEST_F(PromisesTest, NobodyConfirmsATermWhoseSuccessorItHasOnDisk) {
    const auto confirms = [&](std::uint64_t round, bool refused) {
        replication::ConfirmAnswer answer{ConfirmRound{round}, {}};
        if (refused) answer.refused.push_back({kGroup, Term{3}});
        return leaves(0, 1, answer);
    };
    EXPECT_EQ(leaves(1, 0, replication::Confirm{ConfirmRound{7}, {{kGroup, Term{2}}}}), "");
    write_hard(0, 2, node(1));
    EXPECT_EQ(confirms(7, false), "");
    write_hard(0, 3);
    EXPECT_EQ(confirms(7, false), "S8");
    EXPECT_EQ(confirms(7, true), "");
    EXPECT_EQ(leaves(0, 2, replication::ConfirmAnswer{ConfirmRound{7}, {}}), "") << "nobody asked";
    EXPECT_EQ(leaves(1, 0, replication::Confirm{ConfirmRound{8}, {{kGroup, Term{3}}}}), "");
    EXPECT_EQ(confirms(8, false), "");
    EXPECT_EQ(promises_.counts().confirms, 3U);
}

// ---- S3, I4 -------------------------------------------------------------------------------------

TEST_F(PromisesTest, ACommitRestsOnAQuorumOfDisks) {
    const Log entries = log({1, 1});
    EXPECT_EQ(commits(1, entries.headers[0]), "I4");
    write(0, entries);
    EXPECT_EQ(commits(1, entries.headers[0]), "I4") << "its own is one of three";
    Log other = log({1});
    other.add(1, "other");
    write(1, other);
    EXPECT_EQ(commits(1, entries.headers[0]), "");
    EXPECT_EQ(commits(1, entries.headers[1]), "I4") << "another entry of that index";
    write(2, entries);
    EXPECT_EQ(commits(1, entries.headers[1]), "");
    EXPECT_EQ(promises_.committed(kGroup), LogIndex{2});
}

// Raft paper 5.4.2, figure 8.
TEST_F(PromisesTest, CopiesCommitEntriesOfTheOwnTermOnly) {
    Log entries = log({1});
    entries.add(3);
    for (std::size_t i = 0; i < 3; ++i) write(i, entries);
    EXPECT_EQ(commits(3, entries.headers[0]), "S3");
    EXPECT_EQ(commits(3, entries.headers[1]), "");
}

TEST_F(PromisesTest, WhatAFaultTookStillCountsAsPromised) {
    const Log entries = log({1, 1});
    write(0, entries);
    write(1, entries);
    promises_.damaged(1);
    stores_[1] = {};
    start(1);
    EXPECT_EQ(commits(1, entries.headers[1]), "");
    promises_.damaged(2);
    start(2);
    Log more = entries;
    more.add(1);
    write(0, more, 3);
    EXPECT_EQ(commits(1, more.headers[2]), "I4") << "never promised";
}

TEST_F(PromisesTest, ALostDiskPromisesNothing) {
    memory_ = log({1});
    write_hard(0, 1, node(1));
    write(0, memory_);
    promises_.lost(0);
    start(0);
    EXPECT_EQ(votes(1, 1), "") << "nothing was lost after all";
    promises_.lost(0);
    stores_[0] = {};
    start(0);
    write_hard(0, 1, node(1));
    write(0, memory_);
    EXPECT_EQ(votes(1, 1, true), "");
    EXPECT_EQ(votes(1, 1), "S18");
    EXPECT_EQ(acknowledges(1, 1), "S18");
}

TEST_F(PromisesTest, NobodyDropsWhatIsCommitted) {
    const Log entries = log({1, 1, 1});
    write(0, entries);
    write(1, entries);
    EXPECT_EQ(commits(1, entries.headers[1]), "");
    EXPECT_EQ(said([&] { truncate(0, 3); }), "");
    EXPECT_EQ(said([&] { move_base(0, entries.headers[0]); }), "");
    EXPECT_EQ(said([&] { truncate(0, 2); }), "S20");
    EXPECT_EQ(said([&] { move_base(1, log({2}).headers[0]); }), "S20");
}

// ---- what a start reads back --------------------------------------------------------------------

TEST_F(PromisesTest, AStartFindsAllThatWasSynced) {
    const Log entries = log({1, 1});
    write_hard(0, 1, node(1));
    write(0, entries);
    start(0);
    move_base(0, entries.headers[0]);
    start(0);
    const storage::MemoryStore earlier = stores_[0];
    write_hard(0, 2);
    stores_[0] = earlier;
    EXPECT_EQ(said([&] { start(0); }), "I4") << "a vote is gone";
    write(1, entries);
    ASSERT_TRUE(stores_[1].vanish_log(kGroup, LogIndex{2}));
    EXPECT_EQ(said([&] { start(1); }), "I4") << "an entry is gone";
    EXPECT_EQ(promises_.counts().starts, 4U);
}

}  // namespace
}  // namespace weft::sim
