#include "core/error.h"
#include "transport/socket_setup.h"
#include "transport/sockets.h"

#include <zmq.h>

#include <cerrno>
#include <cstring>
#include <list>
#include <unordered_map>

namespace weft::transport {

namespace {

// A message that receives into itself and closes itself.
class Message {
public:
    Message() { zmq_msg_init(&message_); }
    ~Message() { zmq_msg_close(&message_); }
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;
    bool receive(void* socket) { return zmq_msg_recv(&message_, socket, ZMQ_DONTWAIT) >= 0; }
    bool more() const { return zmq_msg_more(&message_) != 0; }
    std::string_view view() {
        return {static_cast<const char*>(zmq_msg_data(&message_)), zmq_msg_size(&message_)};
    }

private:
    zmq_msg_t message_;
};

// Ids that ZeroMQ makes: a zero byte and a number. Ids chosen by the other end are not served: it
// could take one that was somebody else's (Z7, Z8).
using RoutingId = std::uint32_t;
constexpr std::size_t kRoutingIdBytes = 1 + sizeof(RoutingId);
// Rejected messages looked at in one receive(), so that garbage cannot hold the caller.
constexpr int kRejectedPerCall = 64;

std::optional<RoutingId> parse_id(std::string_view bytes) {
    if (bytes.size() != kRoutingIdBytes || bytes[0] != 0) return std::nullopt;
    RoutingId id = 0;
    std::memcpy(&id, bytes.data() + 1, sizeof id);
    return id;
}

}  // namespace

struct Router::State {
    State(Socket opened, std::size_t connections)
        : socket(std::move(opened)), connections_max(connections) {}

    struct Connection {
        ClientRef ref;
        std::list<RoutingId>::iterator age;
        std::uint64_t faults = 0;
    };

    ClientRef ref_of(RoutingId id) {
        const auto found = by_id.find(id);
        if (found != by_id.end()) {
            if (found->second.faults == 0) ages.splice(ages.begin(), ages, found->second.age);
            return found->second.ref;
        }
        if (by_id.size() >= connections_max) forget(ages.back());
        const ClientRef ref{++last_ref};
        ages.push_front(id);
        by_id.emplace(id, Connection{ref, ages.begin()});
        by_ref.emplace(ref, id);
        return ref;
    }

    void forget(RoutingId id) {
        const auto found = by_id.find(id);
        if (found == by_id.end()) return;
        by_ref.erase(found->second.ref);
        ages.erase(found->second.age);
        by_id.erase(found);
    }

    // Drops what is left of a message with too many parts.
    void drain_parts(bool more) {
        while (more) {
            Message rest;
            if (!rest.receive(socket.get())) return;
            more = rest.more();
        }
    }

    Socket socket;
    std::size_t connections_max;
    Message frame;
    std::unordered_map<RoutingId, Connection> by_id;
    std::unordered_map<ClientRef, RoutingId> by_ref;
    std::list<RoutingId> ages;  // latest first, those with faults last
    std::uint64_t last_ref = 0;
    std::uint64_t rejected = 0;
};

Router::Router(std::unique_ptr<State> state) : state_(std::move(state)) {}
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

Result<Router> Router::bind(Context& context, std::string_view address,
                            std::size_t message_bytes_max, std::size_t connections_max) {
    const auto endpoint = tcp_endpoint(address);
    if (!endpoint) return std::unexpected(endpoint.error());
    auto socket = open_socket(context, SocketRole::Router, message_bytes_max);
    if (!socket) return std::unexpected(socket.error());
    if (endpoint->find('[') != std::string::npos) {
        const int on = 1;
        zmq_setsockopt(socket->get(), ZMQ_IPV6, &on, sizeof on);
    }
    if (zmq_bind(socket->get(), endpoint->c_str()) != 0) {
        const int error = zmq_errno();
        if (error == EADDRINUSE)
            return fail(ErrorNumber::PortInUse, "{} is taken by another program", address);
        return fail(ErrorNumber::BadConfiguration, "cannot listen on {}: {}", address,
                    zmq_strerror(error));
    }
    return Router(std::make_unique<State>(*std::move(socket), connections_max));
}

std::optional<Router::Received> Router::receive() {
    for (int i = 0; i < kRejectedPerCall; ++i) {
        Message id;
        if (!id.receive(state_->socket.get())) return std::nullopt;
        const auto routing_id = parse_id(id.view());
        const bool whole = id.more() && state_->frame.receive(state_->socket.get());
        if (whole && routing_id && !state_->frame.more())
            return Received{state_->ref_of(*routing_id), state_->frame.view()};
        ++state_->rejected;
        state_->drain_parts(whole && state_->frame.more());
    }
    return std::nullopt;
}

SendResult Router::send(ClientRef to, std::string_view frame) {
    const auto found = state_->by_ref.find(to);
    if (found == state_->by_ref.end()) return SendResult::Gone;
    char id[kRoutingIdBytes] = {0};
    std::memcpy(id + 1, &found->second, sizeof found->second);
    void* socket = state_->socket.get();
    constexpr int kFirst = ZMQ_SNDMORE | ZMQ_DONTWAIT;
    int sent = zmq_send(socket, id, sizeof id, kFirst);
    if (sent < 0 && zmq_errno() == EAGAIN) {
        settle(socket);
        sent = zmq_send(socket, id, sizeof id, kFirst);
    }
    if (sent >= 0) {
        sent = zmq_send(socket, frame.data(), frame.size(), ZMQ_DONTWAIT);
        if (sent >= 0) return SendResult::Sent;
    }
    if (zmq_errno() == EAGAIN) return SendResult::Full;
    state_->forget(found->second);
    return SendResult::Gone;
}

std::uint64_t Router::count_fault(ClientRef of) {
    const auto found = state_->by_ref.find(of);
    if (found == state_->by_ref.end()) return 0;
    State::Connection& connection = state_->by_id.at(found->second);
    if (connection.faults++ == 0)
        state_->ages.splice(state_->ages.end(), state_->ages, connection.age);
    return connection.faults;
}

std::uint64_t Router::rejected() const { return state_->rejected; }
std::size_t Router::connections() const { return state_->by_id.size(); }
void* Router::handle() const { return state_->socket.get(); }

}  // namespace weft::transport
