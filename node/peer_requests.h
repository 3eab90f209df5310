#pragma once
// Requests of a peer that wait for their end here: so many at a time. Each ends once, also the one
// that is refused because they are too many.

#include "core/invariant.h"

#include <cstddef>

namespace weft::node {

class PeerRequests {
public:
    static constexpr std::size_t kMost = 256;

    // False: it is one too many, and to be refused.
    bool begin() { return ++waiting_ <= kMost; }
    void end() {
        WEFT_INVARIANT(waiting_ > 0, "an answer to a node that asked nothing");
        --waiting_;
    }
    // Who asked is gone: nobody waits for those, and their ends are not to be told.
    void forget() { waiting_ = 0; }
    std::size_t waiting() const { return waiting_; }
    // Between two steps: what was refused has ended.
    void check() const {
        WEFT_INVARIANT(waiting_ <= kMost, "{} requests of a node wait", waiting_);
    }

private:
    std::size_t waiting_ = 0;
};

}  // namespace weft::node
