// Reads and resolves of one partition with one voter.

#include "core/error.h"
#include "partition_lab.h"
#include "replication/partition/sessions.h"

#include <gtest/gtest.h>

namespace weft::replication::test {
namespace {

std::uint16_t number(ErrorNumber n) { return static_cast<std::uint16_t>(n); }

// ---- resolve ------------------------------------------------------------------------------------

Request resolve_of(const Request& request) {
    Request resolve = request;
    resolve.kind = RequestKind::Resolve;
    resolve.type = resolve.entity = resolve.command = resolve.payload = {};
    resolve.digest = {};
    return resolve;
}

TEST(Resolve, ReturnsTheRememberedOutcome) {
    PartitionLab lab;
    lab.lead();
    const Request add = lab.request("counter", "c", "add", "5");
    lab.call(0, add);
    const Reply reply = lab.call(0, resolve_of(add));
    EXPECT_EQ(reply.outcome, Outcome::Done);
    EXPECT_EQ(reply.payload.view(), "5");
}

TEST(Resolve, JoinsWhatIsInFlight) {
    PartitionLab lab;
    lab.lead();
    lab.options().auto_persist = false;
    const Request add = lab.request("counter", "c", "add", "5");
    lab.send(0, add);
    const ClientRef asked = lab.send(0, resolve_of(add));
    EXPECT_FALSE(lab.answered(asked));
    lab.persist(0);
    EXPECT_EQ(lab.take(asked).payload.view(), "5");
}

TEST(Resolve, ClosesANumberThatNeverCame) {
    PartitionLab lab;
    lab.lead();
    const Request add = lab.request("counter", "c", "add", "5");
    const Reply closed = lab.call(0, resolve_of(add));
    EXPECT_EQ(closed.outcome, Outcome::NotDone);
    const Reply late = lab.call(0, add);
    EXPECT_EQ(late.outcome, Outcome::NotDone);
    EXPECT_FALSE(late.error.is_retryable());
    lab.restart(0);
    lab.lead();
    EXPECT_EQ(lab.call(0, add).outcome, Outcome::NotDone);
    EXPECT_EQ(lab.call(0, "counter", "c", "get").payload.view(), "0");
}

TEST(Resolve, CommandBehindAResolveInFlightDoesNotRun) {
    PartitionLab lab;
    lab.lead();
    lab.options().auto_persist = false;
    const Request add = lab.request("counter", "c", "add", "5");
    lab.send(0, resolve_of(add));
    const ClientRef late = lab.send(0, add);
    lab.persist(0);
    EXPECT_EQ(lab.take(late).outcome, Outcome::NotDone);
}

TEST(Resolve, OfAnExpiredSessionGuessesNothing) {
    PartitionLab lab;
    lab.lead();
    const Request add = lab.request("counter", "c", "add", "5");
    lab.call(0, add);
    lab.now.wall.ms += kSessionLifeMs;
    const Reply reply = lab.call(0, resolve_of(add));
    EXPECT_EQ(reply.outcome, Outcome::Unknown);
    EXPECT_EQ(reply.error.code, ErrorCode::Expired);
}

// ---- reads --------------------------------------------------------------------------------------

// S8: a read is answered only after a round begun after its arrival.
TEST(Reads, WaitForTheConfirmRound) {
    PartitionLab::Options options;
    options.auto_confirm = false;
    PartitionLab lab(options);
    lab.lead();
    lab.put("a", "v");
    const ClientRef one = lab.send(0, lab.request("kv", "a", "get", ""));
    const ClientRef two = lab.send(0, lab.request("kv", "a", "get", ""));
    ASSERT_EQ(lab.confirms.size(), 2U);
    EXPECT_FALSE(lab.answered(one));
    lab.step(0, ReadsConfirmed{Term{lab.confirms[0].term.value + 1}, lab.confirms[1].ticket});
    EXPECT_FALSE(lab.answered(one));
    lab.step(0, ReadsConfirmed{lab.confirms[0].term, lab.confirms[0].ticket});
    EXPECT_TRUE(lab.answered(one));
    EXPECT_FALSE(lab.answered(two));
    lab.step(0, ConfirmGivenUp{lab.confirms[0].term});
    ASSERT_EQ(lab.confirms.size(), 3U);
    EXPECT_GE(lab.confirms[2].ticket, lab.confirms[1].ticket);
    lab.step(0, ReadsConfirmed{lab.confirms[2].term, lab.confirms[2].ticket});
    EXPECT_TRUE(lab.answered(two));
}

TEST(Reads, CommitOfALaterOwnEntryServesAsConfirmation) {
    PartitionLab::Options options;
    options.auto_confirm = false;
    PartitionLab lab(options);
    lab.lead();
    const ClientRef read = lab.send(0, lab.request("kv", "a", "get", ""));
    EXPECT_FALSE(lab.answered(read));
    lab.put("b", "v");
    EXPECT_TRUE(lab.answered(read));
}

// S27.
TEST(Reads, WaitForTheEntriesTheyRestOn) {
    PartitionLab lab;
    lab.lead();
    lab.put("a", "old");
    lab.options().auto_persist = false;
    lab.send(0, lab.request("kv", "a", "put", "new"));
    const ClientRef of_a = lab.send(0, lab.request("kv", "a", "get", ""));
    const ClientRef of_b = lab.send(0, lab.request("kv", "b", "get", ""));
    lab.settle();
    EXPECT_FALSE(lab.answered(of_a));
    EXPECT_TRUE(lab.answered(of_b));  // rests on nothing that is open
    lab.persist(0);
    EXPECT_EQ(lab.take(of_a).payload.view(), "new");
}

TEST(Reads, WriteNothing) {
    PartitionLab lab;
    lab.lead();
    const LogIndex last = lab.at(0).status().last;
    lab.get("a");
    EXPECT_EQ(lab.at(0).status().last, last);
    EXPECT_EQ(lab.at(0).status().sessions, 0U);
}

TEST(Reads, TheirRepliesAreBounded) {
    PartitionLab::Options options;
    options.auto_confirm = false;
    options.limits.waiting_read_bytes = 1000;
    PartitionLab lab(options);
    lab.lead();
    lab.put("a", std::string(600, 'x'));
    const ClientRef first = lab.send(0, lab.request("kv", "a", "get", ""));
    lab.send(0, lab.request("kv", "a", "get", ""));
    EXPECT_EQ(lab.get("a").error.number, number(ErrorNumber::QueueFull));
    lab.step(0, ReadsConfirmed{lab.confirms[0].term, lab.confirms[0].ticket});
    EXPECT_TRUE(lab.answered(first));
    const ClientRef third = lab.send(0, lab.request("kv", "a", "get", ""));
    EXPECT_FALSE(lab.answered(third));  // let in, and waits
}

TEST(Reads, ALargeReplyIsSaidToComeWhileItWaits) {
    PartitionLab::Options options;
    options.auto_confirm = false;
    PartitionLab lab(options);
    lab.lead();
    lab.put("small", std::string(kLargeReplyBytes, 'x'));
    lab.put("large", std::string(kLargeReplyBytes + 1, 'x'));
    lab.send(0, lab.request("kv", "small", "get", ""));
    EXPECT_TRUE(lab.large_replies_to.empty());
    const ClientRef asked = lab.send(0, lab.request("kv", "large", "get", ""));
    lab.settle();  // its turn comes
    EXPECT_FALSE(lab.answered(asked));
    EXPECT_EQ(lab.large_replies_to, std::vector{asked});
}

// What is small is not to wait behind it; time that passes meanwhile counts.
TEST(Reads, OfALargeStateWaitForTheirTurn) {
    PartitionLab lab;
    lab.lead();
    lab.put("small", std::string(kLargeReplyBytes, 'x'));
    lab.put("large", std::string(kLargeReplyBytes + 1, 'x'));
    EXPECT_EQ(lab.get("small").payload.size(), kLargeReplyBytes);
    EXPECT_TRUE(lab.large_reads.empty());
    EXPECT_EQ(lab.get("large").payload.size(), kLargeReplyBytes + 1);
    ASSERT_EQ(lab.large_reads.size(), 1u);
    EXPECT_EQ(lab.large_reads[0].bytes, kLargeReplyBytes + 1);
    Request late = lab.request("kv", "large", "get", "");
    late.deadline_ms = 100;
    lab.step(0, Submit{ClientRef{77}, late});
    ASSERT_EQ(lab.large_reads.size(), 2u);
    lab.now.mono = lab.now.mono + std::chrono::milliseconds(100);
    lab.settle();
    EXPECT_EQ(lab.take(ClientRef{77}).error.number, number(ErrorNumber::DeadlinePassed));
}

TEST(Reads, AreBounded) {
    PartitionLab::Options options;
    options.auto_confirm = false;
    options.limits.waiting_reads = 2;
    PartitionLab lab(options);
    lab.lead();
    lab.send(0, lab.request("kv", "a", "get", ""));
    lab.send(0, lab.request("kv", "a", "get", ""));
    EXPECT_EQ(lab.get("a").error.number, number(ErrorNumber::QueueFull));
}

// S27: what ran ahead in a term that was lost is gone, also for the one whose term it was.
TEST(Speculation, OfALostTermIsNotSeenWhenItsLeaderLeadsAgain) {
    PartitionLab::Options options;
    options.count = 3;
    PartitionLab lab(options);
    const std::size_t first = lab.lead();
    ASSERT_EQ(lab.call(first, "kv", "a", "put", "old").outcome, Outcome::Done);
    ASSERT_EQ(lab.call(first, "counter", "c", "add", "1").outcome, Outcome::Done);
    lab.run(std::chrono::milliseconds(100));
    lab.cut(first);
    const ClientRef lost = lab.send(first, lab.request("kv", "a", "put", "lost"));
    lab.send(first, lab.request("counter", "c", "add", "100"));
    lab.run(std::chrono::seconds(5));
    ASSERT_EQ(lab.take(lost).outcome, Outcome::Unknown);
    lab.cut(first, false);
    lab.run(std::chrono::seconds(2));
    lab.step(lab.lead(), TransferLeadership{PartitionLab::node(first)});
    lab.settle();
    lab.run(std::chrono::seconds(1));
    ASSERT_EQ(lab.lead(), first);
    EXPECT_EQ(lab.call(first, "kv", "a", "get").payload.view(), "old");
    EXPECT_EQ(lab.call(first, "counter", "c", "add", "1").payload.view(), "2");
}

}  // namespace
}  // namespace weft::replication::test
