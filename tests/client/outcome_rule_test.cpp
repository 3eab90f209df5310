// What one answer and the deadline make of a call; how they follow each other is in
// outcome_test.cpp.
#include "client/core/outcome_rule.h"

#include "core/error.h"

#include <gtest/gtest.h>

#include <string>

namespace weft::client {
namespace {

using enum ErrorNumber;
using enum Verdict::Next;

Reply reply_of(Outcome outcome, ErrorNumber why) {
    Reply reply;
    reply.outcome = outcome;
    reply.error = make_error(why, "said so");
    return reply;
}
Reply refused(ErrorNumber why) { return reply_of(Outcome::NotDone, why); }
Reply unknown(ErrorNumber why) { return reply_of(Outcome::Unknown, why); }
Reply with_index(Reply reply) {
    reply.index = LogIndex{7};
    return reply;
}
Reply done() {
    Reply reply;
    reply.outcome = Outcome::Done;
    return reply;
}

constexpr AnsweredCall kPresent{.present = true};
constexpr AnsweredCall kTainted{.present = true, .tainted = true};
constexpr AnsweredCall kRepeat{.present = true, .tainted = true, .repeat = true};
constexpr AnsweredCall kStuck{.present = true, .stuck = true};
constexpr AnsweredCall kResolve{
    .kind = RequestKind::Resolve, .present = true, .tainted = true, .repeat = true};

constexpr Verdict kEnd{.next = End};

TEST(OutcomeRule, SaysWhatEachAnswerMakesOfACall) {
    struct Case {
        const char* why;
        AnsweredCall call;
        Reply reply;
        Verdict verdict;
        Outcome outcome = Outcome::NotDone;  // of the end
    };
    const Case cases[] = {
        {"done", kPresent, done(), kEnd, Outcome::Done},
        {"done by an attempt given up", {}, done(), kEnd, Outcome::Done},
        {"done at last", kTainted, done(), kEnd, Outcome::Done},
        {"the entity said no",
         {},
         reply_of(Outcome::Rejected, ValueConflict),
         kEnd,
         Outcome::Rejected},
        {"refused, an attempt given up", {}, refused(BadPayload), {}},
        {"lost, an attempt given up", {}, unknown(LeadershipLost), {}},
        {"lost under way",
         kPresent,
         unknown(LeadershipLost),
         {.next = Retry, .heard = Heard::NoLeader, .taint = true}},
        {"suspected of ending nodes", kPresent, unknown(HandlerCrashed), kEnd, Outcome::Unknown},
        {"no leader there", kPresent, refused(NoLeader), {.next = Retry, .heard = Heard::NoLeader}},
        {"not hosted there",
         kPresent,
         refused(PartitionNotHosted),
         {.next = Retry, .heard = Heard::NoLeader}},
        {"overloaded",
         kPresent,
         refused(QueueFull),
         {.next = Retry, .heard = Heard::Accepted, .pause = true}},
        {"overloaded, and it may run",
         kPresent,
         unknown(QueueFull),
         {.next = Retry, .heard = Heard::Accepted, .taint = true, .pause = true}},
        {"read by another mesh",
         kPresent,
         refused(WrongMesh),
         {.next = Retry, .heard = Heard::OtherMesh}},
        {"refused for good", kPresent, refused(BadPayload), kEnd, Outcome::NotDone},
        {"refused for good after an attempt that may run", kTainted, refused(BadPayload), kEnd,
         Outcome::Unknown},
        {"another body's id", kTainted, refused(RequestReused), kEnd, Outcome::NotDone},
        {"a resolve that was logged", kResolve, with_index(refused(NoLeader)), kEnd,
         Outcome::NotDone},
        {"a resolve that was refused", kResolve, refused(BadPayload), kEnd, Outcome::Unknown},
        {"a resolve of the future", kResolve, refused(ClockTooFarOff), kEnd, Outcome::Unknown},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.why);
        Reply reply = c.reply;
        EXPECT_EQ(judge_reply(c.call, reply), c.verdict);
        if (c.verdict.next == End) {
            EXPECT_EQ(reply.outcome, c.outcome);
        }
        EXPECT_EQ(reply.error.message, c.reply.error.message);
    }
}

// Beyond it: under a new id, what may have run once would run twice.
TEST(OutcomeRule, GivesANewIdOnlyToWhatCertainlyNeverRan) {
    struct Case {
        ErrorNumber why;
        AnsweredCall call;
        NextId next;
    };
    const Case cases[] = {
        {SessionExpired, kPresent, NextId::StartsLater},
        {SessionExpired, kTainted, NextId::Same},
        {SessionExpired, kRepeat, NextId::Same},
        {SessionExpired, {.present = true, .repeat = true}, NextId::Same},
        {SessionFull, kStuck, NextId::StartsNow},
        {SessionFull, kPresent, NextId::Same},
        {SessionFull, {.present = true, .tainted = true, .stuck = true}, NextId::Same},
        {ClockTooFarOff, kPresent, NextId::StartsByItsTime},
        {ClockTooFarOff, kTainted, NextId::Same},
        {QueueFull, kStuck, NextId::Same},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(static_cast<int>(c.why));
        Reply reply = refused(c.why);
        const Verdict verdict = judge_reply(c.call, reply);
        EXPECT_EQ(verdict.id, c.next);
        if (c.next != NextId::Same) {
            EXPECT_EQ(verdict, (Verdict{.next = Retry, .pause = true, .id = c.next}));
        }
    }
}

TEST(OutcomeRule, SaysAtTheDeadlineWhatIsCertainAndWhy) {
    const Error full = make_error(QueueFull, "full");
    const Error foreign = make_error(WrongMesh, "of another mesh");
    const PartitionId three{3};
    struct Case {
        UnansweredCall call;
        Outcome outcome;
        ErrorNumber number;
        std::string message;
    };
    const std::string sent = "the call was sent and not answered in time";
    const std::string nobody = "no leader of partition 3 was reachable in time";
    const Case cases[] = {
        {{.may_have_run = true, .mesh_met = true}, Outcome::Unknown, NoAnswerInTime, sent},
        {{.may_have_run = true, .refusal = full, .stranger = foreign, .stranded = true},
         Outcome::Unknown,
         NoAnswerInTime,
         sent + "; last refusal: full; now of another mesh"},
        {{}, Outcome::NotDone, CannotReachMesh, "no node answered in time"},
        {{.group = three, .mesh_met = true}, Outcome::NotDone, NoLeader, nobody},
        {{.group = three, .stranger = foreign, .mesh_met = true},
         Outcome::NotDone,
         NoLeader,
         nobody + "; of another mesh"},
        {{.refusal = full, .mesh_met = true}, Outcome::NotDone, QueueFull, "full"},
        {{.refusal = full, .stranger = foreign, .mesh_met = true},
         Outcome::NotDone,
         QueueFull,
         "full"},
        {{.refusal = full, .stranger = foreign, .stranded = true, .mesh_met = true},
         Outcome::NotDone,
         WrongMesh,
         "of another mesh"},
        {{.stranger = foreign}, Outcome::NotDone, WrongMesh, "of another mesh"},
    };
    for (const Case& c : cases) {
        const Reply reply = judge_deadline(c.call);
        SCOPED_TRACE(c.message);
        EXPECT_EQ(reply.outcome, c.outcome);
        EXPECT_EQ(number_of(reply.error), c.number);
        EXPECT_EQ(reply.error.message, c.message);
    }
}

}  // namespace
}  // namespace weft::client
