#include "replication/partition/entry_effect.h"

#include "core/error.h"
#include "replication/partition/command_entry.h"

namespace weft::replication {

EntryEffect apply_to_sessions(Sessions& sessions, const EntryHeader& header,
                              const DecodedEntry& entry) {
    EntryEffect effect;
    switch (header.kind) {
        case EntryKind::Command:
        case EntryKind::Outcome:
            effect.taken = sessions.takes_effect(*entry.request, header.index, header.stamp_ms);
            if (effect.taken)
                sessions.remember(*entry.request, header.index, outcome_of(header, entry));
            break;
        case EntryKind::Resolve:
            effect.resolved = sessions.resolve(*entry.request, header.index, header.stamp_ms);
            break;
        case EntryKind::Expire:
            effect.ended =
                sessions.raise_floor(*entry.session_floor, header.index, header.stamp_ms);
            break;
        default:
            break;
    }
    return effect;
}

Reply reply_of_applied(const EntryHeader& header, const DecodedEntry& entry, const Bytes& encoded,
                       const EntryEffect& effect) {
    if (effect.resolved != nullptr) return reply_of({}, *effect.resolved);
    if (effect.taken && header.kind != EntryKind::Resolve)
        return reply_of_entry(header, entry, encoded);
    Reply reply;
    reply.outcome = Outcome::Unknown;
    reply.error = make_error(ErrorNumber::SessionExpired, "the session has ended");
    return reply;
}

}  // namespace weft::replication
