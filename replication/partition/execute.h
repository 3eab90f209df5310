#pragma once
// A handler meets its entity (docs/design.md, "Entities"): it runs on the newest state, which may
// be ahead of the commit, and what it decided is held to what an entry can say. What breaks that is
// a rejection like the handler's own, and is remembered like one. All code of the type runs inside
// the crash slot.

#include "core/command.h"
#include "entity/host.h"
#include "entity/type.h"
#include "replication/partition/crash_slot.h"

#include <cstddef>
#include <memory>

namespace weft::replication {

// What an entry holds beside payloads, at most.
inline constexpr std::size_t kEntryOverheadBytes = 2048;

// A command and what it meets.
struct Execution {
    const entity::EntityType& type;
    const entity::Entity& entity;
    const Request& request;
    entity::Context context;
    CrashSlot* crash_slot = nullptr;
};
// A read that decides a change is rejected.
entity::Decision execute_read(const Execution& what);

struct Executed {
    entity::Decision decision;
    std::unique_ptr<entity::Ahead> next;  // nothing: it changes nothing
};
// What does not fit into an entry is rejected, and events that their own type does not accept.
Executed execute_write(const Execution& what, entity::Host& host);

}  // namespace weft::replication
