#include "core/error.h"
#include "transport/address.h"
#include "transport/listener.h"
#include "transport/named_target.h"
#include "transport/socket_setup.h"
#include "transport/sockets.h"

#include <sys/socket.h>
#include <zmq.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

namespace weft::transport {

struct Dealer::State {
    State(Socket opened, std::string to) : socket(std::move(opened)), address(std::move(to)) {
        zmq_msg_init(&frame);
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        zmq_msg_close(&frame);
        zmq_socket_monitor(socket.get(), nullptr, 0);
    }
    bool connect(const Destination& place);
    std::optional<LinkEvent> heard(std::uint16_t event, std::string_view of);
    std::optional<LinkEvent> not_connected();
    std::optional<LinkEvent> look_at_name();

    Socket monitor;  // closed after the socket it watches
    Socket socket;
    std::string address;
    std::optional<NamedTarget> named;  // nothing: `address` is a number
    std::string target, reached;
    std::string endpoint;    // of target; empty: the socket has none
    bool connected = false;  // the handshake is over
    zmq_msg_t frame;
    bool dropping = false;  // inside a message with too many parts
};

Dealer::Dealer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Dealer::Dealer(Dealer&&) noexcept = default;
Dealer& Dealer::operator=(Dealer&&) noexcept = default;
Dealer::~Dealer() = default;

namespace {

// A PAIR that hears of the socket's handshakes and ends.
Result<Socket> watch(Context& context, void* socket) {
    const std::string name = context.next_monitor();
    Socket monitor(zmq_socket(context.handle(), ZMQ_PAIR));
    const int linger = 0;
    if (!monitor ||
        zmq_socket_monitor(
            socket, name.c_str(),
            ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CLOSED) != 0 ||
        zmq_setsockopt(monitor.get(), ZMQ_LINGER, &linger, sizeof linger) != 0 ||
        zmq_connect(monitor.get(), name.c_str()) != 0)
        return fail(ErrorNumber::BadConfiguration, "cannot watch a socket: {}",
                    zmq_strerror(zmq_errno()));
    return monitor;
}

// Of two frames, event u16 and value u32, then the endpoint. False: there is none.
bool next_event(void* monitor, std::uint16_t& event, std::string_view& endpoint,
                std::span<char> text) {
    char head[sizeof(std::uint16_t) + sizeof(std::uint32_t)] = {};
    if (zmq_recv(monitor, head, sizeof head, ZMQ_DONTWAIT) < 0) return false;
    std::memcpy(&event, head, sizeof event);
    const int size = zmq_recv(monitor, text.data(), text.size(), ZMQ_DONTWAIT);
    endpoint = {text.data(), std::min(static_cast<std::size_t>(std::max(size, 0)), text.size())};
    return true;
}

}  // namespace

// From now on to there, by number. False: it cannot even be tried.
bool Dealer::State::connect(const Destination& place) {
    if (!endpoint.empty()) zmq_disconnect(socket.get(), endpoint.c_str());
    endpoint.clear();
    connected = false;
    target = place.text();
    // Without it in the kernel libzmq would say nothing, ever.
    if (place.v6()) {
        if (Descriptor probe(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)); probe.get() < 0)
            return false;
    }
    const int v6 = place.v6() ? 1 : 0;
    const std::string to = place.endpoint();
    if (zmq_setsockopt(socket.get(), ZMQ_IPV6, &v6, sizeof v6) != 0 ||
        zmq_connect(socket.get(), to.c_str()) != 0)
        return false;
    endpoint = to;
    return true;
}

Result<Dealer> Dealer::connect(Context& context, std::string_view address,
                               std::size_t message_bytes_max) {
    const auto to = parse_address(address);
    if (!to) return std::unexpected(to.error());
    auto socket = open_dealer(context, message_bytes_max);
    if (!socket) return std::unexpected(socket.error());
    auto state = std::make_unique<State>(*std::move(socket), std::string(address));
    auto monitor = watch(context, state->socket.get());
    if (!monitor) return std::unexpected(monitor.error());
    state->monitor = *std::move(monitor);
    if (to->named) {
        auto named = NamedTarget::open(context.names(), *to);
        if (!named) return std::unexpected(std::move(named).error());
        state->named = *std::move(named);
    } else if (!state->connect(*to)) {
        return fail(ErrorNumber::BadConfiguration, "cannot connect to {}: {}", address,
                    zmq_strerror(zmq_errno()));
    }
    return Dealer(std::move(state));
}

bool Dealer::send(std::string_view frame) {
    void* socket = state_->socket.get();
    if (zmq_send(socket, frame.data(), frame.size(), ZMQ_DONTWAIT) >= 0) return true;
    settle(socket);
    return zmq_send(socket, frame.data(), frame.size(), ZMQ_DONTWAIT) >= 0;
}

void Dealer::drop_unsent() {
    const int linger = 0;
    zmq_setsockopt(state_->socket.get(), ZMQ_LINGER, &linger, sizeof linger);
}

std::optional<std::string_view> Dealer::receive() {
    while (zmq_msg_recv(&state_->frame, state_->socket.get(), ZMQ_DONTWAIT) >= 0) {
        const bool rest = state_->dropping;
        state_->dropping = zmq_msg_more(&state_->frame) != 0;
        if (rest || state_->dropping) continue;
        return std::string_view(static_cast<const char*>(zmq_msg_data(&state_->frame)),
                                zmq_msg_size(&state_->frame));
    }
    return std::nullopt;
}

// Nothing: no news to the owner.
std::optional<LinkEvent> Dealer::State::heard(std::uint16_t event, std::string_view of) {
    // What was on its way when the name had moved.
    if (named && of != endpoint) return std::nullopt;
    if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
        connected = true;
        reached = target;
        if (named) named->connected();
        return LinkEvent::Connected;
    }
    const bool was_connected = std::exchange(connected, false);
    if (event == ZMQ_EVENT_DISCONNECTED && (was_connected || !named)) {
        if (named) named->disconnected();
        return LinkEvent::Disconnected;
    }
    // Of a socket that connects: "closed" is the end of an attempt, not of a connection.
    return not_connected();
}

// Of several addresses the owner hears when the last has failed.
std::optional<LinkEvent> Dealer::State::not_connected() {
    if (named && !named->refused()) return std::nullopt;
    return LinkEvent::Refused;
}

std::optional<LinkEvent> Dealer::State::look_at_name() {
    switch (named ? named->look() : NamedTarget::News::None) {
        case NamedTarget::News::None:
            return std::nullopt;
        case NamedTarget::News::Connect:
            return connect(*named->target()) ? std::nullopt : not_connected();
        case NamedTarget::News::Refused:
        case NamedTarget::News::Unresolved:
            break;
    }
    return LinkEvent::Refused;
}

std::vector<LinkEvent> Dealer::link_events() {
    std::vector<LinkEvent> events;
    std::uint16_t event = 0;
    std::string_view endpoint;
    char text[256];
    while (next_event(state_->monitor.get(), event, endpoint, text))
        if (const auto news = state_->heard(event, endpoint)) events.push_back(*news);
    if (const auto news = state_->look_at_name()) events.push_back(*news);
    return events;
}

void Dealer::descriptors(std::vector<int>& out) const {
    out.push_back(descriptor_of(state_->monitor.get()));
    if (state_->named) out.push_back(state_->named->descriptor());
}

const std::string& Dealer::address() const { return state_->address; }
const std::string& Dealer::target() const { return state_->target; }
const std::string& Dealer::reached() const { return state_->reached; }

std::string_view Dealer::unresolved() const {
    return state_->named ? std::string_view(state_->named->unresolved()) : std::string_view();
}

void* Dealer::handle() const { return state_->socket.get(); }

}  // namespace weft::transport
