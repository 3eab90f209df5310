#pragma once
// The numbers of the protocol. The defaults are weft's; Options::paper() is the arm that Lifeguard
// was compared with (arXiv 1707.00788, Table I).

#include "core/time.h"
#include "weft/result.h"

#include <chrono>
#include <cstdint>

namespace weft::membership {

struct Options {
    Duration period = std::chrono::seconds(1);          // one probe each
    Duration timeout = std::chrono::milliseconds(500);  // of the direct answer, at most
    Duration gossip_every = std::chrono::milliseconds(200);
    unsigned gossip_fanout = 3;
    unsigned relays = 3;
    unsigned alpha = 3;  // a suspicion lasts alpha * log10(n) periods at least,
    unsigned beta = 6;   // beta times as long at most
    unsigned confirmations = 3;
    unsigned send_factor = 6;  // a rumour is sent so many times the digits of n
    std::uint8_t health_max = 8;
    unsigned accusations = 16;  // of one member at once; then one a period
    Duration gossip_to_dead = std::chrono::seconds(30);
    Duration leave_sends = std::chrono::seconds(5);
    Duration leave_answers = std::chrono::seconds(1);
    // Lifeguard's three parts.
    bool lha_probe = true;
    bool lha_suspicion = true;
    bool buddy = true;
    // weft's own.
    bool digests = true;  // views are compared on every probe
    bool hearing = true;  // who was heard in its own words meanwhile is not accused of silence
    bool learned = true;  // the timeout follows the round trips, and ends with the last relay's no
    bool pauses = true;   // the time in which the process stood still counts against nobody

    // Plain SWIM as memberlist has it, with Lifeguard's and weft's parts off.
    static Options paper();
};

// Configuration: a number that makes no protocol.
Result<void> check_options(const Options& options);

}  // namespace weft::membership
