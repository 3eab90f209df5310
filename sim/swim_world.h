#pragma once
// Membership alone, in virtual time: many Swim cores and a network of datagrams and streams between
// them, with what can befall hosts and links. The invariants of each member are checked as it steps
// (docs/membership.md, "Its swarm"): M3, M4, M7, M8, and M1 for those whom nothing befell.

#include "core/random.h"
#include "membership/swim.h"
#include "sim/clock.h"
#include "sim/event_queue.h"
#include "sim/trace_hash.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::sim {

struct SwimSetup {
    std::size_t members = 0;
    membership::Options options;
    std::uint64_t seed = 1;
    Duration delay_min = std::chrono::microseconds(100);
    Duration delay_max = std::chrono::milliseconds(1);
    // A program of threads, as the paper's: one that stands still does so where it sends or
    // receives. Its timers run beside that, so a probe begins that cannot be sent, and they come
    // before what it was sent meanwhile.
    bool threads = false;
    // A pass over the core after each step, and what each member held before: n * n of it.
    bool check = true;
};

// A member that runs took another for dead.
struct SwimDeath {
    Instant at;
    std::size_t observer = 0;
    std::size_t subject = 0;
    bool false_alarm = false;  // nothing had befallen either of them, nor the way between them
};

struct SwimTraffic {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;  // sealed; without the headers of UDP and IP
    std::uint64_t streams = 0;
    std::uint64_t stream_bytes = 0;
};

NodeId swim_node(std::size_t member);

class SwimWorld {
public:
    // How long what befell a member may tell against it when it is over.
    static constexpr Duration kAftermath = std::chrono::seconds(15);
    static constexpr unsigned kAlways = 1000;

    explicit SwimWorld(const SwimSetup& setup);

    // ---- hosts. Whatever waits is handed over when a member goes on.
    void boot(std::size_t member);  // each time with the next boot
    void boot_all();
    // A host that refuses says so to everybody who is connected, within 200 ms.
    void crash(std::size_t member, bool refuses = false);
    void leave(std::size_t member);   // ends when it may
    void freeze(std::size_t member);  // the process stands still
    void thaw(std::size_t member);
    void block(std::size_t member);  // it runs; what it sends and is sent waits
    void unblock(std::size_t member);
    // All that comes is read so much later; nothing when `most` is zero.
    void starve(std::size_t member, Duration least, Duration most);
    void set_clock(std::size_t member, std::int64_t ppm, Duration leap);

    // ---- network. Losses are of a thousand packets: a datagram is gone, a stream sends again.
    void lose(unsigned of_all) { loss_ = of_all; }
    void lose_to(std::size_t member, unsigned per_mille);
    void lose_from(std::size_t member, unsigned per_mille);
    // Of both carriers; called for each message. Nothing: all are connected.
    using Cut = std::function<bool(std::size_t from, std::size_t to)>;
    void cut(Cut cut);
    // One datagram in so many is read again up to a minute later, or by somebody else; 0: none.
    void repeat(unsigned one_in) { repeat_one_in_ = one_in; }
    void misdeliver(unsigned one_in) { misdeliver_one_in_ = one_in; }

    void run(Duration span);

    Instant now() const { return queue_.now(); }
    std::size_t size() const { return hosts_.size(); }
    bool runs(std::size_t member) const { return hosts_[member].swim != nullptr; }
    const membership::Swim& swim(std::size_t member) const { return *hosts_[member].swim; }
    membership::MemberState state(std::size_t observer, std::size_t subject) const;
    // It runs, and nothing befalls it nor did a short while ago.
    bool well(std::size_t member) const;
    // All that run hold all that run, and nobody else, for alive or at most suspected.
    bool all_see_all() const;
    bool views_equal() const;  // of all that run
    std::size_t holders(std::size_t subject, membership::MemberState state) const;

    const std::vector<SwimDeath>& deaths() const { return deaths_; }
    std::uint64_t suspicions() const { return suspicions_; }
    std::size_t false_alarms() const;
    const SwimTraffic& traffic() const { return traffic_; }
    const SwimTraffic& traffic_of(std::size_t member) const { return hosts_[member].traffic; }
    std::uint64_t steps() const { return steps_; }
    std::uint64_t trace_hash() const { return trace_.value(); }
    // The first broken rule; empty: none.
    const std::string& violation() const { return violation_; }
    void fail(std::string what);

private:
    struct Packet {
        std::size_t from = 0;
        std::size_t to = 0;
        membership::Carrier carrier = membership::Carrier::Datagram;
        bool stranger = false;  // not what its sender meant: nothing may follow from it
        std::string bytes;
    };
    using PacketPtr = std::unique_ptr<Packet>;
    struct Known {
        membership::Incarnation incarnation;
        membership::MemberState state = membership::MemberState::Unseen;
    };
    struct Host {
        std::unique_ptr<membership::Swim> swim;
        std::uint64_t boots = 0;
        std::uint64_t life = 0;
        MachineClock clock;
        Instant tick_at = Instant::never();
        std::uint64_t probes = 0;  // when it was frozen
        bool frozen = false, blocked = false, leaving = false;
        Duration late_least{}, late_most{};
        unsigned loss_to = 0, loss_from = 0;
        Instant well_from = Instant::long_ago();
        std::vector<PacketPtr> inbox, outbox;
        std::vector<Known> known;
        SwimTraffic traffic;
    };

    void step(std::size_t member, const membership::Event& event);
    void tick_later(std::size_t member);
    void tick(std::size_t member, Instant due, std::uint64_t life);
    void take_changes(std::size_t member);
    void check_member(std::size_t member);
    void send(std::size_t from, const membership::Outgoing& out, membership::Carrier carrier);
    void travel(PacketPtr packet);
    void arrive(PacketPtr packet, bool late);
    void read(const Packet& packet);
    void hand_over(std::size_t member);
    void troubled(std::size_t member);
    bool lost(const Packet& packet);
    bool dropped_once(const Packet& packet);
    Duration sent_again(const Packet& packet);
    bool disturbed(const Host& host) const;

    SwimSetup setup_;
    Random random_;  // of the network
    EventQueue queue_;
    std::vector<Host> hosts_;
    std::vector<NodeId> roster_;
    Cut cut_;
    Instant whole_from_ = Instant::long_ago();  // the network
    unsigned loss_ = 0, repeat_one_in_ = 0, misdeliver_one_in_ = 0;
    membership::Effects effects_;
    std::vector<SwimDeath> deaths_;
    std::uint64_t suspicions_ = 0;
    std::uint64_t steps_ = 0;
    SwimTraffic traffic_;
    TraceHash trace_;
    std::string violation_;
};

}  // namespace weft::sim
