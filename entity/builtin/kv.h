#pragma once
// The built-in value type `kv`: raw bytes under an id, with compare-and-set
// (include/weft/kv_payload.h).

#include "entity/type.h"

#include <memory>

namespace weft::entity {

// Commands: put (payload = value), get, delete, cas (weft/kv_payload.h). A put or cas of more
// than 1 MiB is rejected.
std::unique_ptr<const EntityType> make_kv();

}  // namespace weft::entity
