#pragma once
// Who is told no, and why: what a rule returns that lets go of requests. The partition tells them
// in this order, and adds whom it knows to lead.

#include "core/command.h"
#include "core/error.h"
#include "weft/types.h"

namespace weft::replication {

struct Refused {
    Origin to;
    RequestId id;
    Error error;
    Outcome outcome = Outcome::NotDone;
};

// It has waited for a leader that this node is no more; nothing was done for it.
inline Refused not_led(const Origin& to, const RequestId& id) {
    return {to, id, make_error(ErrorNumber::NoLeader, "this node stopped leading the group")};
}

}  // namespace weft::replication
