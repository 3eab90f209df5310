#pragma once
// The network between endpoints (nodes and clients): delay, loss, duplication, reordering, cuts in
// one or both directions, clogged links. It carries encoded frames and knows nothing of them.

#include "core/random.h"
#include "core/time.h"
#include "sim/clock.h"
#include "weft/bytes.h"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <utility>

namespace weft::sim {

using Endpoint = std::uint32_t;

struct NetworkTimes {
    Duration delay_min = std::chrono::microseconds(30);
    Duration delay_max = std::chrono::microseconds(300);
    std::uint32_t slow_per_mille = 0;  // frames that take up to slow_max instead
    Duration slow_max = std::chrono::milliseconds(100);
    std::uint32_t loss_per_mille = 0;
    std::uint32_t duplicate_per_mille = 0;
    bool reorder = false;  // otherwise frames of one direction keep their order
};

struct NetworkCounters {
    std::uint64_t sent = 0, lost = 0, duplicated = 0, cut = 0, bytes = 0;
};

class Network {
public:
    using Deliver = std::function<void(const Bytes& frame)>;
    Network(EventQueue& queue, Random random) : queue_(queue), random_(random) {}

    // `deliver` runs zero, one or, where copies may appear, two times, later. A connection of a
    // client is one TCP stream within one life of both ends: it may break, but repeats nothing.
    enum class Copies : std::uint8_t { One, Two };
    void send(Endpoint from, Endpoint to, Bytes frame, const Deliver& deliver,
              Copies copies = Copies::One);

    void cut(Endpoint from, Endpoint to) { cuts_.insert({from, to}); }
    void heal(Endpoint from, Endpoint to) { cuts_.erase({from, to}); }
    void heal_all();
    bool is_cut(Endpoint from, Endpoint to) const { return cuts_.contains({from, to}); }
    // Frames of this direction wait until then.
    void clog(Endpoint from, Endpoint to, Instant until) { clogs_[{from, to}] = until; }
    // Forgets order and clogs of a dead endpoint's connections.
    void reset(Endpoint endpoint);

    NetworkTimes times;
    const NetworkCounters& counters() const { return counters_; }

private:
    Instant arrival(Endpoint from, Endpoint to);

    EventQueue& queue_;
    Random random_;
    std::set<std::pair<Endpoint, Endpoint>> cuts_;
    std::map<std::pair<Endpoint, Endpoint>, Instant> clogs_;
    std::map<std::pair<Endpoint, Endpoint>, Instant> last_arrival_;
    NetworkCounters counters_;
};

}  // namespace weft::sim
