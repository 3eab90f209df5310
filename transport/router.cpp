#include "core/error.h"
#include "transport/connection.h"
#include "transport/listener.h"
#include "transport/sockets.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <list>
#include <unordered_map>
#include <unordered_set>

namespace weft::transport {

namespace {

constexpr std::size_t kScratchBytes = std::size_t{64} << 10;
// Connections that have something for us, of one look; turns of one receive().
constexpr int kLookEvents = 64;
constexpr int kTurns = 64;
constexpr int kAcceptsPerTurn = 16;
constexpr Duration kFinishTime = std::chrono::milliseconds(500);
constexpr Duration kClockInterval = std::chrono::milliseconds(100);
// A frame just over our own limit arrives, so that it can be answered with a reason.
constexpr std::size_t kFrameSlackBytes = 4096;

Instant now() {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return Instant{std::chrono::duration_cast<Duration>(since).count()};
}

bool has_no_room(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

struct Router::State {
    // Oldest last; a connection is in one of the two.
    using Ages = std::list<ClientRef>;
    struct Entry {
        explicit Entry(int descriptor) : connection(descriptor) {}
        Connection connection;
        Ages* ages = nullptr;
        Ages::iterator age;
        Ages::iterator greeting;  // while its phase is not Open
        Ages::iterator ending;    // while it is finishing
        Instant moved;            // accepted, finished, or the other end took something
        bool ignored = false, finishing = false;
    };

    State(Descriptor listening_at, Descriptor looking_at, const RouterLimits& within)
        : listener(std::move(listening_at)), epoll(std::move(looking_at)), limits(within) {}

    Entry* find(ClientRef ref) {
        const auto found = entries.find(ref);
        return found == entries.end() ? nullptr : &found->second;
    }
    std::optional<Received> next_frame();
    bool take_unit(Entry& entry, Unit unit);
    bool look();
    void turn(const epoll_event& event);
    void read(ClientRef ref, Entry& entry);
    void accept_some();
    bool add(int descriptor);
    bool displace(bool also_proven);
    void write(ClientRef ref, Entry& entry);
    void watch(ClientRef ref, const Entry& entry);
    void cut(ClientRef ref, std::uint64_t& counter);
    void remove(ClientRef ref);
    void shed();
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
    std::unordered_map<ClientRef, Entry> entries;
    Ages unproven, proven;  // without a good frame so far, in order of coming; by last frame
    Ages greeting, ending;  // in the order in which that began
    std::unordered_set<ClientRef> sending;  // have something unsent
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
    Instant clock_at = Instant::long_ago();
    bool listening = false;
};

// ---- input --------------------------------------------------------------------------------------

std::optional<Router::Received> Router::State::next_frame() {
    while (!rest.empty()) {
        Entry* entry = find(current);
        if (entry == nullptr || entry->ignored) break;
        const Unit unit = next_unit(entry->connection.phase, rest, limits.frame_bytes_max);
        if (!unit.good) {
            cut(current, counts.rejected);
            break;
        }
        if (unit.head == 0 || rest.size() < unit.bytes) {
            counted(*entry, [&](Connection& connection) {
                connection.keep(rest);
                return 0;
            });
            break;
        }
        const std::string_view body = rest.substr(unit.head, unit.bytes - unit.head);
        rest.remove_prefix(unit.bytes);
        if (entry->connection.phase == Phase::Open) {
            proven.splice(proven.begin(), *entry->ages, entry->age);
            entry->ages = &proven;
            return Received{current, body};
        }
        if (entry->connection.phase == Phase::Greeting) {
            entry->connection.phase = Phase::Ready;
        } else if (is_ready_of_dealer(body)) {
            entry->connection.phase = Phase::Open;
            greeting.erase(entry->greeting);
        } else {
            cut(current, counts.rejected);
            break;
        }
    }
    rest = {};
    if (whole.capacity() > kScratchBytes) whole = {};
    return std::nullopt;
}

// Takes up the next connection that has something. False: there is none.
bool Router::State::look() {
    if (event_at == event_count) {
        clock();
        event_at = 0;
        event_count = std::max(epoll_wait(epoll.get(), events.data(), kLookEvents, 0), 0);
        if (event_count == 0) return false;
    }
    turn(events[static_cast<std::size_t>(event_at++)]);
    return true;
}

void Router::State::turn(const epoll_event& event) {
    if (event.data.u64 == 0) return accept_some();
    const ClientRef ref{event.data.u64};
    Entry* entry = find(ref);
    if (entry == nullptr) return;
    if ((event.events & EPOLLOUT) != 0) {
        write(ref, *entry);
        entry = find(ref);
        if (entry == nullptr) return;
    }
    if ((event.events & ~std::uint32_t{EPOLLOUT}) == 0) return;
    if (entry->ignored) return remove(ref);  // it ended, or failed
    read(ref, *entry);
}

void Router::State::read(ClientRef ref, Entry& entry) {
    Io result = Io::Done;
    if (entry.connection.has_unfinished()) {
        result = counted(entry, [&](Connection& c) { return c.read_on(limits.frame_bytes_max); });
        if (result == Io::Done) {
            whole = counted(entry, [](Connection& c) { return c.take_unfinished(); });
            rest = whole;
        } else if (result == Io::Later) {
            shed();
        }
    } else {
        std::size_t got = 0;
        result = entry.connection.read(scratch.get(), kScratchBytes, got);
        rest = {scratch.get(), got};
    }
    current = ref;
    if (result == Io::Ended) remove(ref);
}

void Router::State::accept_some() {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
        const int descriptor =
            accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor >= 0) {
            if (!add(descriptor)) close(descriptor);
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) return;
        if (!has_no_room(errno)) continue;  // that connection failed while it waited
        ++counts.not_accepted;
        // The connection stays in the queue, and the listener readable: look away for a while.
        if (!displace(false)) return listen(false);
    }
}

bool Router::State::add(int descriptor) {
    const std::string_view hello = listener_greeting();
    if (::send(descriptor, hello.data(), hello.size(), MSG_NOSIGNAL | MSG_DONTWAIT) !=
        static_cast<ssize_t>(hello.size()))
        return false;
    if (entries.size() >= limits.connections_max) displace(true);
    const ClientRef ref{++last_ref};
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = ref.value;
    if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) return false;
    Entry& entry = entries.try_emplace(ref, descriptor).first->second;
    unproven.push_front(ref);
    greeting.push_front(ref);
    entry.ages = &unproven;
    entry.age = unproven.begin();
    entry.greeting = greeting.begin();
    entry.moved = clock_at;
    held += entry.connection.held_bytes();
    return true;
}

// ---- output -------------------------------------------------------------------------------------

void Router::State::write(ClientRef ref, Entry& entry) {
    const std::size_t before = entry.connection.unsent_bytes();
    const Io result = counted(entry, [](Connection& c) { return c.flush(); });
    if (result == Io::Ended) return remove(ref);
    if (entry.connection.unsent_bytes() < before) entry.moved = clock_at;
    if (result == Io::Later) return;
    sending.erase(ref);
    watch(ref, entry);
}

void Router::State::watch(ClientRef ref, const Entry& entry) {
    epoll_event event{};
    event.data.u64 = ref.value;
    event.events = entry.ignored ? EPOLLRDHUP : EPOLLIN;
    if (sending.contains(ref)) event.events |= EPOLLOUT;
    epoll_ctl(epoll.get(), EPOLL_CTL_MOD, entry.connection.descriptor(), &event);
}

// ---- ends ---------------------------------------------------------------------------------------

void Router::State::remove(ClientRef ref) {
    const auto found = entries.find(ref);
    if (found == entries.end()) return;
    Entry& entry = found->second;
    entry.ages->erase(entry.age);
    if (entry.connection.phase != Phase::Open) greeting.erase(entry.greeting);
    if (entry.finishing) ending.erase(entry.ending);
    sending.erase(ref);
    held -= entry.connection.held_bytes();
    entries.erase(found);
}

void Router::State::cut(ClientRef ref, std::uint64_t& counter) {
    ++counter;
    remove(ref);
}

bool Router::State::displace(bool also_proven) {
    const Ages& from = unproven.empty() && also_proven ? proven : unproven;
    if (from.empty()) return false;
    cut(from.back(), counts.displaced);
    return true;
}

void Router::State::shed() {
    while (held > limits.held_bytes_max && !entries.empty()) {
        const auto heaviest = std::ranges::max_element(
            entries, {}, [](const auto& entry) { return entry.second.connection.held_bytes(); });
        cut(heaviest->first, counts.heavy);
    }
}

void Router::State::clock() {
    const Instant at = now();
    if (at - clock_at < kClockInterval) return;
    clock_at = at;
    listen(true);
    while (!greeting.empty() && at - find(greeting.back())->moved > limits.greeting_time)
        cut(greeting.back(), counts.unfinished);
    while (!ending.empty() && at - find(ending.back())->moved > kFinishTime) remove(ending.back());
    for (auto ref = sending.begin(); ref != sending.end();) {
        const ClientRef slow = *ref++;
        if (at - find(slow)->moved > limits.slow_time) cut(slow, counts.slow);
    }
}

void Router::State::listen(bool on) {
    if (std::exchange(listening, on) == on) return;
    epoll_event event{};
    if (on) event.events = EPOLLIN;
    epoll_ctl(epoll.get(), EPOLL_CTL_MOD, listener.get(), &event);
}

// ---- the public face ----------------------------------------------------------------------------

Router::Router(std::unique_ptr<State> state) : state_(std::move(state)) {}
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

Result<Router> Router::bind(std::string_view address, const RouterLimits& limits) {
    auto listener = listen_at(address);
    if (!listener) return std::unexpected(listener.error());
    Descriptor epoll(epoll_create1(EPOLL_CLOEXEC));
    epoll_event event{};
    if (epoll.get() < 0 || epoll_ctl(epoll.get(), EPOLL_CTL_ADD, listener->get(), &event) != 0)
        return fail(ErrorNumber::BadConfiguration, "no further descriptor: {}",
                    std::strerror(errno));
    auto state = std::make_unique<State>(*std::move(listener), std::move(epoll), limits);
    state->limits.connections_max = connections_possible(limits.connections_max);
    state->limits.frame_bytes_max += kFrameSlackBytes;
    state->clock();
    return Router(std::move(state));
}

std::optional<Router::Received> Router::receive() {
    for (int turn = 0; turn < kTurns; ++turn) {
        if (const auto frame = state_->next_frame()) return frame;
        if (!state_->look()) return std::nullopt;
    }
    return std::nullopt;
}

bool Router::has_input() const {
    return !state_->rest.empty() || state_->event_at != state_->event_count;
}

SendResult Router::send(ClientRef to, std::string_view frame) {
    State::Entry* entry = state_->find(to);
    if (entry == nullptr || entry->finishing) return SendResult::Gone;
    const std::size_t unsent = entry->connection.unsent_bytes();
    if (unsent > 0 && unsent + frame.size() > state_->limits.unsent_bytes_max)
        return SendResult::Full;
    const Io result = state_->counted(*entry, [&](Connection& c) { return c.send(frame); });
    if (result == Io::Ended) {
        state_->remove(to);
        return SendResult::Gone;
    }
    if (result == Io::Done) return SendResult::Sent;
    if (unsent == 0) {
        entry->moved = now();
        state_->sending.insert(to);
        state_->watch(to, *entry);
    }
    state_->shed();
    return SendResult::Sent;
}

bool Router::flush() {
    for (auto ref = state_->sending.begin(); ref != state_->sending.end();) {
        const ClientRef slow = *ref++;
        state_->write(slow, *state_->find(slow));
    }
    return state_->sending.empty();
}

void Router::ignore(ClientRef of) {
    State::Entry* entry = state_->find(of);
    if (entry == nullptr || entry->ignored) return;
    entry->ignored = true;
    state_->unproven.splice(state_->unproven.end(), *entry->ages, entry->age);
    entry->ages = &state_->unproven;
    state_->watch(of, *entry);
}

// Not at once: a DEALER of libzmq that is cut drops what it has not handed over.
void Router::finish(ClientRef of) {
    State::Entry* entry = state_->find(of);
    if (entry == nullptr || entry->finishing) return;
    ignore(of);
    entry->finishing = true;
    entry->moved = now();
    state_->ending.push_front(of);
    entry->ending = state_->ending.begin();
}

const RouterCounts& Router::counts() const { return state_->counts; }
void Router::cut(ClientRef of) { state_->remove(of); }

std::size_t Router::connections() const { return state_->entries.size(); }
std::size_t Router::held_bytes() const { return state_->held; }
int Router::descriptor() const { return state_->epoll.get(); }

}  // namespace weft::transport
