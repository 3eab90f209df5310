#include "core/error.h"
#include "transport/socket_setup.h"
#include "transport/sockets.h"

#include <zmq.h>

#include <cstring>

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

    Socket monitor;  // closed after the socket it watches
    Socket socket;
    std::string address;
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
    const std::string name = context.next_name();
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

}  // namespace

Result<Dealer> Dealer::connect(Context& context, std::string_view address,
                               std::size_t message_bytes_max) {
    const auto endpoint = tcp_endpoint(address);
    if (!endpoint) return std::unexpected(endpoint.error());
    auto socket = open_dealer(context, message_bytes_max);
    if (!socket) return std::unexpected(socket.error());
    if (endpoint->find('[') != std::string::npos) {
        const int on = 1;
        zmq_setsockopt(socket->get(), ZMQ_IPV6, &on, sizeof on);
    }
    auto state = std::make_unique<State>(*std::move(socket), std::string(address));
    auto monitor = watch(context, state->socket.get());
    if (!monitor) return std::unexpected(monitor.error());
    state->monitor = *std::move(monitor);
    if (zmq_connect(state->socket.get(), endpoint->c_str()) != 0)
        return fail(ErrorNumber::BadConfiguration, "cannot connect to {}: {}", address,
                    zmq_strerror(zmq_errno()));
    return Dealer(std::move(state));
}

bool Dealer::send(std::string_view frame) {
    void* socket = state_->socket.get();
    if (zmq_send(socket, frame.data(), frame.size(), ZMQ_DONTWAIT) >= 0) return true;
    settle(socket);
    return zmq_send(socket, frame.data(), frame.size(), ZMQ_DONTWAIT) >= 0;
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

std::vector<LinkEvent> Dealer::link_events() {
    std::vector<LinkEvent> events;
    // Two parts: event u16 and value u32, then the address.
    char part[256];
    for (;;) {
        const int size = zmq_recv(state_->monitor.get(), part, sizeof part, ZMQ_DONTWAIT);
        if (size < 0) return events;
        std::uint16_t event = 0;
        if (size >= static_cast<int>(sizeof event)) std::memcpy(&event, part, sizeof event);
        zmq_recv(state_->monitor.get(), part, sizeof part, ZMQ_DONTWAIT);
        if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) events.push_back(LinkEvent::Connected);
        if (event == ZMQ_EVENT_DISCONNECTED) events.push_back(LinkEvent::Disconnected);
        // Of a socket that connects: "closed" is the end of an attempt, not of a connection.
        if (event == ZMQ_EVENT_CLOSED) events.push_back(LinkEvent::Refused);
    }
}

int Dealer::monitor_descriptor() const { return descriptor_of(state_->monitor.get()); }
const std::string& Dealer::address() const { return state_->address; }
void* Dealer::handle() const { return state_->socket.get(); }

}  // namespace weft::transport
