#include "node/own_requests.h"

#include "core/error.h"
#include "core/hash.h"
#include "core/invariant.h"
#include "routing/replies.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <limits>
#include <ranges>
#include <string>
#include <utility>

namespace weft::node {

namespace {

// Replies are found by their tag: the ids only have to know that somebody waits.
constexpr routing::CallIndex kAwaited{0};

std::uint32_t whole_ms(Duration left) {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(ms, 1, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace

ClientId own_client(NodeId self, Boot boot) {
    std::string name = self.hex();
    name += ' ';
    name += std::to_string(boot.value);
    return ClientId{xxh3_128(name).bytes};
}

OwnRequests::OwnRequests(OwnRequestOptions options, const routing::PlacementTable& table)
    : options_(options),
      table_(table),
      ids_({.client = options.client, .renew_start = options.renew_start}) {
    ids_.set_groups(table.groups());
}

Result<OwnTag> OwnRequests::ask(Now now, Request request, Duration timeout) {
    if (pending_.size() >= options_.pending_max)
        return fail(ErrorNumber::QueueFull, "{} requests of this node wait", pending_.size());
    WEFT_INVARIANT(request.id.group.value < table_.groups(), "there is no partition {}",
                   request.id.group.value);
    Pending pending;
    request.id.seq = 0;
    pending.request = std::move(request);
    pending.deadline = now.mono + timeout;
    pending.due = now.mono;
    last_ = OwnTag{last_.value + 1};
    pending_.emplace(last_, std::move(pending));
    return last_;
}

// ---- attempts -----------------------------------------------------------------------------------

std::vector<OwnAttempt> OwnRequests::due(Now now) {
    std::vector<OwnAttempt> attempts;
    for (auto next = pending_.begin(); next != pending_.end();) {
        const OwnTag tag = next->first;
        Pending& pending = next->second;
        ++next;  // what ends is erased
        if (pending.deadline <= now.mono) {
            end(tag, out_of_time(pending));
            continue;
        }
        if (pending.due > now.mono) continue;
        if (pending.asked)
            give_up_attempt(now, pending);
        else
            attempts.push_back({tag, pending.request.id.group});
    }
    return attempts;
}

void OwnRequests::run(Now now, const std::vector<OwnAttempt>& attempts, OwnEffects& out) {
    for (const OwnAttempt& attempt : attempts) {
        const auto found = pending_.find(attempt.tag);
        WEFT_INVARIANT(found != pending_.end(), "own request {} is not due", attempt.tag.value);
        WEFT_INVARIANT(!found->second.asked, "own request {} is under way", attempt.tag.value);
        send(now, attempt, found->second, out);
    }
    std::ranges::move(ended_, std::back_inserter(out.ends));
    ended_.clear();
}

void OwnRequests::send(Now now, const OwnAttempt& attempt, Pending& pending, OwnEffects& out) {
    Request& request = pending.request;
    if (request.id.seq == 0) {
        ids_.learn_time(now.mono, now.wall.ms);
        const auto id = ids_.assign(request.id.group, kAwaited, now.mono);
        // The numbers under way fill the window: one of them will end.
        if (!id) return back_off(now, pending);
        request.id = *id;
    }
    request.lowest_open = ids_.lowest_open(request.id);
    request.deadline_ms = whole_ms(pending.deadline - now.mono);
    pending.asked = target(pending, attempt.leader);
    pending.due = now.mono + options_.attempt_max;
    out.sends.push_back({*pending.asked, attempt.tag, request});
}

// The newest knowledge, unless it has just failed: the others are tried in turn then, for a replica
// that is cut off believes in its old leader for good.
NodeId OwnRequests::target(const Pending& pending, std::optional<KnownLeader> known) {
    const PartitionId group = pending.request.id.group;
    if (const auto hint = hints_.find(group); hint != hints_.end()) {
        if (!known || hint->second.term > known->term) known = hint->second;
    }
    if (known && known->node != pending.failed) return known->node;
    const auto replicas = table_.replicas(group);
    return replicas[turns_[group]++ % replicas.size()];
}

void OwnRequests::back_off(Now now, Pending& pending) {
    pending.backoff = std::clamp(2 * pending.backoff, options_.backoff_min, options_.backoff_max);
    pending.due = now.mono + pending.backoff;
}

void OwnRequests::give_up_attempt(Now now, Pending& pending) {
    pending.tainted = true;
    pending.failed = std::exchange(pending.asked, std::nullopt);
    back_off(now, pending);
}

void OwnRequests::on_lost(Now now, NodeId node) {
    std::erase_if(hints_, [&](const auto& hint) { return hint.second.node == node; });
    for (Pending& pending : std::views::values(pending_)) {
        if (pending.asked != node) continue;
        std::uint8_t& lost = pending.request.leaders_lost;
        if (lost < std::numeric_limits<std::uint8_t>::max()) ++lost;
        give_up_attempt(now, pending);
    }
}

// ---- answers ------------------------------------------------------------------------------------

void OwnRequests::on_reply(Now now, NodeId from, OwnTag tag, Reply reply) {
    const auto found = pending_.find(tag);
    if (found == pending_.end() || !reply.last) return;
    Pending& pending = found->second;
    if (reply.id != pending.request.id || pending.request.id.seq == 0) return;
    if (reply.outcome == Outcome::Done || reply.outcome == Outcome::Rejected)
        return end(tag, std::move(reply));
    // The answer to an attempt given up before: the present one will be answered too.
    if (pending.asked != from) return;
    if (routing::is_lost_under_way(reply)) {
        take_hint(from, reply);
        return give_up_attempt(now, pending);
    }
    if (with_fresh_id(now, pending, reply.error)) return;
    if (routing::is_final(pending.request.kind, reply))
        return end(tag, routing::folded(pending.request.kind, pending.tainted, std::move(reply)));
    if (reply.outcome == Outcome::Unknown) pending.tainted = true;
    pending.asked.reset();
    if (!routing::is_about_route(reply.error)) return back_off(now, pending);
    pending.failed = from;
    if (take_hint(from, reply))
        pending.due = now.mono;
    else
        back_off(now, pending);
}

// True: a newer leader was named, and is asked at once. Terms rise with every such step, so two
// nodes that name each other do not keep us running.
bool OwnRequests::take_hint(NodeId from, const Reply& reply) {
    const PartitionId group = reply.id.group;
    const auto old = hints_.find(group);
    const Term known = old == hints_.end() ? Term{} : old->second.term;
    const bool newer =
        !reply.leader_hint.is_zero() && reply.leader_hint != from && reply.hint_term > known;
    if (newer)
        hints_[group] = {reply.leader_hint, reply.hint_term};
    else if (old != hints_.end() && old->second.node == from)
        hints_.erase(old);
    return newer;
}

// Refused for its session's sake and certainly never run: it goes on in a new session.
bool OwnRequests::with_fresh_id(Now now, Pending& pending, const Error& why) {
    if (pending.tainted || why.code != ErrorCode::Expired) return false;
    ids_.settle(pending.request.id);
    ids_.renew_with_next_time(pending.request.id.start_ms);
    pending.request.id.seq = 0;
    pending.asked.reset();
    back_off(now, pending);
    return true;
}

Reply OwnRequests::out_of_time(const Pending& pending) const {
    Reply reply;
    reply.id = pending.request.id;
    const bool unknown = pending.tainted || pending.asked;
    reply.outcome = unknown ? Outcome::Unknown : Outcome::NotDone;
    reply.error = unknown ? make_error(ErrorNumber::NoAnswerInTime, "sent and not answered in time")
                          : make_error(ErrorNumber::NoLeader, "no leader took it in time");
    return reply;
}

// A number whose outcome is unknown stays open: the group keeps what it remembers of it.
void OwnRequests::end(OwnTag tag, Reply reply) {
    const auto found = pending_.find(tag);
    const RequestId& id = found->second.request.id;
    if (id.seq != 0) {
        if (reply.outcome == Outcome::Unknown)
            ids_.leave_open(id);
        else
            ids_.settle(id);
    }
    pending_.erase(found);
    ended_.push_back({tag, std::move(reply)});
}

Instant OwnRequests::deadline() const {
    if (!ended_.empty()) return Instant::long_ago();
    Instant next = Instant::never();
    for (const Pending& pending : std::views::values(pending_))
        next = std::min({next, pending.due, pending.deadline});
    return next;
}

}  // namespace weft::node
