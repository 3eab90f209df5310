// Reads that have run and wait for their right to be answered.

#include "replication/partition/reads.h"

#include "tests/support/said_by.h"
#include "weft/errors.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weft::replication {
namespace {

class ReadsTest : public testing::Test {
protected:
    ReadTicket add(std::uint64_t seq, LogIndex rests_on, LogIndex arrival = LogIndex{10}) {
        WaitingRead read;
        read.reply.id.seq = seq;
        read.reply.payload = Bytes::copy_of(std::string(10, 'x'));
        read.rests_on = rests_on;
        read.arrival = arrival;
        return reads.add(std::move(read), commit);
    }
    std::vector<std::uint64_t> released() {
        std::vector<WaitingRead> ready;
        reads.release(commit, ready);
        std::vector<std::uint64_t> seqs;
        for (const WaitingRead& read : ready) seqs.push_back(read.reply.id.seq);
        return seqs;
    }
    using Seqs = std::vector<std::uint64_t>;
    LogIndex commit{10};
    WaitingReads reads;
};

TEST_F(ReadsTest, RestOnWhatTheySaw) {
    entity::Host host;
    entity::Entity& entity = host.obtain({1, "kv", "a"}, Instant{});
    Request request;
    request.id.seq = 3;
    entity::Decision decision;
    decision.reply = Bytes::copy_of("state");
    const LogThen log{.applied = LogIndex{8}, .last = LogIndex{12}};
    const WaitingRead committed = read_that_ran({ClientRef{1}, request, entity}, log, decision);
    EXPECT_EQ(committed.rests_on, LogIndex{});
    EXPECT_EQ(committed.arrival, LogIndex{12});
    EXPECT_EQ(committed.reply.index, LogIndex{8});
    EXPECT_EQ(committed.reply.payload.view(), "state");
    EXPECT_EQ(committed.reply.outcome, Outcome::Done);
    EXPECT_EQ(committed.reply.level, Level::Linearizable);
    entity.ahead = std::make_unique<entity::Ahead>();
    entity.ahead->last = LogIndex{11};
    entity.ahead->image.standing = {Revision{11}, Version{2}, Generation{11}};
    const WaitingRead ahead = read_that_ran({ClientRef{1}, request, entity}, log, decision);
    EXPECT_EQ(ahead.rests_on, LogIndex{11});
    EXPECT_EQ(ahead.reply.index, LogIndex{11}) << "a token must not lie before what was read";
    EXPECT_EQ(ahead.reply.version, Version{2});
    request.kind = RequestKind::Tell;
    EXPECT_TRUE(
        read_that_ran({ClientRef{1}, request, entity}, log, decision).reply.payload.empty());
    decision = entity::rejection(make_error(ErrorNumber::NotFound, "there is none"));
    const WaitingRead no = read_that_ran({ClientRef{1}, request, entity}, log, decision);
    EXPECT_EQ(no.reply.outcome, Outcome::Rejected);
    EXPECT_EQ(no.reply.error.message, "there is none");
}

// Raft thesis 6.4: neither a confirmed leadership nor a committed state is enough alone.
TEST_F(ReadsTest, NeedACommitAndAConfirmation) {
    const ReadTicket first = add(1, LogIndex{});
    const ReadTicket ahead = add(2, LogIndex{11});
    EXPECT_EQ(released(), Seqs{}) << "not confirmed";
    reads.confirm(first);
    EXPECT_EQ(released(), Seqs{1});
    reads.confirm(ahead);
    EXPECT_EQ(released(), Seqs{}) << "what it rests on is not committed";
    EXPECT_EQ(reads.bytes(), 10u);
    commit = LogIndex{11};
    EXPECT_EQ(released(), Seqs{2});
    EXPECT_EQ(reads.bytes(), 0u);
}

TEST_F(ReadsTest, AnOwnEntryBehindTheirArrivalConfirms) {
    add(1, LogIndex{}, LogIndex{12});
    commit = LogIndex{12};
    EXPECT_EQ(released(), Seqs{});
    commit = LogIndex{13};
    EXPECT_EQ(released(), Seqs{1});
}

TEST_F(ReadsTest, AreRefusedInTheOrderTheyCame) {
    add(1, LogIndex{12});
    add(2, LogIndex{});
    add(3, LogIndex{11});
    Seqs told;
    for (const Refused& refused : reads.refuse()) {
        told.push_back(refused.id.seq);
        EXPECT_EQ(number_of(refused.error), ErrorNumber::NoLeader);
        EXPECT_EQ(refused.outcome, Outcome::NotDone) << "it may be repeated";
    }
    EXPECT_EQ(told, (Seqs{1, 2, 3}));
    EXPECT_TRUE(reads.empty());
    EXPECT_EQ(reads.bytes(), 0u);
}

TEST_F(ReadsTest, AConfirmationOfALostTermCountsNoMore) {
    const ReadTicket lost = add(1, LogIndex{});
    reads.refuse();
    const ReadTicket later = add(2, LogIndex{});
    EXPECT_NE(lost, later);
    reads.confirm(lost);
    EXPECT_EQ(released(), Seqs{});
    reads.confirm(later);
    EXPECT_EQ(released(), Seqs{2});
}

TEST_F(ReadsTest, FindsEachFaultThatIsPlanted) {
    const auto checked = [&] { return weft::test::said_by([&] { reads.check(commit); }); };
    const ReadTicket first = add(1, LogIndex{}, LogIndex{12});
    add(2, LogIndex{11}, LogIndex{12});
    EXPECT_EQ(checked(), "");
    commit = LogIndex{11};
    EXPECT_EQ(checked(), "a read waits for entry 11, committed is 11") << "it is not released";
    EXPECT_EQ(released(), Seqs{});
    EXPECT_EQ(checked(), "");
    reads.confirm(first);
    EXPECT_EQ(checked(), "a read that came at 12 is confirmed and waits");
    EXPECT_EQ(released(), Seqs{1});
    add(3, LogIndex{}, LogIndex{11});
    EXPECT_EQ(checked(), "a read that came at 11 waits behind one of 12") << "a log only grows";
}

}  // namespace
}  // namespace weft::replication
