#include "client/core/lanes.h"

#include "core/hash.h"
#include "core/invariant.h"
#include "routing/key.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace weft::client {

namespace {

constexpr Duration kTimeoutMax = std::chrono::seconds(60);

// Calls with equal keys keep their order. Two entities of one key merely share a lane.
std::uint64_t lane_key(const StartCall& start) {
    constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15ULL;
    if (start.kind == RequestKind::Resolve)
        return xxh3_64(start.request ? start.request->text() : std::string());
    return xxh3_64(start.id) * kOdd + xxh3_64(start.type);
}

}  // namespace

CallIndex Lanes::admit(const Step& step, StartCall&& start) {
    const CallIndex index = table_.take();
    PendingCall& call = table_.calls[index];
    call.call = start.call;
    call.deadline = step.time() + std::clamp(start.timeout, Duration{1}, kTimeoutMax);
    call.not_before = step.time();
    call.backoff = options_.backoff_min;
    call.request.kind = start.kind;
    call.request.forced = start.force;
    own_texts(call.request, {.type = start.type,
                             .entity = start.id,
                             .command = start.command,
                             .payload = start.payload.view()});
    if (start.kind != RequestKind::Resolve)
        call.request.digest =
            routing::request_digest(start.type, start.id, start.command, call.request.payload);
    if (start.request) {
        call.request.id = *start.request;
        call.group = start.request->group;
        call.repeat = call.tainted = true;
    }
    table_.join_lane(index, lane_key(start));
    timers_.set(index, call.deadline);
    return index;
}

void Lanes::end(const Step& step, CallIndex index, Reply reply) {
    timers_.erase(index);
    table_.leave_lane(index);
    step.out.push_back(CallEnded{table_.calls[index].call, std::move(reply)});
    table_.give_back(index);
}

CallIndex Lanes::next(const Step& step, LaneIndex lane_index) {
    const Lane& lane = table_.lanes[lane_index];
    const bool one_by_one = lane.retried > 0;
    const CallIndex index = one_by_one ? lane.head : lane.unsent;
    if (index == kNoCall || (one_by_one && lane.in_flight > 0)) return kNoCall;
    const PendingCall& call = table_.calls[index];
    if (call.not_before <= step.time()) return index;
    timers_.set(index, std::min(call.deadline, call.not_before));
    return kNoCall;
}

bool Lanes::may_go_over(LinkId link, CallIndex call) const {
    const Lane& lane = table_.lanes[table_.calls[call].lane];
    return lane.in_flight == 0 || lane.link == link;
}

void Lanes::send(const Step& step, CallIndex index, LinkId link, std::uint64_t lowest_open) {
    PendingCall& call = table_.calls[index];
    Lane& lane = table_.lanes[call.lane];
    if (lane.unsent == index) lane.unsent = call.after;
    lane.link = link;
    ++lane.in_flight;
    call.state = PendingCall::State::Sent;
    call.link = link;
    call.sent_at = step.time();
    timers_.set(index, std::min(call.deadline, step.time() + suspicion(options_)));
    call.request.lowest_open = lowest_open;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(call.deadline - step.time());
    call.request.deadline_ms =
        static_cast<std::uint32_t>(std::max(left, std::chrono::milliseconds(1)).count());
    step.out.push_back(SendNode{link, call.request});
}

void Lanes::retry(const Step& step, CallIndex index, bool taint) {
    PendingCall& call = table_.calls[index];
    Lane& lane = table_.lanes[call.lane];
    call.state = PendingCall::State::Queued;
    --lane.in_flight;
    if (!call.retried) ++lane.retried;
    call.retried = true;
    call.tainted = call.tainted || taint;
    call.not_before = step.time();
    timers_.set(index, call.deadline);
}

void Lanes::leader_lost(CallIndex call) {
    std::uint8_t& lost = table_.calls[call].request.leaders_lost;
    if (lost < 255) ++lost;
}

void Lanes::back_off(const Step& step, CallIndex index) {
    PendingCall& call = table_.calls[index];
    call.not_before = step.time() + step.pause(call.backoff, options_.backoff_max);
    timers_.set(index, std::min(call.deadline, call.not_before));
}

// What was definitely refused ends as not done, and what may still run by an attempt given up is
// not sent again.
std::vector<Overtaken> Lanes::overtaken_by(CallIndex index, bool surely) const {
    std::vector<Overtaken> found;
    if (table_.lanes[table_.calls[index].lane].retried == 0) return found;
    for (CallIndex at = table_.calls[index].before; at != kNoCall; at = table_.calls[at].before) {
        const PendingCall& call = table_.calls[at];
        const bool refused = !call.tainted && call.state == PendingCall::State::Queued;
        if (!call.retried || (!refused && !surely)) continue;
        WEFT_PROBE("client.overtaken");
        Overtaken& overtaken = found.emplace_back();
        overtaken.call = at;
        overtaken.reply.outcome = refused ? Outcome::NotDone : Outcome::Unknown;
        if (refused && call.refusal) {
            overtaken.reply.error = *call.refusal;
        } else {
            overtaken.reply.error = make_error(ErrorNumber::NoAnswerInTime,
                                               "a later command to the entity was answered first");
        }
    }
    return found;
}

bool Lanes::begin_waiting(LaneIndex lane) {
    return !std::exchange(table_.lanes[lane].listed, true);
}

void Lanes::wait_for_mesh(LaneIndex lane) {
    if (begin_waiting(lane)) unplaced_.push_back(lane);
}

std::vector<LaneIndex> Lanes::take_unplaced() { return std::exchange(unplaced_, {}); }

std::size_t Lanes::waiting_by_group() const {
    const auto listed =
        std::ranges::count_if(table_.lanes, [](const Lane& lane) { return lane.listed; });
    return static_cast<std::size_t>(listed) - unplaced_.size();
}

std::vector<CallIndex> Lanes::sent_over(LinkId link) const {
    std::vector<CallIndex> found;
    for (const CallIndex index : table_.calls.indexes()) {
        const PendingCall& call = table_.calls[index];
        if (call.state == PendingCall::State::Sent && call.link == link) found.push_back(index);
    }
    return found;
}

bool Lanes::is_left_behind(const Step& step, CallIndex index, LinkId link) const {
    const PendingCall& call = table_.calls[index];
    return call.state == PendingCall::State::Sent && call.link != link &&
           step.time() - call.sent_at >= suspicion(options_);
}

std::optional<DueCall> Lanes::pop_due(const Step& step) {
    const auto due = timers_.pop_due(step.time());
    if (!due) return std::nullopt;
    const PendingCall& call = table_.calls[*due];
    if (step.time() >= call.deadline) return DueCall{*due, DueCall::Why::Expired};
    timers_.set(*due, call.deadline);
    if (call.state == PendingCall::State::Queued) return DueCall{*due, DueCall::Why::Turn};
    if (step.time() - call.sent_at >= options_.attempt_timeout) {
        WEFT_PROBE("client.attempt_silent");
        return DueCall{*due, DueCall::Why::Silent};
    }
    timers_.set(*due, std::min(call.deadline, call.sent_at + options_.attempt_timeout));
    return DueCall{*due, DueCall::Why::Doubtful};
}

std::vector<CallIndex> Lanes::in_lanes() const {
    std::vector<CallIndex> found;
    for (const Lane& lane : table_.lanes)
        for (CallIndex at = lane.head; at != kNoCall; at = table_.calls[at].after)
            found.push_back(at);
    return found;
}

void Lanes::check() const {
    table_.check();
    for (const LaneIndex lane : unplaced_)
        WEFT_INVARIANT(table_.lanes[lane].listed, "lane {} waits for the mesh and is not listed",
                       lane.value);
    for (const CallIndex index : in_lanes()) {
        const PendingCall& call = table_.calls[index];
        WEFT_INVARIANT(timers_.of(index) <= call.deadline, "call {} outlives its time",
                       index.value);
        WEFT_INVARIANT(call.state != PendingCall::State::Sent || call.request.id.seq != 0,
                       "call {} is under way without an id", index.value);
    }
}

}  // namespace weft::client
