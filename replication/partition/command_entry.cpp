#include "replication/partition/command_entry.h"

#include "core/error.h"
#include "replication/partition/kind_format.h"

#include <string>

namespace weft::replication {

namespace {

Error error_of(const Remembered& known) {
    if (known.closed)
        return make_error(ErrorNumber::NotFound, "the command never ran and never will");
    if (known.outcome == Outcome::Done) return {};
    return make_error(ErrorNumber{known.error_number}, known.text);
}

}  // namespace

void tell_standing(Reply& reply, const Standing& standing) {
    reply.revision = standing.revision;
    reply.version = standing.version;
    reply.generation = standing.generation;
    reply.exists = standing.exists();
}

EntryBuilder& EntryWriter::command(const Decided& decided) {
    const auto& [type, entity, request, decision, next] = decided;
    const KindFormat& format = format_of(type.info().kind);
    const Standing& before = entity::Host::newest(entity).standing;
    const auto key = entity::split_key(entity.key());
    builder_.begin(next != nullptr ? EntryKind::Command : EntryKind::Outcome);
    write_request(builder_, request_part(request));
    write_entity(builder_, {.standing = next != nullptr ? next->image.standing : before.shown(),
                            .hash = key->hash,
                            .type = key->type,
                            .id = key->id});
    format.write_change(builder_, decision);
    if (decision.rejected)
        write_outcome(builder_, {.outcome = Outcome::Rejected,
                                 .error_number = decision.error.number,
                                 .message = decision.error.message});
    if (!decision.reply.empty() && request.kind != RequestKind::Tell)
        builder_.section(SectionType::Reply, decision.reply.view());
    format.write_state(builder_, decided);
    return builder_;
}

EntryBuilder& EntryWriter::resolve(const Request& request) {
    builder_.begin(EntryKind::Resolve);
    write_request(builder_, request_part(request));
    return builder_;
}

EntryBuilder& EntryWriter::floor(std::int64_t start_ms) {
    builder_.begin(EntryKind::Expire);
    write_session_floor(builder_, start_ms);
    return builder_;
}

RequestPart request_part(const Request& request) {
    return {.client = request.id.client,
            .start_ms = request.id.start_ms,
            .seq = request.id.seq,
            .lowest_open = request.lowest_open,
            .digest = request.digest};
}

entity::Change change_of(const EntryHeader& header, const DecodedEntry& entry) {
    entity::Change change;
    change.index = header.index;
    change.stamp_ms = header.stamp_ms;
    change.version = entry.entity->standing.version;
    change.generation = entry.entity->standing.generation;
    change.kind = *kind_of(entry);
    format_of(change.kind).read_change(entry, change);
    return change;
}

Remembered outcome_of(const EntryHeader& header, const DecodedEntry& entry) {
    Remembered outcome;
    outcome.seq = entry.request->seq;
    outcome.digest = entry.request->digest;
    const OutcomePart& ended = entry.outcome;
    outcome.outcome = ended.outcome;
    outcome.error_number = ended.error_number;
    outcome.index = header.index;
    outcome.standing = entry.entity->standing;
    outcome.text = outcome.outcome == Outcome::Done ? entry.reply : ended.message;
    return outcome;
}

Reply reply_of(const RequestId& id, const Remembered& known) {
    Reply reply;
    reply.id = id;
    reply.outcome = known.outcome;
    reply.error = error_of(known);
    if (known.outcome == Outcome::Done) reply.payload = Bytes::copy_of(known.text);
    reply.index = known.index;
    tell_standing(reply, known.standing);
    reply.level = known.closed ? Level::None : Level::Linearizable;
    return reply;
}

Reply reply_of_entry(const EntryHeader& header, const DecodedEntry& entry, const Bytes& encoded) {
    Reply reply;
    const OutcomePart& ended = entry.outcome;
    reply.outcome = ended.outcome;
    if (reply.outcome != Outcome::Done)
        reply.error = make_error(ErrorNumber{ended.error_number}, std::string(ended.message));
    if (!entry.reply.empty())
        reply.payload = encoded.slice(static_cast<std::size_t>(entry.reply.data() - encoded.data()),
                                      entry.reply.size());
    // Sent from where it lies, which may take a slow client long: the entry does not wait with it.
    if (reply.payload.size() > kLargeReplyBytes) reply.payload = reply.payload.own();
    reply.index = header.index;
    tell_standing(reply, entry.entity->standing);
    reply.level = Level::Linearizable;
    return reply;
}

}  // namespace weft::replication
