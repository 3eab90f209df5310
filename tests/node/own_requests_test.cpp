// What a node asks on its own account: P-once and S28 hold as for every client.
#include "node/own_requests.h"

#include "core/error.h"
#include "routing/genesis.h"
#include "routing/placement.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace weft::node {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

NodeId node(std::uint8_t number) {
    NodeId id;
    id.bytes[15] = number;
    return id;
}

routing::PlacementTable table_of_five() {
    routing::Genesis genesis;
    genesis.groups = 4;
    for (std::uint8_t number = 1; number <= 5; ++number) {
        routing::NodeRecord record;
        record.node = node(number);
        genesis.founders.push_back(record);
    }
    return routing::PlacementTable::first(genesis);
}

TEST(OwnClient, IsAnotherOneForEachNodeAndBoot) {
    const ClientId one = own_client(node(1), Boot{7});
    EXPECT_EQ(one, own_client(node(1), Boot{7}));
    EXPECT_NE(one, own_client(node(1), Boot{8}));
    EXPECT_NE(one, own_client(node(2), Boot{7}));
    EXPECT_FALSE(one.is_zero());
}

struct OwnRequestsTest : testing::Test {
    OwnTag ask(Duration timeout = seconds(10)) {
        const auto tag = own.ask(now, Request(), timeout);
        EXPECT_TRUE(tag);
        return tag.value_or(OwnTag{});
    }
    // What is sent by then; the ends are kept.
    std::vector<OwnSend> run(Duration later = {}) {
        now.mono = now.mono + later;
        now.wall.ms += std::chrono::duration_cast<milliseconds>(later).count();
        OwnEffects out;
        std::vector<OwnAttempt> attempts = own.due(now);
        for (OwnAttempt& attempt : attempts) attempt.leader = known;
        own.run(now, attempts, out);
        for (OwnEnd& end : out.ends) EXPECT_TRUE(ended.emplace(end.tag, end.reply).second);
        return std::move(out.sends);
    }
    // The one attempt that is sent when the next moment has come.
    OwnSend next() {
        for (int i = 0; i < 10; ++i) {
            const Duration wait = own.deadline() - now.mono;
            std::vector<OwnSend> sends = run(std::max(wait, Duration{}));
            if (!sends.empty()) return sends.front();
        }
        ADD_FAILURE() << "nothing was sent";
        return {};
    }
    void answer(const OwnSend& sent, Reply reply) {
        reply.id = sent.request.id;
        own.on_reply(now, sent.to, sent.tag, std::move(reply));
    }
    void done(const OwnSend& sent) {
        Reply reply;
        reply.outcome = Outcome::Done;
        answer(sent, std::move(reply));
    }
    void refuse(const OwnSend& sent, ErrorNumber why) { redirect(sent, {}, {}, why); }
    void redirect(const OwnSend& sent, NodeId leader, Term term,
                  ErrorNumber why = ErrorNumber::NoLeader) {
        Reply reply;
        reply.error = make_error(why, "");
        reply.leader_hint = leader;
        reply.hint_term = term;
        answer(sent, std::move(reply));
    }

    routing::PlacementTable table = table_of_five();
    OwnRequestOptions options{.client = ClientId{node(1).bytes}, .pending_max = 8};
    OwnRequests own{options, table};
    Now now{Instant{0}, WallTime{1'000'000}};
    std::optional<KnownLeader> known;
    std::map<OwnTag, Reply> ended;
};

TEST_F(OwnRequestsTest, AskTheLeaderThatIsKnownAndEndOnce) {
    known = {node(3), Term{4}};
    const OwnTag tag = ask();
    const OwnSend sent = next();
    EXPECT_EQ(sent.to, node(3));
    EXPECT_EQ(sent.tag, tag);
    EXPECT_EQ(sent.request.id, (RequestId{ClientId{node(1).bytes}, 1'000'000, PartitionId{0}, 1}));
    EXPECT_EQ(sent.request.lowest_open, 1U);
    EXPECT_EQ(sent.request.deadline_ms, 10'000U);
    done(sent);
    done(sent);
    run();
    EXPECT_EQ(ended.at(tag).outcome, Outcome::Done);
    EXPECT_EQ(own.pending(), 0U);
    EXPECT_EQ(own.deadline(), Instant::never());
}

TEST_F(OwnRequestsTest, AskTheReplicasInTurnWhileNoLeaderIsKnown) {
    ask();
    for (const int number : {1, 2, 3, 4, 5, 1}) {
        const OwnSend sent = next();
        EXPECT_EQ(sent.to, node(static_cast<std::uint8_t>(number)));
        refuse(sent, ErrorNumber::NoLeader);
    }
}

TEST_F(OwnRequestsTest, GoAtOnceWhereANewerTermLeadsUnderTheSameId) {
    ask();
    const OwnSend first = next();
    redirect(first, node(4), Term{7});
    const auto second = run();
    ASSERT_EQ(second.size(), 1U);
    EXPECT_EQ(second[0].to, node(4));
    EXPECT_EQ(second[0].request.id, first.request.id);
    redirect(second[0], node(2), Term{7});
    EXPECT_TRUE(run().empty()) << "no newer term: wait";
}

// The replica here is cut off: it believes in the leader of its last term.
TEST_F(OwnRequestsTest, LeaveALeaderThatIsBelievedInAndSilent) {
    known = {node(3), Term{4}};
    ask();
    EXPECT_EQ(next().to, node(3));
    EXPECT_NE(next().to, node(3));
}

TEST_F(OwnRequestsTest, AskAgainUnderTheSameIdWhenTheLinkIsLost) {
    known = {node(3), Term{4}};
    const OwnTag tag = ask();
    const OwnSend first = next();
    own.on_lost(now, node(2));
    EXPECT_TRUE(run(options.attempt_max / 2).empty()) << "that node was not asked";
    own.on_lost(now, node(3));
    known = {node(2), Term{5}};
    const OwnSend second = next();
    EXPECT_LT(now.mono, Instant{0} + options.attempt_max);
    EXPECT_EQ(second.to, node(2));
    EXPECT_EQ(second.request.id, first.request.id);
    EXPECT_EQ(second.request.leaders_lost, 1);
    done(second);
    run();
    EXPECT_EQ(ended.at(tag).outcome, Outcome::Done);
}

TEST_F(OwnRequestsTest, AreUnknownOnceAnAttemptMayHaveRun) {
    const OwnTag silent = ask(seconds(3));
    while (!ended.contains(silent)) {
        run(milliseconds(100));
        ASSERT_LE(now.mono, Instant{0} + seconds(3));
    }
    EXPECT_EQ(ended.at(silent).outcome, Outcome::Unknown);

    const OwnTag lost = ask();
    own.on_lost(now, next().to);
    const OwnSend again = next();
    EXPECT_EQ(again.request.lowest_open, 1U) << "what is unknown stays open";
    refuse(again, ErrorNumber::BadPayload);
    run();
    EXPECT_EQ(ended.at(lost).outcome, Outcome::Unknown);
}

TEST_F(OwnRequestsTest, AreNotDoneWhenEveryAttemptWasRefused) {
    const OwnTag refused = ask(seconds(2));
    while (!ended.contains(refused))
        for (const OwnSend& sent : run(milliseconds(5))) refuse(sent, ErrorNumber::NoLeader);
    EXPECT_EQ(ended.at(refused).outcome, Outcome::NotDone);

    const OwnTag bad = ask();
    refuse(next(), ErrorNumber::BadPayload);
    run();
    EXPECT_EQ(ended.at(bad).outcome, Outcome::NotDone);
    EXPECT_EQ(ended.at(bad).error.code, make_error(ErrorNumber::BadPayload, "").code);
}

TEST_F(OwnRequestsTest, BeginANewSessionAfterFiveMinutesAndFinishInTheOld) {
    known = {node(3), Term{4}};
    ask(minutes(9));
    const OwnSend old = next();
    refuse(old, ErrorNumber::QueueFull);
    now.mono = now.mono + minutes(5);
    now.wall.ms += 300'000;
    ask();
    const auto sends = run();
    ASSERT_EQ(sends.size(), 2U);
    EXPECT_EQ(sends[0].request.id, old.request.id);
    EXPECT_EQ(sends[1].request.id.start_ms, 1'300'000);
    EXPECT_EQ(sends[1].request.id.seq, 1U);
}

TEST_F(OwnRequestsTest, GoOnInANewSessionWhenTheirsHasEndedAndNothingRan) {
    known = {node(3), Term{4}};
    ask();
    const OwnSend first = next();
    refuse(first, ErrorNumber::SessionExpired);
    const OwnSend second = next();
    EXPECT_GT(second.request.id.start_ms, first.request.id.start_ms);

    own.on_lost(now, second.to);
    refuse(next(), ErrorNumber::SessionExpired);
    run();
    ASSERT_EQ(ended.size(), 1U) << "it may have run: another id could run it twice";
    EXPECT_EQ(ended.begin()->second.outcome, Outcome::Unknown);
}

TEST_F(OwnRequestsTest, AreNotUnderWayOnceTheirSessionHasEnded) {
    const OwnTag tag = ask();
    refuse(next(), ErrorNumber::SessionExpired);
    refuse(next(), ErrorNumber::BadPayload);
    run();
    EXPECT_EQ(ended.at(tag).outcome, Outcome::NotDone) << "no attempt was given up";
}

TEST_F(OwnRequestsTest, AreRefusedWhenTooManyWait) {
    for (std::size_t i = 0; i < options.pending_max; ++i) ask();
    const auto refused = own.ask(now, Request(), seconds(1));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Overloaded);
    EXPECT_EQ(run().size(), options.pending_max);
}

TEST_F(OwnRequestsTest, TakeNoAnswerOfAnotherNodeNorToAnotherId) {
    known = {node(3), Term{4}};
    ask();
    OwnSend sent = next();
    OwnSend other = sent;
    other.to = node(2);
    refuse(other, ErrorNumber::BadPayload);
    sent.request.id.seq = 2;
    done(sent);
    run();
    EXPECT_EQ(own.pending(), 1U);
}

TEST_F(OwnRequestsTest, NameTheGroupOfEachAttemptThatIsDueAndNoOther) {
    Request request;
    request.id.group = PartitionId{2};
    const auto tag = own.ask(now, std::move(request), seconds(10));
    const std::vector<OwnAttempt> attempts = own.due(now);
    ASSERT_EQ(attempts.size(), 1U);
    EXPECT_EQ(attempts[0].tag, tag.value_or(OwnTag{}));
    EXPECT_EQ(attempts[0].group, PartitionId{2});
    OwnEffects out;
    own.run(now, attempts, out);
    EXPECT_TRUE(own.due(now).empty()) << "under way";
}

// Else nobody would know of the first attempt that it may have run.
TEST_F(OwnRequestsTest, WhatIsUnderWayIsNotRunAgain) {
    ask();
    const std::vector<OwnAttempt> attempts = own.due(now);
    OwnEffects out;
    own.run(now, attempts, out);
    EXPECT_EQ(weft::test::said_by([&] { own.run(now, attempts, out); }),
              "own request 1 is under way");
}

TEST_F(OwnRequestsTest, WhatWasNeverAskedIsNotRun) {
    OwnEffects out;
    EXPECT_DEATH(own.run(now, {OwnAttempt{OwnTag{7}, PartitionId{0}}}, out), "not due");
}

}  // namespace
}  // namespace weft::node
