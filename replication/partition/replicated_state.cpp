#include "replication/partition/replicated_state.h"

#include "core/byte_io.h"
#include "core/hash.h"
#include "entity/kind.h"
#include "replication/partition/rows.h"

#include <algorithm>
#include <string>
#include <vector>

namespace weft::replication {

std::uint64_t hash_of_state(const entity::Host& host, const Sessions& sessions, LogIndex base) {
    std::vector<const entity::Entity*> changed;
    for (const entity::Entity* e = host.coldest(); e != nullptr; e = e->newer) {
        if (e->known && e->committed.standing.revision.value > base.value) changed.push_back(e);
    }
    std::ranges::sort(changed, {}, [](const entity::Entity* e) { return e->key(); });
    std::string bytes;
    ByteWriter writer(bytes);
    for (const entity::Entity* e : changed) {
        writer.put_blob(e->key());
        writer.put(e->committed.standing.revision.value);
        writer.put(e->committed.standing.version.value);
        writer.put(e->committed.standing.generation.value);
        // Followers do not fold events: the state of an event-sourced entity is in its numbers.
        if (entity::rules_of(e->kind).state_on_all) writer.put_blob(e->committed.state);
    }
    for (const auto& [name, session] : sessions.all()) {
        if (!session.committed) continue;
        writer.put(name.start_ms);
        writer.put_id(name.client);
        writer.put_blob(encode_session_row(session));
    }
    writer.put(sessions.floor().start_ms);
    writer.put(sessions.floor().applied.value);
    return xxh3_64(bytes);
}

bool is_state_of(const entity::Host& host, const Sessions& sessions, LogIndex applied) {
    if (sessions.floor().applied > applied) return false;
    for (const auto& [name, session] : sessions.all())
        if (session.committed && session.applied > applied) return false;
    for (const entity::Entity* e = host.coldest(); e != nullptr; e = e->newer)
        if (e->known && e->committed.standing.revision.value > applied.value) return false;
    return true;
}

}  // namespace weft::replication
