#pragma once
// Where an entity stands after an entry: the three numbers that go together from the entry over
// memory and rows to the reply. No entity without a generation exists.

#include "weft/types.h"

namespace weft {

struct Standing {
    Revision revision;
    Version version;
    Generation generation;  // 0: does not exist

    bool exists() const { return generation != Generation{}; }
    // As handlers and replies see it. Of what does not exist there is no revision: whether its last
    // one is still known depends on what happens to be in memory, and neither may.
    Standing shown() const {
        return {.revision = exists() ? revision : Revision{},
                .version = version,
                .generation = generation};
    }
    bool operator==(const Standing&) const = default;
};

}  // namespace weft
