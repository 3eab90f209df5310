// P-once: how the attempts of one call fold into its outcome.
#include "tests/client/caller_world.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>

namespace weft::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

using Step = std::function<void(CallerWorld&)>;

Step refuse_with(ErrorNumber why) {
    return [why](CallerWorld& w) { w.refuse(w.last(), why); };
}
Step wait(Duration span) {
    return [span](CallerWorld& w) { w.pass(span); };
}
void done(CallerWorld& w) { w.done(w.last()); }
void expired(CallerWorld& w) { w.expire(w.last()); }
void nobody_leads(CallerWorld& w) { w.leader = 0; }
void rejected(CallerWorld& w) {
    Reply reply;
    reply.outcome = Outcome::Rejected;
    reply.error = make_error(ErrorNumber::ValueConflict, "no");
    w.answer(w.last(), reply);
}
void second_node_leads(CallerWorld& w) {
    w.term = 2;
    w.leader = 2;
    w.say_hello(w.link_to(2), 2);
}
void lost_leadership(CallerWorld& w) {
    Reply reply;
    reply.outcome = Outcome::Unknown;
    reply.error = make_error(ErrorNumber::LeadershipLost, "lost");
    w.answer(w.last(), reply);
    second_node_leads(w);
    w.pass(milliseconds(100));
}
Step given_up_with(ErrorNumber why) {
    return [why](CallerWorld& w) {
        Reply reply;
        reply.outcome = Outcome::Unknown;
        reply.error = make_error(why, "not run again");
        w.answer(w.last(), reply);
    };
}
void link_lost(CallerWorld& w) {
    w.down(w.link_to(1));
    second_node_leads(w);
}

TEST(Outcome, FoldsTheAttemptsOfOneCall) {
    using enum ErrorNumber;
    const Step silence = wait(seconds(11));
    const Step moment = wait(milliseconds(200));
    struct Case {
        const char* why;
        std::vector<Step> what;
        Outcome outcome;
        std::optional<ErrorCode> code{};
    };
    const Case cases[] = {
        {"answered", {done}, Outcome::Done},
        {"the entity said no", {rejected}, Outcome::Rejected, ErrorCode::Rejected},
        {"refused for good", {refuse_with(BadPayload)}, Outcome::NotDone, ErrorCode::Malformed},
        {"overloaded once", {refuse_with(QueueFull), moment, done}, Outcome::Done},
        {"refused until the end",
         {refuse_with(QueueFull), moment, nobody_leads, refuse_with(NoLeader), silence},
         Outcome::NotDone,
         ErrorCode::NotLeader},
        {"never answered", {silence}, Outcome::Unknown, ErrorCode::OutcomeUnknown},
        {"link lost, done by the next leader", {link_lost, done}, Outcome::Done},
        {"link lost, then refused for good",
         {link_lost, refuse_with(BadPayload)},
         Outcome::Unknown,
         ErrorCode::Malformed},
        {"link lost, then refused to the end",
         {link_lost, nobody_leads, refuse_with(NoLeader), silence},
         Outcome::Unknown,
         ErrorCode::OutcomeUnknown},
        {"leadership lost, then done", {lost_leadership, done}, Outcome::Done},
        {"leadership lost, then silence", {lost_leadership, silence}, Outcome::Unknown},
        {"leadership lost, then the session has ended",
         {lost_leadership, expired},
         Outcome::Unknown,
         ErrorCode::Expired},
        {"link lost, then the id turns out to be another body's",
         {link_lost, refuse_with(RequestReused)},
         Outcome::NotDone,
         ErrorCode::RequestIdReused},
        {"suspected of ending nodes: no further try",
         {link_lost, given_up_with(Poisoned)},
         Outcome::Unknown,
         ErrorCode::OutcomeUnknown},
        {"the node died in its handler: no further try",
         {link_lost, given_up_with(HandlerCrashed)},
         Outcome::Unknown,
         ErrorCode::OutcomeUnknown},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.why);
        CallerWorld world = CallerWorld::connected();
        world.call(1);
        ASSERT_EQ(world.sent.size(), 1u);
        for (const auto& step : c.what) {
            ASSERT_FALSE(world.has_ended(1));
            step(world);
        }
        ASSERT_TRUE(world.has_ended(1));
        EXPECT_EQ(world.ended[1].outcome, c.outcome);
        if (c.code) {
            EXPECT_EQ(world.ended[1].error.code, *c.code);
        }
        EXPECT_EQ(world.caller.in_flight(), 0u);
    }
}

TEST(Outcome, EveryAttemptOfACallCarriesTheSameRequestId) {
    CallerWorld world = CallerWorld::connected();
    world.call(1);
    world.down(world.link_to(1));
    world.leader = 2;
    world.term = 2;
    world.say_hello(world.link_to(2), 2);
    world.refuse(world.last(), ErrorNumber::NoLeader, 3, 3);
    ASSERT_EQ(world.sent.size(), 3u);
    EXPECT_EQ(world.sent[0].second.id, world.sent[1].second.id);
    EXPECT_EQ(world.sent[0].second.id, world.sent[2].second.id);
    EXPECT_EQ(world.sent[0].second.digest, world.sent[2].second.digest);
    EXPECT_EQ(world.sent[0].second.leaders_lost, 0);
    EXPECT_EQ(world.sent[2].second.leaders_lost, 1);
    world.done(world.last());
    EXPECT_EQ(world.ended[1].id, world.sent[0].second.id);
}

// Handlers that may be what ends processes: what a leader decides by is the client's to count.
TEST(Outcome, OfACallUnderWhichConnectionsDieIsCountedAndForcedOnlyWhenAsked) {
    for (const bool force : {false, true}) {
        CallerWorld world = CallerWorld::connected();
        StartCall start = CallerWorld::start_of(1, "x");
        start.force = force;
        world.step(std::move(start));
        for (std::uint8_t lost = 1; lost <= 2; ++lost) {
            world.down(world.last().first);
            world.term += 1;
            world.leader = static_cast<std::uint8_t>(lost + 1);
            world.say_hello(world.link_to(3), 3);
            world.pass(milliseconds(100));
            EXPECT_EQ(world.last().second.leaders_lost, lost);
            EXPECT_EQ(world.last().second.forced, force);
        }
    }
}

TEST(Outcome, IsNotDoneWhenNothingWasEverSent) {
    CallerWorld world;
    world.call(1, "x", seconds(1));
    world.pass(seconds(2));
    ASSERT_TRUE(world.has_ended(1));
    EXPECT_EQ(world.ended[1].outcome, Outcome::NotDone);
    EXPECT_EQ(world.ended[1].error.code, ErrorCode::CannotReach);
    EXPECT_EQ(world.ended[1].id.seq, 0u);
}

// An id belongs to one entity, and its group is known: the node need not be asked.
TEST(Outcome, OfACallWithTheIdOfAnotherGroupIsNotDone) {
    CallerWorld world = CallerWorld::connected();
    world.call(1);
    RequestId id = world.last().second.id;
    world.clear();
    id.group.value = id.group.value == 1 ? 2 : 1;
    id.client.bytes[0] = 43;  // of another process: what it has given is not known
    StartCall start = CallerWorld::start_of(2, "x");
    start.request = id;
    world.step(start);
    ASSERT_TRUE(world.has_ended(2));
    EXPECT_EQ(world.ended[2].outcome, Outcome::NotDone);
    EXPECT_EQ(world.ended[2].error.code, ErrorCode::Malformed);
    EXPECT_EQ(world.ended[2].error.number, std::uint16_t(ErrorNumber::BadConfiguration));
    EXPECT_NE(world.ended[2].error.message.find("of another entity"), std::string::npos)
        << world.ended[2].error.message;
    EXPECT_TRUE(world.sent.empty());
}

// Who has not introduced itself was sent nothing, and may have seen the id anywhere.
TEST(Outcome, IsNotTakenFromWhoAnswersBeforeTheMeshIsMet) {
    CallerWorld known = CallerWorld::connected();
    known.call(1);
    RequestId id = known.last().second.id;
    id.client.bytes[0] = 43;
    CallerWorld world({.addresses = {address_of(1)}});
    world.step(Timer{});
    StartCall start = CallerWorld::start_of(1, "x");
    start.request = id;
    world.step(start);
    const LinkId link = world.link_to(1);
    world.up(link);
    Reply reply;
    reply.id = id;
    reply.outcome = Outcome::Done;
    world.step(FromNode{link, std::move(reply)});
    EXPECT_FALSE(world.has_ended(1));
    world.say_hello(link, 1);
    ASSERT_FALSE(world.sent.empty());
    EXPECT_EQ(world.last().second.id, id);
}

TEST(Outcome, OfALateAnswerFromAnotherAttemptCounts) {
    CallerWorld world = CallerWorld::connected();
    world.call(1);
    const auto first = world.last();
    world.pass(milliseconds(2100));
    world.done(first);
    EXPECT_EQ(world.ended[1].outcome, Outcome::Done);
}

TEST(Outcome, OfARefusalOfAnAttemptGivenUpChangesNothing) {
    CallerWorld world = CallerWorld::connected();
    world.call(1);
    const auto first = world.last();
    world.pass(milliseconds(300));
    world.leader = 2;
    world.term = 2;
    world.say_hello(world.link_to(2), 2);
    ASSERT_EQ(world.sent.size(), 2u);
    world.refuse(first, ErrorNumber::BadPayload);
    EXPECT_FALSE(world.has_ended(1));
    world.done(world.last());
    EXPECT_EQ(world.ended[1].outcome, Outcome::Done);
}

TEST(Outcome, OfTheDeadlineTravelsAsTimeLeft) {
    CallerWorld world = CallerWorld::connected();
    world.call(1, "x", seconds(3));
    EXPECT_EQ(world.last().second.deadline_ms, 3000u);
    world.pass(milliseconds(2500));
    world.say_hello(world.link_to(1), 1);
    world.pass(milliseconds(1));
    ASSERT_GE(world.sent.size(), 2u);
    EXPECT_LT(world.last().second.deadline_ms, 1000u);
    EXPECT_GT(world.last().second.deadline_ms, 0u);
}

TEST(Outcome, OfWrongInputIsToldAtOnce) {
    struct Case {
        const char* why;
        StartCall start;
        ErrorCode code;
    };
    const auto with = [](auto change) {
        StartCall start = CallerWorld::start_of(1, "x");
        change(start);
        return start;
    };
    const Case cases[] = {
        {"empty id", with([](StartCall& s) { s.id.clear(); }), ErrorCode::Malformed},
        {"NUL in the id", with([](StartCall& s) { s.id = std::string("a\0b", 3); }),
         ErrorCode::Malformed},
        {"long id", with([](StartCall& s) { s.id.assign(201, 'x'); }), ErrorCode::Malformed},
        {"invalid UTF-8", with([](StartCall& s) { s.id = "\xc3\x28"; }), ErrorCode::Malformed},
        {"reserved type", with([](StartCall& s) { s.type = "!mesh"; }), ErrorCode::Malformed},
        {"no command", with([](StartCall& s) { s.command.clear(); }), ErrorCode::UnknownType},
        {"large payload", with([](StartCall& s) {
             s.payload = Bytes::copy_of(std::string(kPayloadBytesMax + 1, 'x'));
         }),
         ErrorCode::LimitExceeded},
        {"resolve without an id", with([](StartCall& s) { s.kind = RequestKind::Resolve; }),
         ErrorCode::Malformed},
    };
    CallerWorld world = CallerWorld::connected();
    for (const auto& c : cases) {
        SCOPED_TRACE(c.why);
        world.clear();
        world.step(c.start);
        ASSERT_TRUE(world.has_ended(1));
        EXPECT_EQ(world.ended[1].outcome, Outcome::NotDone);
        EXPECT_EQ(world.ended[1].error.code, c.code);
        EXPECT_TRUE(world.sent.empty());
    }
}

// Who does not want to wait any longer must learn the id to ask with.
TEST(Outcome, OfACallThatIsGivenUpIsWhatIsKnownThen) {
    CallerWorld world = CallerWorld::connected();
    world.call(1);
    const RequestId id = world.last().second.id;
    world.step(GiveUp{1});
    ASSERT_TRUE(world.has_ended(1));
    EXPECT_EQ(world.ended[1].outcome, Outcome::Unknown);
    EXPECT_EQ(world.ended[1].error.code, ErrorCode::OutcomeUnknown);
    EXPECT_EQ(world.ended[1].id, id);

    world.leader = 0;
    world.call(2, "y");
    world.refuse(world.last(), ErrorNumber::NoLeader);
    world.step(GiveUp{2});
    ASSERT_TRUE(world.has_ended(2));
    EXPECT_EQ(world.ended[2].outcome, Outcome::NotDone) << "every attempt was refused";

    world.clear();
    world.step(GiveUp{1});
    world.step(GiveUp{77});
    EXPECT_TRUE(world.ended.empty()) << "it has ended, or never was";
}

TEST(Outcome, IsOverloadedWhenTooManyCallsAreInFlight) {
    CallerWorld world = CallerWorld::connected({.in_flight_max = 2});
    for (CallId id = 1; id <= 3; ++id) world.call(id, "e" + std::to_string(id));
    EXPECT_EQ(world.sent.size(), 2u);
    ASSERT_TRUE(world.has_ended(3));
    EXPECT_EQ(world.ended[3].error.code, ErrorCode::Overloaded);
    world.done(world.sent[0]);
    world.call(4, "e4");
    EXPECT_EQ(world.sent.size(), 3u);
}

}  // namespace
}  // namespace weft::client
