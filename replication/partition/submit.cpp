// What is let in (docs/design.md, "The path of a command"). Everything refused here has written
// nothing: it is not done.

#include "core/error.h"
#include "core/invariant.h"
#include "replication/partition/admission.h"
#include "replication/partition/command_entry.h"
#include "replication/partition/partition_state.h"

#include <utility>

namespace weft::replication {

void Partition::State::refuse(Refused refused, Effects& out) {
    Reply reply;
    reply.id = refused.id;
    reply.outcome = refused.outcome;
    if (refused.error.code == ErrorCode::NotLeader) {
        reply.leader_hint = replica.leader().value_or(NodeId{});
        reply.hint_term = replica.term();
    }
    reply.error = std::move(refused.error);
    out.list.push_back(SendReply{refused.to, std::move(reply)});
}

void Partition::State::refuse_all(std::vector<Refused> all, Effects& out) {
    for (Refused& refused : all) refuse(std::move(refused), out);
}

Load Partition::State::load() const {
    return {.reads = reads.size(),
            .read_bytes = reads.bytes(),
            .commands = flight.size() + mailboxes.size()};
}

// In the order they came.
void Partition::State::give_back(const Step& step, std::vector<Early> waited) {
    for (Early& item : waited) {
        if (item.refused) {
            refuse({item.submit.from, item.submit.request.id, std::move(*item.refused)}, step.out);
        } else {
            on(step, item.submit);
        }
    }
}

void Partition::State::on(const Step& step, Submit& submit) {
    const Request& request = submit.request;
    const auto no = [&](Error error) {
        refuse({submit.from, request.id, std::move(error)}, step.out);
    };
    if (!serving && serving.soon(group_now())) {
        if (auto error = early.add(submit, step.now.mono, options.limits)) no(std::move(*error));
        return;
    }
    if (auto error = serving.refusal(replica.transferring())) return no(std::move(*error));
    if (request.kind == RequestKind::Resolve) return resolve(step, submit);
    auto target = find_target(request, types);
    if (!target) return no(std::move(target).error());
    if (auto error = no_room(target->access, load(), options.limits)) return no(std::move(*error));
    const auto hash = entity::placement_hash(options.hash_key, request.type, request.entity);
    entity::Entity& entity = host.obtain({hash, request.type, request.entity}, step.now.mono);
    Queued item{submit.from, std::move(submit.request), submit.deadline, submit.its_turn, *target};
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
    const Waiter waiter{from, request.kind == RequestKind::Tell};
    const auto ask = [&] {
        return sessions.admit(request_part(request), replica.next_stamp(step.now.wall), is_resolve);
    };
    Admission admission = ask();
    if (admission.verdict == Verdict::PartitionFull && make_room(step)) admission = ask();
    if (admission.verdict == Verdict::Run) return true;
    if (admission.verdict == Verdict::Known) {
        step.out.list.push_back(answer_to(waiter, reply_of(request.id, *admission.remembered)));
        return false;
    }
    if (admission.verdict == Verdict::Join &&
        flight.join(admission.index, waiter, options.limits.mailbox))
        return false;
    const auto refusal = refusal_of(admission.verdict);
    refuse({from, request.id, make_error(refusal->number, std::string(refusal->why)),
            refusal->outcome},
           step.out);
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
    if (!floor || !replica.can_propose(kBareEntryBytes)) return false;
    WEFT_PROBE("partition.floor_raised");
    const LogIndex index = replica.propose(step.now, entries.floor(*floor), step.out);
    sessions.floor_proposed(*floor);
    flight.enter(index, {});
    return true;
}

void Partition::State::resolve(const Step& step, const Submit& submit) {
    const Request& request = submit.request;
    auto error = no_room(entity::Access::Write, load(), options.limits);
    if (!error && !replica.can_propose(kBareEntryBytes))
        error = make_error(ErrorNumber::QueueFull, "too many commands are in flight in this group");
    if (error) return refuse({submit.from, request.id, std::move(*error)}, step.out);
    if (!admitted(step, submit.from, request)) return;
    const LogIndex index = replica.propose(step.now, entries.resolve(request), step.out);
    sessions.proposed(request_part(request), index, true, 0);
    flight.enter(
        index, {.entity = nullptr, .id = request.id, .first = {submit.from, false}, .joined = {}});
}

}  // namespace weft::replication
