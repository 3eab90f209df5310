// What is let in (docs/design.md, "The path of a command"). Everything refused here has written
// nothing: it is not done.

#include "core/error.h"
#include "core/invariant.h"
#include "replication/partition/partition_state.h"

#include <algorithm>

namespace weft::replication {

namespace {

std::unexpected<Error> bad_id(std::string_view why) {
    return fail(ErrorNumber::BadEntityId, "{}", why);
}

// Codec and router have checked the address fully; this keeps what row keys rest on.
Result<void> check_address(const Request& request) {
    if (request.type.empty() || request.type.size() > kTypeBytesMax)
        return bad_id("the type has a length outside 1..48");
    if (request.entity.empty() || request.entity.size() > kIdBytesMax)
        return bad_id("the id has a length outside 1..200");
    if (request.entity.find('\0') != std::string_view::npos) return bad_id("the id holds a NUL");
    return {};
}

Error error_of(const Remembered& known) {
    if (known.closed)
        return make_error(ErrorNumber::NotFound, "the command never ran and never will");
    if (known.outcome == Outcome::Done) return {};
    return make_error(ErrorNumber{known.error_number}, known.text);
}

}  // namespace

Reply reply_of(const RequestId& id, const Remembered& known) {
    Reply reply;
    reply.id = id;
    reply.outcome = known.outcome;
    reply.error = error_of(known);
    if (known.outcome == Outcome::Done) reply.payload = Bytes::copy_of(known.text);
    reply.index = known.index;
    reply.revision = known.revision;
    reply.version = known.version;
    reply.generation = known.generation;
    reply.exists = known.exists;
    reply.level = known.closed ? Level::None : Level::Linearizable;
    return reply;
}

RequestPart request_part(const Request& request) {
    return {.client = request.id.client,
            .start_ms = request.id.start_ms,
            .seq = request.id.seq,
            .lowest_open = request.lowest_open,
            .digest = request.digest};
}

// S9: a leader that hands over lets nothing in, neither commands nor reads.
bool Partition::State::may_serve() const { return serving && !replica.transferring(); }

void Partition::State::refuse(const Origin& to, const RequestId& id, Error error, Outcome outcome,
                              Effects& out) {
    Reply reply;
    reply.id = id;
    reply.outcome = outcome;
    if (error.code == ErrorCode::NotLeader) {
        reply.leader_hint = replica.leader().value_or(NodeId{});
        reply.hint_term = replica.term();
    }
    reply.error = std::move(error);
    out.list.push_back(SendReply{to, std::move(reply)});
}

void Partition::State::answer(const Origin& to, const Reply& reply, bool tell, Effects& out) {
    out.list.push_back(SendReply{to, reply});
    if (tell) std::get<SendReply>(out.list.back()).reply.payload = {};
}

std::optional<Error> Partition::State::refusal(const Request& request,
                                               const entity::EntityType*& type,
                                               entity::Access& access) const {
    if (!may_serve())
        return make_error(ErrorNumber::NoLeader, serving ? "this node is handing the group over"
                                                         : "this node does not lead the group");
    if (request.kind == RequestKind::Resolve) return std::nullopt;
    if (auto address = check_address(request); !address) return std::move(address).error();
    type = types.find(request.type);
    if (type == nullptr)
        return make_error(
            ErrorNumber::UnknownEntityType,
            fmt::format("no entity type '{}'; there are {}", request.type, types.names()));
    const auto found = type->command(request.command);
    if (!found)
        return make_error(ErrorNumber::UnknownCommand,
                          fmt::format("type '{}' has no command '{}'; it has {}", request.type,
                                      request.command, type->info().commands));
    access = *found;
    if (request.payload.size() > kPayloadBytesMax)
        return make_error(ErrorNumber::PayloadTooLarge,
                          fmt::format("a payload of {} bytes, at most {}", request.payload.size(),
                                      kPayloadBytesMax));
    if (access == entity::Access::Read) {
        if (reads.size() >= options.limits.waiting_reads ||
            reads.bytes() >= options.limits.waiting_read_bytes)
            return make_error(ErrorNumber::QueueFull, "too many reads wait in this group");
        return std::nullopt;
    }
    if (flight.size() + mailboxes.size() >= options.limits.waiting_replies)
        return make_error(ErrorNumber::QueueFull, "too many commands are in flight in this group");
    return std::nullopt;
}

// A request that may be what ends processes (docs/design.md, "Entities"). Asked last: whoever knows
// its outcome tells it. The handler did not run now, but what the lost processes did is not known
// here, so this is never called not done.
std::optional<Error> Partition::State::crash_refusal(const Request& request) const {
    if (std::ranges::find(options.crashed, request.id) != options.crashed.end())
        return make_error(ErrorNumber::HandlerCrashed,
                          "this node died while it ran the request and does not run it again");
    if (request.leaders_lost >= kLeadersLostMax && !request.forced)
        return make_error(ErrorNumber::Poisoned,
                          fmt::format("{} connections died under the request, which is given up",
                                      request.leaders_lost));
    return std::nullopt;
}

// Elected, and only the no-op of the term or what came before it is missing: a moment with a
// quorum, at most the time until the term ends without one. A refusal now would let a later command
// for the same entity overtake this one.
bool Partition::State::serves_soon() const {
    return !serving && replica.role() == Role::Leader && !blocked && !replica.damaged() &&
           !replica.transferring();
}

void Partition::State::keep_early(const Step& step, Submit&& submit) {
    if (early.add(submit, step.now.mono, options.limits)) return;
    refuse(submit.from, submit.request.id,
           make_error(ErrorNumber::QueueFull, "too many commands wait for the new leader"),
           Outcome::NotDone, step.out);
}

// In the order they came.
void Partition::State::submit_early(const Step& step) {
    for (Early& item : early.take()) {
        Request& request = item.submit.request;
        const auto passed =
            std::chrono::duration_cast<std::chrono::milliseconds>(step.now.mono - item.came);
        const auto left = std::int64_t{request.deadline_ms} - passed.count();
        if (request.deadline_ms != 0 && left <= 0) {
            refuse(item.submit.from, request.id,
                   make_error(ErrorNumber::DeadlinePassed, "it waited longer than its deadline"),
                   Outcome::NotDone, step.out);
            continue;
        }
        if (request.deadline_ms != 0) request.deadline_ms = static_cast<std::uint32_t>(left);
        submit(step, std::move(item.submit));
    }
}

void Partition::State::refuse_early(Effects& out) {
    for (const Early& item : early.take())
        refuse(item.submit.from, item.submit.request.id,
               make_error(ErrorNumber::NoLeader, "this node stopped leading the group"),
               Outcome::NotDone, out);
}

void Partition::State::submit(const Step& step, Submit&& submit) {
    if (serves_soon()) return keep_early(step, std::move(submit));
    const Request& request = submit.request;
    const entity::EntityType* type = nullptr;
    entity::Access access{};
    if (auto error = refusal(request, type, access)) {
        refuse(submit.from, request.id, std::move(*error), Outcome::NotDone, step.out);
        return;
    }
    if (request.kind == RequestKind::Resolve) {
        resolve(step, submit);
        return;
    }
    scratch_key.clear();
    entity::write_key(scratch_key,
                      entity::placement_hash(options.hash_key, request.type, request.entity),
                      request.type, request.entity);
    entity::Entity& entity = host.obtain(scratch_key, step.now.mono);
    Queued item{submit.from, std::move(submit.request), submit.deadline, submit.its_turn};
    if (item.request.deadline_ms != 0 && !item.its_turn)
        item.deadline = step.now.mono + std::chrono::milliseconds(item.request.deadline_ms);
    if (entity.loaded) {
        run(step, entity, item);
    } else {
        enqueue(step, entity, std::move(item));
    }
}

// True when `request` may become an entry now; else it has been answered or joined what runs.
bool Partition::State::admitted(const Step& step, const Origin& from, const Request& request) {
    const bool is_resolve = request.kind == RequestKind::Resolve;
    const bool tell = request.kind == RequestKind::Tell;
    const auto ask = [&] {
        return sessions.admit(request_part(request), replica.next_stamp(step.now.wall), is_resolve);
    };
    Admission admission = ask();
    if (admission.verdict == Verdict::GroupFull && make_room(step)) admission = ask();
    const auto no = [&](ErrorNumber number, std::string_view why, Outcome outcome) {
        refuse(from, request.id, make_error(number, std::string(why)), outcome, step.out);
        return false;
    };
    switch (admission.verdict) {
        case Verdict::Run:
            return true;
        case Verdict::Join: {
            std::vector<Waiter>& joined = flight.at(admission.index).joined;
            if (joined.size() >= options.limits.mailbox)
                return no(ErrorNumber::QueueFull, "the command is asked for too often",
                          Outcome::NotDone);
            joined.push_back({from, tell});
            return false;
        }
        case Verdict::Known:
            answer(from, reply_of(request.id, *admission.remembered), tell, step.out);
            return false;
        case Verdict::Settled:
            return no(ErrorNumber::SessionExpired, "the client has settled this command before",
                      Outcome::Unknown);
        case Verdict::Expired:
            return no(ErrorNumber::SessionExpired,
                      "the session began more than 10 minutes ago, or had to make room",
                      Outcome::Unknown);
        case Verdict::ClockAhead:
            return no(ErrorNumber::ClockTooFarOff, "the session starts in the future",
                      Outcome::NotDone);
        case Verdict::Reused:
            return no(ErrorNumber::RequestReused, "the id names another command", Outcome::NotDone);
        case Verdict::WindowFull:
            return no(ErrorNumber::SessionFull, "too many commands of the session are open",
                      Outcome::NotDone);
        case Verdict::GroupFull:
            return no(ErrorNumber::GroupFull, "too many sessions in this group", Outcome::NotDone);
    }
    return false;
}

// A full group ends its oldest sessions to let a new one in: by an entry, so that every replica
// refuses what they still send (docs/adr/0007). What is proposed behind it counts on it.
bool Partition::State::make_room(const Step& step) {
    // Stamps never fall, so they may lead a clock that was set back by more than what is spared:
    // sessions that begin now start by the clock, and the floor stays below them.
    const std::int64_t told = std::min(replica.next_stamp(step.now.wall),
                                       told_time_ms(step.now.wall, replica.stamps_back_ms()));
    const auto floor = sessions.higher_floor(told);
    if (!floor || !replica.can_propose(1024)) return false;
    WEFT_PROBE("partition.floor_raised");
    builder.begin(EntryKind::Expire);
    write_session_floor(builder, *floor);
    const LogIndex index = replica.propose(step.now, builder, step.out);
    sessions.floor_proposed(*floor);
    flight.enter(index, {});
    return true;
}

void Partition::State::resolve(const Step& step, const Submit& submit) {
    const Request& request = submit.request;
    if (flight.size() + mailboxes.size() >= options.limits.waiting_replies ||
        !replica.can_propose(1024)) {
        refuse(submit.from, request.id,
               make_error(ErrorNumber::QueueFull, "too many commands are in flight in this group"),
               Outcome::NotDone, step.out);
        return;
    }
    if (!admitted(step, submit.from, request)) return;
    builder.begin(EntryKind::Resolve);
    write_request(builder, request_part(request));
    const LogIndex index = replica.propose(step.now, builder, step.out);
    sessions.proposed(request_part(request), index, true, 0);
    flight.enter(
        index, {.entity = nullptr, .id = request.id, .first = {submit.from, false}, .joined = {}});
}

}  // namespace weft::replication
