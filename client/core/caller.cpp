// Calls come, expire and end.
#include "client/core/caller.h"

#include "client/core/caller_state.h"
#include "client/core/outcome_rule.h"
#include "client/core/start_rule.h"
#include "client/core/strangers.h"
#include "core/invariant.h"

#include <algorithm>
#include <utility>

namespace weft::client {

Caller::State::State(CallerOptions o, Random r)
    : options(std::move(o)),
      random(r),
      ids({.client = options.client, .renew_start = options.renew_start}),
      mesh(options.cluster),
      links(options),
      lanes(options),
      routes(options) {}

void Caller::State::start_call(const Step& step, StartCall&& start) {
    const auto refuse = [&](Error why) { step.out.push_back(unstarted(start, std::move(why))); };
    if (lanes.is_full())
        return refuse(make_error(ErrorNumber::QueueFull,
                                 fmt::format("{} calls are in flight already", lanes.in_flight())));
    if (stranded(links.all()))
        if (auto strangers = stranger_anywhere(links.all(), mesh.cluster()))
            return refuse(*std::move(strangers));
    if (auto wrong = judge_start(start)) return refuse(*std::move(wrong));
    if (start.request) {
        using enum routing::RequestIds::Bound;
        const auto bound = ids.bind(*start.request, lanes.next_free(), step.time());
        if (bound == OfAnotherCall)
            return refuse(make_error(ErrorNumber::NoAnswerInTime,
                                     "another call with this request id is still in flight"));
        if (bound == NeverGiven) return refuse(never_given(*start.request));
    }
    const CallIndex index = lanes.admit(step, std::move(start));
    pump(step, lanes[index].lane);
}

Instant Caller::State::deadline() const {
    return std::min({lanes.deadline(), routes.probe_at(), links.deadline(), routes.deadline()});
}

// Of those that are due at one moment, the kinds take turns in this order.
void Caller::State::run_timers(const Step& step) {
    for (Instant next = deadline(); next <= step.time(); next = deadline()) {
        if (lanes.deadline() == next) {
            call_timer(step, *lanes.pop_due(step));
        } else if (routes.probe_at() == next) {
            probe(step);
        } else if (links.deadline() == next) {
            if (const auto link = links.on_timer(step, mesh.is_met())) greet(step, *link);
        } else {
            flush(step, *routes.pop_due(next));
        }
    }
}

void Caller::State::call_timer(const Step& step, const DueCall& due) {
    const PendingCall& call = lanes[due.call];
    const LaneIndex lane = call.lane;
    const PartitionId group = call.group;
    const LinkId link = call.link;
    switch (due.why) {
        case DueCall::Why::Expired:
            return expire(step, due.call);
        case DueCall::Why::Turn:
            return pump(step, lane);
        case DueCall::Why::Doubtful:
            return refresh(step, true);
        case DueCall::Why::Silent:
            retry(step, due.call, true);
            route_silent(step, group, link);
            return pump(step, lane);
    }
}

void Caller::State::expire(const Step& step, CallIndex index) {
    const PendingCall& call = lanes[index];
    end_call(step, index,
             judge_deadline({.may_have_run = call.tainted || call.state == PendingCall::State::Sent,
                             .group = call.group,
                             .refusal = call.refusal,
                             .stranger = stranger_anywhere(links.all(), mesh.cluster()),
                             .stranded = stranded(links.all()),
                             .mesh_met = mesh.is_met()}));
}

// Takes the call out of all tables. Sends nothing: end_call() lets the lane go on.
void Caller::State::finish(const Step& step, CallIndex index, Reply reply) {
    const PendingCall& call = lanes[index];
    reply.id = call.request.id;
    if (call.request.id.seq != 0) {
        if (reply.outcome == Outcome::Unknown) {
            ids.leave_open(call.request.id);
        } else {
            ids.settle(call.request.id);
        }
    }
    if (call.state == PendingCall::State::Sent) links.call_over(call.link);
    lanes.end(step, index, std::move(reply));
}

void Caller::State::end_call(const Step& step, CallIndex index, Reply reply) {
    const LaneIndex lane = lanes[index].lane;
    const PartitionId group = lanes[index].group;
    const bool took_effect = reply.outcome == Outcome::Done || reply.outcome == Outcome::Rejected;
    if (took_effect) finish_overtaken(step, index, true);
    finish(step, index, std::move(reply));
    if (routes.ended(group, index)) flush(step, group);
    pump(step, lane);
    lanes.free_if_empty(lane);
}

void Caller::State::check() const {
    lanes.check();  // first: the others walk its lists
    Indexed<LinkId, std::size_t> sent(links.all().size());
    std::vector<UnderWay> under_way;
    std::vector<routing::RequestIds::Awaited> awaited;
    for (const CallIndex index : lanes.in_lanes()) {
        const PendingCall& call = lanes[index];
        if (call.request.id.seq != 0) awaited.push_back({call.request.id, index});
        if (call.state != PendingCall::State::Sent) continue;
        ++sent[call.link];
        under_way.push_back({index, call.group});
    }
    ids.check(awaited);
    mesh.check();
    links.check(sent, mesh.nodes().size());
    routes.check(under_way, mesh.nodes().size(), lanes.waiting_by_group());
}

// ---- the public face

namespace {

// The call in flight that its driver calls so; kNoCall: there is none.
CallIndex find_call(const Lanes& lanes, CallId call) {
    for (const CallIndex index : lanes.calls().indexes())
        if (lanes[index].state != PendingCall::State::Free && lanes[index].call == call)
            return index;
    return kNoCall;
}

}  // namespace

Caller::Caller(CallerOptions options, Random random)
    : state_(std::make_unique<State>(std::move(options), random)) {}
Caller::~Caller() = default;
Caller::Caller(Caller&&) noexcept = default;

void Caller::step(Now now, Event event, Effects& out) {
    State& s = *state_;
    const Step step{now, s.random, out};
    if (!std::exchange(s.begun, true)) s.links.begin(step);
    if (auto* start = std::get_if<StartCall>(&event)) {
        s.start_call(step, std::move(*start));
    } else if (auto* from = std::get_if<FromNode>(&event)) {
        if (auto* reply = std::get_if<Reply>(&from->message)) {
            s.on_reply(step, from->link, std::move(*reply));
        } else if (auto* hello = std::get_if<routing::HelloReply>(&from->message)) {
            s.on_hello(step, from->link, *hello);
        }
    } else if (const auto* up = std::get_if<LinkUp>(&event)) {
        if (s.links.up(step, up->link)) s.greet(step, up->link);
    } else if (const auto* down = std::get_if<LinkDown>(&event)) {
        if (s.links.down(step, down->link)) s.lose_calls(step, down->link);
    } else if (const auto* given_up = std::get_if<GiveUp>(&event)) {
        const CallIndex index = find_call(s.lanes, given_up->call);
        if (index != kNoCall) s.expire(step, index);
    } else if (const auto* want = std::get_if<WantLink>(&event)) {
        if (s.links.all().has(want->link)) {
            s.links.want(step, want->link);
        } else {
            s.refresh(step, false);
        }
    } else {
        s.run_timers(step);
    }
}

Instant Caller::next_deadline() const {
    return state_->begun ? state_->deadline() : Instant::long_ago();
}

bool Caller::connected() const { return state_->mesh.is_met(); }
bool Caller::met_other_mesh() const { return state_->links.met_other_mesh(); }
bool Caller::is_stranded() const { return stranded(state_->links.all()); }

std::optional<Error> Caller::wrong_mesh() const {
    return stranger_anywhere(state_->links.all(), state_->mesh.cluster());
}

std::optional<Error> Caller::wrong_mesh_at(std::string_view address) const {
    if (address.empty()) return is_stranded() ? wrong_mesh() : std::nullopt;
    const Indexed<LinkId, Link>& links = state_->links.all();
    const ClusterId& ours = state_->mesh.cluster();
    for (const Link& link : links)
        if (link.foreign && link.address == address) return stranger_at(link, ours);
    for (const NodeIndex node : state_->mesh.nodes().indexes()) {
        const LinkId link = state_->links.link_of(node);
        if (link != kNoLink && links[link].foreign && state_->mesh.nodes()[node].is_at(address))
            return stranger_at(links[link], ours);
    }
    return std::nullopt;
}

bool Caller::all_answered() const {
    return state_->begun && std::ranges::all_of(state_->links.all(), [](const Link& link) {
               return !link.given || link.answered;
           });
}

ClusterId Caller::cluster() const { return state_->mesh.cluster(); }

std::vector<routing::HelloNode> Caller::nodes() const {
    std::vector<routing::HelloNode> all;
    for (const KnownNode& node : state_->mesh.nodes()) all.push_back(node.info);
    return all;
}

NodeId Caller::link_node(LinkId link) const {
    const Indexed<LinkId, Link>& links = state_->links.all();
    if (!links.has(link)) return {};
    const NodeIndex node = links[link].node;
    return node == kNoNode || links[link].state != Link::State::Ready
               ? NodeId{}
               : state_->mesh.nodes()[node].info.node;
}

std::optional<LinkId> Caller::ready_link(std::string_view address) const {
    const Indexed<LinkId, Link>& links = state_->links.all();
    for (const LinkId id : links.indexes()) {
        const Link& link = links[id];
        if (link.state != Link::State::Ready || link.node == kNoNode) continue;
        if (address.empty() || address == link.address ||
            state_->mesh.nodes()[link.node].is_at(address))
            return id;
    }
    return std::nullopt;
}

std::optional<LinkId> Caller::link_to(std::string_view address) const {
    const Indexed<LinkId, Link>& links = state_->links.all();
    for (const NodeIndex node : state_->mesh.nodes().indexes()) {
        const LinkId link = state_->links.link_of(node);
        if (link != kNoLink && state_->mesh.nodes()[node].is_at(address)) return link;
    }
    for (const LinkId id : links.indexes())
        if (links[id].address == address) return id;
    return std::nullopt;
}

void Caller::check() const { state_->check(); }
std::size_t Caller::in_flight() const { return state_->lanes.in_flight(); }

}  // namespace weft::client
