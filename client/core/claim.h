#pragma once
// What a node says of a group's leader.

#include "client/core/indexes.h"
#include "weft/types.h"

namespace weft::client {

struct Claim {
    PartitionId group;
    NodeIndex said_by = kNoNode;
    NodeIndex leader = kNoNode;  // kNoNode: it knows of none
    Term term;
};

}  // namespace weft::client
