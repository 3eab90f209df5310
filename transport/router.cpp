#include "core/error.h"
#include "transport/router_state.h"
#include "transport/sockets.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace weft::transport {

namespace {

// Of one receive() that has found no frame.
constexpr int kTurns = 64;
constexpr std::size_t kReadBytes = std::size_t{256} << 10;
// A frame just over our own limit arrives, so that it can be answered with a reason.
constexpr std::size_t kFrameSlackBytes = 4096;

}  // namespace

Router::Router(std::unique_ptr<State> state) : state_(std::move(state)) {}
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

Result<Router> Router::bind(std::string_view address, const RouterLimits& limits) {
    auto bound = bind_at(address, SOCK_STREAM);
    if (!bound) return std::unexpected(std::move(bound).error());
    Descriptor& listener = bound->socket;
    Descriptor epoll(epoll_create1(EPOLL_CLOEXEC));
    epoll_event event{};
    if (epoll.get() < 0 || epoll_ctl(epoll.get(), EPOLL_CTL_ADD, listener.get(), &event) != 0)
        return fail(ErrorNumber::BadConfiguration, "no further descriptor: {}",
                    std::strerror(errno));
    auto state = std::make_unique<State>(std::move(listener), std::move(epoll), limits);
    state->limits.connections_max = connections_possible(limits.connections_max);
    state->limits.frame_bytes_max += kFrameSlackBytes;
    state->clock();
    return Router(std::move(state));
}

std::optional<Router::Received> Router::receive() {
    state_->read_bytes = 0;
    for (int turn = 0; turn < kTurns && state_->read_bytes < kReadBytes; ++turn) {
        if (const auto frame = state_->next_frame()) return frame;
        if (!state_->look()) return std::nullopt;
    }
    return std::nullopt;
}

bool Router::has_input() const {
    return !state_->rest.empty() || !state_->resumed.empty() ||
           state_->event_at != state_->event_count;
}

SendResult Router::send(ClientRef to, const OutgoingFrame& frame) {
    State::Entry* entry = state_->find(to);
    if (entry == nullptr || entry->due == &state_->finishing) return SendResult::Gone;
    const std::size_t unsent = entry->connection.unsent_bytes();
    entry->held = false;  // also by what is dropped: nothing else may follow
    if (unsent > 0 && unsent + frame.size() > state_->limits.unsent_bytes_max) {
        state_->look_at_pace(to, *entry);
        return SendResult::Full;
    }
    const Io result = state_->counted(*entry, [&](Connection& c) { return c.send(frame); });
    if (result == Io::Ended) {
        state_->remove(to);
        return SendResult::Gone;
    }
    const bool waits = result == Io::Later && unsent == 0;
    if (waits) {
        entry->moved = state_->clock_at;
        state_->sending.insert(to);
    }
    if (!state_->look_at_pace(to, *entry) && waits) state_->watch(to, *entry);
    state_->shed_output();
    return SendResult::Sent;
}

void Router::hold(ClientRef of) {
    State::Entry* entry = state_->find(of);
    if (entry == nullptr) return;
    entry->held = true;
    state_->look_at_pace(of, *entry);
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
    if (entry == nullptr || entry->due == &state_->finishing) return;
    ignore(of);
    state_->set_due(of, *entry, &state_->finishing);
}

const RouterCounts& Router::counts() const { return state_->counts; }
void Router::cut(ClientRef of) { state_->remove(of); }

std::size_t Router::connections() const { return state_->entries.size(); }
std::size_t Router::held_bytes() const { return state_->held; }
void Router::begin_round() { state_->memory.begin_round(); }
bool Router::give_back() { return state_->memory.give_back(); }
int Router::descriptor() const { return state_->epoll.get(); }

}  // namespace weft::transport
