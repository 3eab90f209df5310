#pragma once
// The network between endpoints (nodes and clients): delay, loss, duplication, reordering, cuts in
// one or both directions, clogged links, late copies. It carries encoded frames and knows nothing
// of them. Every link has a stream of chance of its own, and each of its frames a number in it, so
// that a fault on one link moves nothing on another.

#include "core/random.h"
#include "core/time.h"
#include "sim/event_queue.h"
#include "sim/observer.h"
#include "weft/bytes.h"

#include <array>
#include <cstdint>
#include <vector>

namespace weft::sim {

struct NetworkTimes {
    Duration delay_min = std::chrono::microseconds(30);
    Duration delay_max = std::chrono::microseconds(300);
};

struct NetworkCounters {
    std::uint64_t sent = 0, lost = 0, duplicated = 0, cut = 0, late = 0, bytes = 0;
};

// One frame on its way. `route` is the sender's name for the connection, given back unchanged.
struct Transit {
    Endpoint from = 0, to = 0;
    std::uint64_t route = 0;
    Bytes frame;
};

class NetworkWorld {
public:
    virtual ~NetworkWorld() = default;
    virtual void arrived(const Transit& transit) = 0;
    // A copy from the past: no connection carries it any more.
    virtual void ghost_arrived(Endpoint from, Endpoint to, const Bytes& frame) = 0;
};

class Network {
public:
    Network(EventQueue& queue, NetworkWorld& world, std::size_t endpoints, Random random);

    // Arrives zero, one or, where copies may appear, two times, later. A connection of a client is
    // one TCP stream within one life of both ends: it may break, but repeats nothing. Datagrams
    // pass frames and each other, and have chances of their own.
    enum class Copies : std::uint8_t { One, Two, Datagram };
    void send(Transit transit, Copies copies);

    // ---- faults; each is undone by the call that mirrors it, and all by heal()
    void cut(Endpoint from, Endpoint to, int by) { add(link(from, to).cuts, by); }
    bool is_cut(Endpoint from, Endpoint to) const { return link(from, to).cuts > 0; }
    // Frames of this direction wait until then.
    void clog(Endpoint from, Endpoint to, Instant until);
    void add_loss(Endpoint from, Endpoint to, int per_mille) {
        add(link(from, to).loss, per_mille);
    }
    void add_duplicates(Endpoint from, Endpoint to, int per_mille) {
        add(link(from, to).duplicates, per_mille);
    }
    void add_reorder(Endpoint from, Endpoint to, int by) { add(link(from, to).reorder, by); }
    // Every frame takes this much longer; `spread`: up to this much, seldom near it.
    void add_slow(Endpoint from, Endpoint to, int us) { add(link(from, to).slow_us, us); }
    void add_spread(Endpoint from, Endpoint to, int us) { add(link(from, to).spread_us, us); }
    void heal();

    // Forgets order and clogs of a dead endpoint's connections.
    void reset(Endpoint endpoint);

    // ---- frames of the past: the last kKept of each link, once keep() was called
    static constexpr std::size_t kKept = 8;
    void keep() { keeping_ = true; }
    std::vector<Bytes> kept(Endpoint from, Endpoint to) const;
    // Brings `frames` to `to` at `at`, in order, whatever lives there by then.
    void ghosts(Endpoint from, Endpoint to, std::vector<Bytes> frames, Instant at);

    NetworkTimes times;
    RunObserver* observer = nullptr;
    std::size_t endpoints() const { return endpoints_; }
    const NetworkCounters& counters() const { return counters_; }

private:
    struct Link {
        std::uint64_t seed = 0;
        std::uint64_t frames = 0, datagrams = 0;
        int cuts = 0, loss = 0, duplicates = 0, reorder = 0, slow_us = 0, spread_us = 0;
        Instant clogged_until;
        Instant last_arrival;
        std::array<Bytes, kKept> past;
    };
    static void add(int& value, int by) { value = value + by > 0 ? value + by : 0; }
    Link& link(Endpoint from, Endpoint to) { return links_[from * endpoints_ + to]; }
    const Link& link(Endpoint from, Endpoint to) const { return links_[from * endpoints_ + to]; }
    Instant arrival(Link& link, Random& chance, bool in_order) const;
    struct Flight {
        Transit transit;
        Instant at;
        std::uint64_t number = 0;  // 0: the slot is free
    };
    void dispatch(Transit transit, Instant at);
    void fly(std::uint32_t slot, Instant at);
    void land(std::uint32_t slot, std::uint64_t number);
    void end_delays();
    void tell(const Transit& transit, Instant arrives, FrameFate fate) const;

    EventQueue& queue_;
    NetworkWorld& world_;
    std::size_t endpoints_;
    std::vector<Link> links_;
    std::vector<Flight> flights_;  // by slot
    std::uint64_t flown_ = 0;
    std::vector<std::uint32_t> free_;
    bool keeping_ = false;
    NetworkCounters counters_;
};

}  // namespace weft::sim
