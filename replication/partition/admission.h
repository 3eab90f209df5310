#pragma once
// What is let in (docs/design.md, "The path of a command"), as far as it is asked of a request and
// a few numbers alone. Everything refused here has written nothing: it is not done, unless the
// refusal says that nobody knows.

#include "core/command.h"
#include "core/error.h"
#include "core/time.h"
#include "entity/host.h"
#include "entity/type.h"
#include "replication/partition/partition.h"
#include "replication/partition/sessions.h"
#include "weft/result.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace weft::replication {

// What a request is for. Looked up once, when it comes.
struct Target {
    const entity::EntityType* type = nullptr;
    entity::Access access{};
};
Result<Target> find_target(const Request& request, const entity::TypeTable& types);

// What waits in the group already.
struct Load {
    std::size_t reads = 0;
    std::size_t read_bytes = 0;
    std::size_t commands = 0;
};
std::optional<Error> no_room(entity::Access access, const Load& load,
                             const PartitionLimits& limits);

// Why a command does not run on an entity that is there now; it may have waited for it.
std::optional<Error> cannot_meet(const entity::EntityType& type, const entity::Entity& entity,
                                 Instant deadline, Instant now);

// A request that may be what ends processes (docs/design.md, "Entities"). Asked last: whoever knows
// its outcome tells it. The handler did not run now, but what the lost processes did is not known
// here, so this is never called not done.
std::optional<Error> crash_refusal(const Request& request, std::span<const RequestId> crashed);

struct Refusal {
    ErrorNumber number{};
    std::string_view why;
    Outcome outcome = Outcome::NotDone;
};
// What a session's verdict comes to for a client that it does not let in; that may not join either,
// where it says so. Nothing: it refuses nothing.
std::optional<Refusal> refusal_of(Verdict verdict);

}  // namespace weft::replication
