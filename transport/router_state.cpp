#include "transport/router_state.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace weft::transport {

namespace {

constexpr int kAcceptsPerTurn = 16;
// What one look reads of all that have something, in equal shares: who sends much does not make the
// others wait.
constexpr std::size_t kLookBytes = std::size_t{256} << 10;
constexpr std::size_t kShareMin = kLookBytes / kLookEvents, kShareMax = kLookBytes / 2;
constexpr Duration kFinishTime = std::chrono::milliseconds(500);
constexpr Duration kMemoryInterval = std::chrono::seconds(1);
constexpr Duration kClockInterval = std::chrono::milliseconds(100);
// Longer than the node sleeps.
constexpr Duration kAwakeMax = std::chrono::milliseconds(1500);

Instant now() {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return Instant{std::chrono::duration_cast<Duration>(since).count()};
}

bool has_no_room(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

// ---- input --------------------------------------------------------------------------------------

std::optional<Router::Received> Router::State::next_frame() {
    while (!rest.empty()) {
        Entry* entry = find(current);
        if (entry == nullptr || entry->ignored) break;
        if (entry->slow) {
            entry->parked = true;
            keep_rest(*entry);
            if (entry->due == nullptr) set_due(current, *entry, &halted);
            shed_output();
            break;
        }
        const Unit unit = next_unit(entry->connection.phase, rest, limits.frame_bytes_max);
        if (!unit.good) {
            cut(current, counts.rejected);
            break;
        }
        if (unit.head == 0 || rest.size() < unit.bytes) {
            keep_rest(*entry);
            if (entry->connection.phase == Phase::Open) set_due(current, *entry, &unfinished);
            shed_input();
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
            set_due(current, *entry, nullptr);
        } else {
            cut(current, counts.rejected);
            break;
        }
    }
    rest = {};
    if (whole.capacity() > kScratchBytes) whole = {};
    return std::nullopt;
}

void Router::State::keep_rest(Entry& entry) {
    counted(entry, [&](Connection& connection) {
        connection.keep(rest);
        return 0;
    });
}

// Takes up the next connection that has something. False: there is none.
bool Router::State::look() {
    if (!resumed.empty()) {
        const ClientRef ref = resumed.front();
        resumed.pop_front();
        Entry* entry = find(ref);
        if (entry != nullptr && entry->parked && !entry->slow) take_kept(ref, *entry);
        return true;
    }
    if (event_at == event_count) {
        clock();
        event_at = 0;
        event_count = std::max(epoll_wait(epoll.get(), events.data(), kLookEvents, 0), 0);
        if (event_count == 0) return false;
        share =
            std::clamp(kLookBytes / static_cast<std::size_t>(event_count), kShareMin, kShareMax);
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
    if (!entry->ignored && !entry->slow)
        return entry->parked ? take_kept(ref, *entry) : read(ref, *entry);
    // Nothing is read of it, whatever was seen before that; but it may have ended.
    if ((event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) remove(ref);
}

void Router::State::take_kept(ClientRef ref, Entry& entry) {
    entry.parked = false;
    if (entry.due == &halted) set_due(ref, entry, nullptr);
    whole = counted(entry, [](Connection& c) { return c.take_unfinished(); });
    rest = whole;
    current = ref;
}

void Router::State::read(ClientRef ref, Entry& entry) {
    Io result = Io::Done;
    if (entry.connection.has_unfinished()) {
        std::size_t got = 0;
        result = counted(
            entry, [&](Connection& c) { return c.read_on(limits.frame_bytes_max, share, got); });
        read_bytes += got;
        if (result == Io::Done) {
            take_kept(ref, entry);
            if (entry.connection.phase == Phase::Open) set_due(ref, entry, nullptr);
        } else if (result == Io::Later) {
            shed_input();
        }
    } else {
        std::size_t got = 0;
        result = entry.connection.read(scratch.get(), std::min(share, kScratchBytes), got);
        rest = {scratch.get(), got};
        read_bytes += got;
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
        // The kernel looks for a descriptor first: only at a turn's begin does this say that a
        // connection waits.
        if (i > 0) return;
        ++counts.not_accepted;
        // The connection stays in the queue, and the listener readable: look away for a while.
        if (!displace()) return listen(false);
    }
}

bool Router::State::add(int descriptor) {
    const std::string_view hello = listener_greeting();
    if (::send(descriptor, hello.data(), hello.size(), MSG_NOSIGNAL | MSG_DONTWAIT) !=
        static_cast<ssize_t>(hello.size()))
        return false;
    if (entries.size() >= limits.connections_max) displace();
    const ClientRef ref{++last_ref};
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = ref.value;
    if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) return false;
    Entry& entry = entries.try_emplace(ref, descriptor, memory).first->second;
    unproven.push_front(ref);
    entry.ages = &unproven;
    entry.age = unproven.begin();
    set_due(ref, entry, &greeting);
    held += entry.connection.held_bytes();
    return true;
}

// ---- output -------------------------------------------------------------------------------------

void Router::State::write(ClientRef ref, Entry& entry) {
    const std::size_t before = entry.connection.unsent_bytes();
    const Io result = counted(entry, [](Connection& c) { return c.flush(); });
    if (result == Io::Ended) return remove(ref);
    if (entry.connection.unsent_bytes() < before) entry.moved = clock_at;
    if (result == Io::Done) sending.erase(ref);
    if (!look_at_pace(ref, entry) && result == Io::Done) watch(ref, entry);
}

bool Router::State::look_at_pace(ClientRef ref, Entry& entry) {
    const bool slow = entry.held || entry.connection.unsent_bytes() > limits.slow_bytes;
    if (entry.slow == slow) return false;
    entry.slow = slow;
    watch(ref, entry);
    if (slow) {
        // Its half frame does not come to an end while we do not read.
        if (entry.due == &unfinished) set_due(ref, entry, &halted);
    } else if (entry.parked) {
        resumed.push_back(ref);
    } else if (entry.due == &halted) {
        set_due(ref, entry, &unfinished);
    }
    return true;
}

void Router::State::watch(ClientRef ref, const Entry& entry) {
    epoll_event event{};
    event.data.u64 = ref.value;
    event.events = entry.ignored || entry.slow ? EPOLLRDHUP : EPOLLIN;
    if (sending.contains(ref)) event.events |= EPOLLOUT;
    epoll_ctl(epoll.get(), EPOLL_CTL_MOD, entry.connection.descriptor(), &event);
}

// ---- ends ---------------------------------------------------------------------------------------

void Router::State::remove(ClientRef ref) {
    const auto found = entries.find(ref);
    if (found == entries.end()) return;
    Entry& entry = found->second;
    entry.ages->erase(entry.age);
    set_due(ref, entry, nullptr);
    sending.erase(ref);
    held -= entry.connection.held_bytes();
    entries.erase(found);
}

void Router::State::cut(ClientRef ref, std::uint64_t& counter) {
    ++counter;
    remove(ref);
}

bool Router::State::displace() {
    const Ages& from = unproven.empty() ? proven : unproven;
    if (from.empty()) return false;
    cut(from.back(), counts.displaced);
    return true;
}

void Router::State::set_due(ClientRef ref, Entry& entry, Ages* list) {
    if (entry.due != nullptr) entry.due->erase(entry.due_place);
    entry.due = list;
    if (list == nullptr) return;
    list->push_front(ref);
    entry.due_place = list->begin();
    entry.due_since = clock_at;
}

void Router::State::cut_overdue(Ages& list, Duration span, std::uint64_t& counter) {
    while (!list.empty() && clock_at - find(list.back())->due_since > span)
        cut(list.back(), counter);
}

// An honest frame is whole soon: the oldest goes first, not the largest.
void Router::State::shed_input() {
    const auto since = [this](const Ages& list) { return find(list.back())->due_since; };
    while (held > limits.held_bytes_max && !(unfinished.empty() && halted.empty())) {
        const bool of_halted =
            !halted.empty() && (unfinished.empty() || since(halted) <= since(unfinished));
        cut((of_halted ? halted : unfinished).back(), counts.heavy);
    }
    shed_output();
}

// Of those that do not take what waits for them, and those of which what they sent waits.
void Router::State::shed_output() {
    while (held > limits.held_bytes_max && !(sending.empty() && halted.empty())) {
        ClientRef heaviest;
        std::size_t most = 0;
        const auto weigh = [&](ClientRef ref) {
            const std::size_t bytes = find(ref)->connection.held_bytes();
            if (bytes <= most) return;
            most = bytes;
            heaviest = ref;
        };
        std::ranges::for_each(sending, weigh);
        std::ranges::for_each(halted, weigh);
        cut(heaviest, counts.heavy);
    }
}

void Router::State::clock() {
    const Instant at = now();
    const Duration passed = at - looked;
    if (passed < kClockInterval) return;
    looked = at;
    clock_at = clock_at + std::min(passed, kAwakeMax);
    listen(true);
    if (clock_at - memory_looked >= kMemoryInterval) {
        memory_looked = clock_at;
        memory.look();
    }
    cut_overdue(greeting, limits.greeting_time, counts.unfinished);
    cut_overdue(unfinished, limits.frame_time, counts.unfinished);
    cut_overdue(finishing, kFinishTime, counts.finished);
    for (auto ref = sending.begin(); ref != sending.end();) {
        const ClientRef slow = *ref++;
        if (clock_at - find(slow)->moved > limits.slow_time) cut(slow, counts.slow);
    }
}

void Router::State::listen(bool on) {
    if (std::exchange(listening, on) == on) return;
    epoll_event event{};
    if (on) event.events = EPOLLIN;
    epoll_ctl(epoll.get(), EPOLL_CTL_MOD, listener.get(), &event);
}

}  // namespace weft::transport
