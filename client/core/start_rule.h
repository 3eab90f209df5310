#pragma once
// What a call must be to be begun, as far as its words show; and, once the mesh is known, that a
// given id is of this mesh and of the entity's own group (S28): else it is another entity's.

#include "client/core/caller.h"
#include "core/command.h"
#include "weft/result.h"
#include "weft/types.h"

#include <cstdint>
#include <optional>

namespace weft::client {

std::optional<Error> judge_start(const StartCall& start);

// `group`: of the entity, or of the id when an id alone is asked about. The mesh has `groups`,
// without group 0.
std::optional<Error> judge_given_id(const Request& request, PartitionId group,
                                    std::uint32_t groups);

// Of a given id of this session that may yet name another call.
Error never_given(const RequestId& id);

// The end of a call that was never begun. A given id may have had an effect before; a new call
// certainly has none.
CallEnded unstarted(const StartCall& start, Error why);

}  // namespace weft::client
