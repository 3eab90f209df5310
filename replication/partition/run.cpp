// A command meets its entity (docs/design.md, "The path of a command"): the handler runs on the
// newest state, and what it decided becomes one entry, also when it said no or changed nothing.

#include "core/error.h"
#include "core/invariant.h"
#include "replication/partition/admission.h"
#include "replication/partition/command_entry.h"
#include "replication/partition/execute.h"
#include "replication/partition/partition_state.h"

namespace weft::replication {

namespace {

// What the session will remember of it.
std::size_t reply_bytes(const Request& request, const entity::Decision& decision) {
    if (decision.rejected) return decision.error.message.size();
    return request.kind == RequestKind::Tell ? 0 : decision.reply.size();
}

}  // namespace

void Partition::State::run(const Step& step, entity::Entity& entity, const Queued& item) {
    const Request& request = item.request;
    const auto& [type, access] = item.target;
    // Asked again: it may have waited for the entity.
    std::optional<Error> error = serving.refusal(replica.transferring());
    if (!error) error = no_room(access, load(), options.limits);
    if (!error) error = cannot_meet(*type, entity, item.deadline, step.now.mono);
    if (error) {
        refuse({item.from, request.id, std::move(*error)}, step.out);
        return;
    }
    host.touch(entity, step.now.mono);
    if (access == entity::Access::Write && !admitted(step, item.from, request)) return;
    if (auto crashed = crash_refusal(request, options.crashed)) {
        refuse({item.from, request.id, std::move(*crashed), Outcome::Unknown}, step.out);
        return;
    }
    if (access == entity::Access::Write) return run_write(step, entity, item);
    const std::size_t bytes = entity::Host::newest(entity).state.size();
    if (bytes <= options.limits.large_state_bytes || item.its_turn)
        return run_read(step, entity, item);
    step.out.list.push_back(LargeRead{item.from, request, item.deadline, bytes});
}

void Partition::State::run_read(const Step& step, entity::Entity& entity, const Queued& item) {
    const Request& request = item.request;
    const entity::Context context{replica.next_stamp(step.now.wall), replica.next_index()};
    entity::Decision decision =
        execute_read({*item.target.type, entity, request, context, options.crash_slot});
    WaitingRead read = read_that_ran({item.from, request, entity},
                                     {.applied = applied.index(), .last = replica.last_index()},
                                     std::move(decision));
    if (read.reply.payload.size() > kLargeReplyBytes) step.out.list.push_back(LargeReply{read.to});
    const ReadTicket ticket = reads.add(std::move(read), replica.commit());
    step.out.list.push_back(WantConfirm{group(), *serving.term(), ticket});
}

void Partition::State::run_write(const Step& step, entity::Entity& entity, const Queued& item) {
    const Request& request = item.request;
    // What it may come to is only known after the handler: the group's bound may be passed by one
    // entry.
    if (!replica.can_propose(request.payload.size() + kEntryOverheadBytes)) {
        refuse({item.from, request.id,
                make_error(ErrorNumber::QueueFull, "too much of the group is not committed yet")},
               step.out);
        return;
    }
    const entity::EntityType& type = *item.target.type;
    const entity::Context context{replica.next_stamp(step.now.wall), replica.next_index()};
    auto [decision, next] =
        execute_write({type, entity, request, context, options.crash_slot}, host);
    const LogIndex index = replica.propose(
        step.now, entries.command({type, entity, request, decision, next.get()}), step.out);
    WEFT_INVARIANT(index == context.index, "proposed {}, told {}", index.value,
                   context.index.value);
    const bool changed = next != nullptr;
    if (changed) host.advance(entity, std::move(next), type.info().kind);
    sessions.proposed(request_part(request), index, false, reply_bytes(request, decision));
    // What is ahead keeps the entity in memory until its entry is applied; else nothing does.
    flight.enter(index, {.entity = changed ? &entity : nullptr,
                         .id = request.id,
                         .first = {item.from, request.kind == RequestKind::Tell},
                         .joined = {}});
}

}  // namespace weft::replication
