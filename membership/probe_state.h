#pragma once
// Probes under way: one's own, and those for others.

#include "core/time.h"
#include "membership/messages.h"
#include "weft/types.h"

#include <vector>

namespace weft::membership {

// A relay, and whether it told that the target does not answer it either.
struct Asked {
    NodeId node;
    bool nacked = false;
};
struct Probe {
    ProbeNumber number;
    NodeId target;
    Instant sent;
    Duration timeout;  // then relays are asked
    std::vector<Asked> asked;
    bool second_round = false;  // relays were asked
    bool answered = false;
    bool directly = false;

    Asked* find(const NodeId& node) {
        for (Asked& one : asked)
            if (one.node == node) return &one;
        return nullptr;
    }
};
// A ping for somebody else.
struct Relay {
    NodeId asker;
    NodeId target;
    ProbeNumber theirs;
    ProbeNumber ours;
    Instant nack_at;
    Instant ends;
    bool nacked = false;
};

}  // namespace weft::membership
