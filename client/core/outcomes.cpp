// Answers, retries, and the folding of attempts into one outcome (P-once).
#include "client/core/caller_state.h"
#include "core/invariant.h"
#include "routing/replies.h"

#include <algorithm>

namespace weft::client {

using routing::has_number;

void Caller::State::on_reply(const Step& step, LinkId link, Reply&& reply) {
    // Before the mesh is met nothing was sent to anybody: who answers all the same is a stranger.
    if (!reply.last || !mesh.is_met()) return;
    const auto index = ids.find(reply.id);
    if (!index) return;
    const PendingCall& call = lanes[*index];
    if (reply.outcome == Outcome::Done || reply.outcome == Outcome::Rejected) {
        const PartitionId group = call.group;
        end_call(step, *index, std::move(reply));
        return route_accepted(step, group, link);
    }
    // The answer to an attempt given up before: the present one will be answered too.
    if (call.state != PendingCall::State::Sent || call.link != link) return;
    if (routing::is_lost_under_way(reply)) {
        const PartitionId group = call.group;
        const LaneIndex lane = call.lane;
        lanes.refused(*index, reply.error);
        retry(step, *index, true);
        route_refused(step, group, link, reply);
        return pump(step, lane);
    }
    on_refusal(step, *index, link, std::move(reply));
}

void Caller::State::on_refusal(const Step& step, CallIndex index, LinkId link, Reply&& reply) {
    const PendingCall& call = lanes[index];
    const PartitionId group = call.group;
    const LaneIndex lane = call.lane;
    if (has_number(reply.error, ErrorNumber::WrongMesh)) {
        // Another mesh has taken the node's address and read what was on its way: the next hello
        // over a new connection will say so.
        lanes.refused(index, reply.error);
        retry(step, index, false);
        if (links.drop(step, link)) lose_calls(step, link);
        return pump(step, lane);
    }
    if (with_fresh_id(step, index, link, reply.error)) return pump(step, lane);
    if (routing::is_final(call.request.kind, reply)) {
        Reply whole = routing::folded(call.request.kind, call.tainted, std::move(reply));
        end_call(step, index, std::move(whole));
        return route_accepted(step, group, link);
    }
    lanes.refused(index, reply.error);
    retry(step, index, reply.outcome == Outcome::Unknown);
    if (routing::is_about_route(reply.error)) {
        route_refused(step, group, link, reply);
    } else {
        lanes.back_off(step, index);
        route_accepted(step, group, link);
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

// A call refused for its session's sake, and certainly never run, may go on in a new session: its
// old number is closed and never sent again.
bool Caller::State::with_fresh_id(const Step& step, CallIndex index, LinkId link,
                                  const Error& why) {
    const PendingCall& call = lanes[index];
    if (call.tainted || call.repeat) return false;
    const bool ended = why.code == ErrorCode::Expired;
    const bool full = has_number(why, ErrorNumber::SessionFull) && ids.stuck(call.request.id);
    const bool ahead = has_number(why, ErrorNumber::ClockTooFarOff);
    if (!ended && !full && !ahead) return false;
    WEFT_PROBE("client.fresh_id");
    ids.settle(call.request.id);
    if (ahead) take_time_of(step, link, call.request.id.start_ms);
    retry(step, index, false);
    const std::int64_t ended_start_ms = call.request.id.start_ms;
    lanes.name(index, RequestId{});
    lanes.refused(index, why);
    if (full) ids.renew_now();
    if (ended) {
        ids.renew_with_next_time(ended_start_ms);
        routes.distrust();
        refresh(step, false);
    }
    lanes.back_off(step, index);
    return true;
}

// The start was taken from a node whose clock is off; the one that refuses it knows better. What
// it said of its time may itself be old: it is asked again.
void Caller::State::take_time_of(const Step& step, LinkId link, std::int64_t refused_start_ms) {
    const NodeIndex node = links.all()[link].node;
    if (node == kNoNode) return;
    const auto its_time_ms = mesh.log_time_ms(node, step.time());
    if (!its_time_ms) return;
    ids.renew_at(step.time(), *its_time_ms, refused_start_ms);
    greet(step, link);
}

}  // namespace weft::client
