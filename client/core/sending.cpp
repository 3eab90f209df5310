// Sends what the order of a lane, the routes and the request ids allow.
#include "client/core/caller_state.h"
#include "client/core/start_rule.h"
#include "routing/key.h"

#include <utility>

namespace weft::client {

void Caller::State::pump(const Step& step, LaneIndex lane) {
    for (;;) {
        const CallIndex index = lanes.next(step, lane);
        if (index == kNoCall) return;
        if (!mesh.is_met()) return lanes.wait_for_mesh(lane);
        const PendingCall& call = lanes[index];
        const Request& request = call.request;
        const bool asked = request.kind == RequestKind::Resolve;
        if (!asked)
            lanes.place(index, routing::group_of(mesh.hash_key(), mesh.groups(), request.type,
                                                 request.entity));
        auto wrong =
            call.repeat ? judge_given_id(request, call.group, mesh.groups()) : std::nullopt;
        if (wrong) {
            Reply reply;
            // What an entity never had cannot have run; of an id alone nothing is known.
            reply.outcome = asked ? Outcome::Unknown : Outcome::NotDone;
            reply.error = std::move(*wrong);
            return end_call(step, index, std::move(reply));
        }
        const LinkId link = links.ready_link(routes.leader(call.group));
        if (!may_send(step, index, link)) return;
        routes.sent(call.group, index);
        links.sent(step, link);
        lanes.send(step, index, link, ids.lowest_open(request.id));
    }
}

// True when the call has an id and its group a leader to send it to; else it waits for one.
bool Caller::State::may_send(const Step& step, CallIndex index, LinkId link) {
    const PendingCall& call = lanes[index];
    const auto wait = [&] {
        if (lanes.begin_waiting(call.lane)) routes.wait(call.group, call.lane);
        return false;
    };
    if (link == kNoLink) {
        links.want_node(step, routes.leader(call.group));
        routes.starve(step, call.group);
        return wait();
    }
    if (!routes.admits(step, call.group)) return wait();
    if (!lanes.may_go_over(link, index)) return false;
    if (call.request.id.seq != 0) return true;
    const auto id = ids.assign(call.group, index, step.time());
    if (!id) {
        routes.window_full(call.group);
        return wait();
    }
    lanes.name(index, *id);
    return true;
}

// A lane that waited tries again.
void Caller::State::go_on(const Step& step, LaneIndex lane) {
    lanes.end_waiting(lane);
    pump(step, lane);
    lanes.free_if_empty(lane);
}

// Lets the lanes that wait for this group try again.
void Caller::State::flush(const Step& step, PartitionId group) {
    const std::vector<LaneIndex> waiting = routes.take_waiting(group);
    for (auto next = waiting.begin(); next != waiting.end(); ++next) {
        if (routes.hold_back(group, {next, waiting.end()})) return;
        go_on(step, *next);
    }
}

// A later call of the same entity has taken effect, or may have (`surely` false).
void Caller::State::finish_overtaken(const Step& step, CallIndex index, bool surely) {
    for (Overtaken& overtaken : lanes.overtaken_by(index, surely)) {
        routes.release(step, lanes[overtaken.call].group, overtaken.call);
        finish(step, overtaken.call, std::move(overtaken.reply));
    }
}

}  // namespace weft::client
