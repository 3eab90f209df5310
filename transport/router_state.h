#pragma once
// What a listener knows of its connections. Private to transport.

#include "transport/connection.h"
#include "transport/listener.h"
#include "transport/sockets.h"

#include <sys/epoll.h>

#include <array>
#include <deque>
#include <list>
#include <memory>
#include <unordered_map>
#include <unordered_set>

namespace weft::transport {

// Connections that have something for us, of one look.
inline constexpr int kLookEvents = 64;
inline constexpr std::size_t kScratchBytes = std::size_t{64} << 10;

struct Router::State {
    // Oldest last; a connection is in one of the two.
    using Ages = std::list<ClientRef>;
    struct Entry {
        Entry(int descriptor, PartMemory& memory) : connection(descriptor, memory) {}
        Connection connection;
        Ages* ages = nullptr;
        Ages::iterator age;
        Ages* due = nullptr;  // what it must come to an end with, and since when
        Ages::iterator due_place;
        Instant due_since;
        Instant moved;  // something began to wait for it, or it took some
        bool ignored = false;
        bool held = false;    // its owner has not sent what it wants it to take first
        bool slow = false;    // held, or so much waits for it that nothing is read of it
        bool parked = false;  // what it sent before it became slow is kept, and not looked at
    };

    State(Descriptor listening_at, Descriptor looking_at, const RouterLimits& within)
        : listener(std::move(listening_at)), epoll(std::move(looking_at)), limits(within) {}

    Entry* find(ClientRef ref) {
        const auto found = entries.find(ref);
        return found == entries.end() ? nullptr : &found->second;
    }
    std::optional<Received> next_frame();
    // What was kept of a connection, as a unit that is not whole or as what it sent before it was
    // slow, and what is looked at again.
    void keep_rest(Entry& entry);
    void take_kept(ClientRef ref, Entry& entry);
    bool look();
    void turn(const epoll_event& event);
    void read(ClientRef ref, Entry& entry);
    void accept_some();
    bool add(int descriptor);
    bool displace();
    void write(ClientRef ref, Entry& entry);
    void watch(ClientRef ref, const Entry& entry);
    // After each change of what waits for it. True: it has become slow, or is not any more.
    bool look_at_pace(ClientRef ref, Entry& entry);
    void cut(ClientRef ref, std::uint64_t& counter);
    void remove(ClientRef ref);
    // From now on, one of the lists below or none.
    void set_due(ClientRef ref, Entry& entry, Ages* list);
    void cut_overdue(Ages& list, Duration span, std::uint64_t& counter);
    void shed_input();
    void shed_output();
    void clock();
    void listen(bool on);
    // Counts what `change` makes the connection hold.
    template <class Change>
    auto counted(Entry& entry, Change change) {
        held -= entry.connection.held_bytes();
        const auto result = change(entry.connection);
        held += entry.connection.held_bytes();
        return result;
    }

    Descriptor listener;
    Descriptor epoll;
    RouterLimits limits;
    PartMemory memory;
    Instant memory_looked = Instant::long_ago();
    std::unordered_map<ClientRef, Entry> entries;
    Ages unproven, proven;  // without a good frame so far, in order of coming; by last frame
    // In the order in which that began; a connection is in one of these at most.
    Ages greeting, unfinished, finishing;
    Ages halted;                            // are slow, and what they sent before that is kept
    std::unordered_set<ClientRef> sending;  // have something unsent
    std::deque<ClientRef> resumed;          // were parked, and are not slow any more
    std::uint64_t last_ref = 0;
    std::size_t held = 0;
    RouterCounts counts;

    // What is being looked at: units of one connection, in `scratch` or `whole`.
    std::unique_ptr<char[]> scratch = std::make_unique_for_overwrite<char[]>(kScratchBytes);
    std::string whole;
    ClientRef current;
    std::string_view rest;
    std::array<epoll_event, kLookEvents> events;
    int event_at = 0, event_count = 0;
    std::size_t share = 0;       // bytes that each of them may send in this look
    std::size_t read_bytes = 0;  // by this receive()
    Instant looked = Instant::long_ago();
    // Time that the listener was awake: what did not come while the process was paused is not late.
    Instant clock_at;
    bool listening = false;
};

}  // namespace weft::transport
