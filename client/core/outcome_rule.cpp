#include "client/core/outcome_rule.h"

#include "core/error.h"
#include "core/invariant.h"
#include "routing/replies.h"

#include <utility>

namespace weft::client {

using routing::has_number;

namespace {

NextId judge_id(const AnsweredCall& call, const Error& why) {
    if (call.tainted || call.repeat) return NextId::Same;
    if (why.code == ErrorCode::Expired) return NextId::StartsLater;
    if (has_number(why, ErrorNumber::SessionFull) && call.stuck) return NextId::StartsNow;
    if (has_number(why, ErrorNumber::ClockTooFarOff)) return NextId::StartsByItsTime;
    return NextId::Same;
}

}  // namespace

Verdict judge_reply(const AnsweredCall& call, Reply& reply) {
    using enum Verdict::Next;
    if (reply.outcome == Outcome::Done || reply.outcome == Outcome::Rejected) return {.next = End};
    // The answer to an attempt given up before: the present one will be answered too.
    if (!call.present) return {};
    if (routing::is_lost_under_way(reply))
        return {.next = Retry, .heard = Heard::NoLeader, .taint = true};
    // Another mesh has taken the node's address and read what was on its way: the next hello over a
    // new connection will say so.
    if (has_number(reply.error, ErrorNumber::WrongMesh))
        return {.next = Retry, .heard = Heard::OtherMesh};
    if (const NextId id = judge_id(call, reply.error); id != NextId::Same) {
        WEFT_PROBE("client.fresh_id");
        return {.next = Retry, .pause = true, .id = id};
    }
    if (routing::is_final(call.kind, reply)) {
        reply = routing::folded(call.kind, call.tainted, std::move(reply));
        return {.next = End};
    }
    const bool no_leader = routing::is_about_route(reply.error);
    return {.next = Retry,
            .heard = no_leader ? Heard::NoLeader : Heard::Accepted,
            .taint = reply.outcome == Outcome::Unknown,
            .pause = !no_leader};
}

Reply judge_deadline(UnansweredCall call) {
    Reply reply;
    if (call.may_have_run) {
        reply.outcome = Outcome::Unknown;
        reply.error =
            make_error(ErrorNumber::NoAnswerInTime, "the call was sent and not answered in time");
        if (call.refusal) reply.error.message += "; last refusal: " + call.refusal->message;
        if (call.stranger) reply.error.message += "; now " + call.stranger->message;
        return reply;
    }
    reply.outcome = Outcome::NotDone;
    // While some of our addresses are silent, ours may come back: that is worth a retry.
    if (call.stranger && (!call.mesh_met || call.stranded)) {
        reply.error = *std::move(call.stranger);
    } else if (call.refusal) {
        reply.error = *std::move(call.refusal);
    } else if (!call.mesh_met) {
        reply.error = make_error(ErrorNumber::CannotReachMesh, "no node answered in time");
    } else {
        reply.error = make_error(
            ErrorNumber::NoLeader,
            fmt::format("no leader of partition {} was reachable in time", call.group.value));
        if (call.stranger) reply.error.message += "; " + call.stranger->message;
    }
    return reply;
}

}  // namespace weft::client
