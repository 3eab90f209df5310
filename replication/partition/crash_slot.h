#pragma once
// Where the request stands that a handler runs for, so that the death of the process under the
// handler leaves a trace (docs/design.md, "Entities"). The node's runtime keeps it in a mapped
// file; what a former process left there comes back as PartitionOptions::crashed.

#include "core/command.h"

#include <cstdint>

namespace weft::replication {

// From so many connections lost under a request on, a leader does not run it unless it is forced.
inline constexpr std::uint8_t kLeadersLostMax = 2;

class CrashSlot {
public:
    virtual ~CrashSlot() = default;
    // The handler of `request` runs next, in this thread: from here until leave() the death of the
    // process, whatever its cause, must leave the request readable. Never nested.
    virtual void enter(const Request& request) = 0;
    virtual void leave() = 0;
};

// Holds the slot while one handler runs; nothing without a slot.
class InHandler {
public:
    InHandler(CrashSlot* slot, const Request& request) : slot_(slot) {
        if (slot_ != nullptr) slot_->enter(request);
    }
    ~InHandler() {
        if (slot_ != nullptr) slot_->leave();
    }
    InHandler(const InHandler&) = delete;
    InHandler& operator=(const InHandler&) = delete;

private:
    CrashSlot* slot_;
};

}  // namespace weft::replication
