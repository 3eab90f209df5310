// Answers, and the attempts that follow from them.
#include "client/core/caller_state.h"
#include "client/core/outcome_rule.h"

namespace weft::client {

void Caller::State::on_reply(const Step& step, LinkId link, Reply&& reply) {
    // Before the mesh is met nothing was sent to anybody: who answers all the same is a stranger.
    if (!reply.last || !mesh.is_met()) return;
    const auto index = ids.find(reply.id);
    if (!index) return;
    const PendingCall& call = lanes[*index];
    const PartitionId group = call.group;
    const bool present = call.state == PendingCall::State::Sent && call.link == link;
    // A given id that was not sent yet may be of no group here.
    const bool stuck = present && reply.error.number != 0 && ids.stuck(call.request.id);
    const Verdict verdict = judge_reply({.kind = call.request.kind,
                                         .present = present,
                                         .tainted = call.tainted,
                                         .repeat = call.repeat,
                                         .stuck = stuck},
                                        reply);
    if (verdict.next == Verdict::Next::Retry) return try_again(step, *index, verdict, reply);
    if (verdict.next != Verdict::Next::End) return;
    end_call(step, *index, std::move(reply));
    route_accepted(step, group, link);
}

void Caller::State::try_again(const Step& step, CallIndex index, const Verdict& verdict,
                              const Reply& reply) {
    const PendingCall& call = lanes[index];
    const PartitionId group = call.group;
    const LaneIndex lane = call.lane;
    const LinkId link = call.link;
    lanes.refused(index, reply.error);
    retry(step, index, verdict.taint);
    if (verdict.id != NextId::Same) take_new_id(step, index, verdict.id);
    if (verdict.pause) lanes.back_off(step, index);
    switch (verdict.heard) {
        case Heard::Nothing:
            break;
        case Heard::Accepted:
            route_accepted(step, group, link);
            break;
        case Heard::NoLeader:
            route_refused(step, group, link, reply);
            break;
        case Heard::OtherMesh:
            if (links.drop(step, link)) lose_calls(step, link);
            break;
    }
    pump(step, lane);
}

// The present attempt is over; the call goes back to the front of its lane.
void Caller::State::retry(const Step& step, CallIndex index, bool taint) {
    routes.release(step, lanes[index].group, index);
    if (taint) finish_overtaken(step, index, false);
    links.call_over(lanes[index].link);
    lanes.retry(step, index, taint);
}

// The old number is closed and never sent again.
void Caller::State::take_new_id(const Step& step, CallIndex index, NextId next) {
    const std::int64_t refused_start_ms = lanes[index].request.id.start_ms;
    ids.settle(lanes[index].request.id);
    lanes.name(index, RequestId{});
    if (next == NextId::StartsNow) {
        ids.renew_now();
    } else if (next == NextId::StartsLater) {
        ids.renew_with_next_time(refused_start_ms);
        routes.distrust();
        refresh(step, false);
    } else if (const LinkId link = lanes[index].link; links.all()[link].node != kNoNode) {
        // The start was taken from a node whose clock is off; the one that refuses it knows better.
        // What it said of its time may itself be old: it is asked again.
        const auto its_time_ms = mesh.log_time_ms(links.all()[link].node, step.time());
        if (!its_time_ms) return;
        ids.renew_at(step.time(), *its_time_ms, refused_start_ms);
        greet(step, link);
    }
}

}  // namespace weft::client
