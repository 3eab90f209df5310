#include "replication/partition/execute.h"

#include "core/entry.h"
#include "core/error.h"

#include <utility>

namespace weft::replication {

namespace {

std::size_t payload_bytes(const entity::Decision& decision) {
    std::size_t bytes = decision.value.size() + decision.reply.size();
    for (const Bytes& event : decision.events) bytes += event.size() + 8;
    return bytes;
}

entity::Decision decide(const Execution& what) {
    return entity::Host::decide(what.type, what.entity, what.request.command, what.request.payload,
                                what.context);
}

}  // namespace

entity::Decision execute_read(const Execution& what) {
    const InHandler handler(what.crash_slot, what.request);
    entity::Decision decision = decide(what);
    if (decision.change != entity::Decision::Change::None)
        decision =
            entity::rejection(make_error(ErrorNumber::Bug, "a read-only command decided a change"));
    return decision;
}

Executed execute_write(const Execution& what, entity::Host& host) {
    const InHandler handler(what.crash_slot, what.request);
    Executed done{.decision = decide(what), .next = {}};
    if (payload_bytes(done.decision) + kEntryOverheadBytes > kEntryBytesMax)
        done.decision = entity::rejection(make_error(
            ErrorNumber::PayloadTooLarge, "change and reply together exceed an entry of 2 MiB"));
    if (done.decision.change == entity::Decision::Change::None) return done;
    auto draft = host.draft(what.type, what.entity, done.decision, what.context.index);
    if (draft) {
        done.next = std::move(*draft);
    } else {
        done.decision = entity::rejection(make_error(
            ErrorNumber::Bug, "the type does not accept its own event: " + draft.error().message));
    }
    return done;
}

}  // namespace weft::replication
