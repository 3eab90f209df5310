#include "transport/socket_setup.h"

#include "core/error.h"
#include "core/invariant.h"

#include <unistd.h>
#include <zmq.h>

#include <array>
#include <cstdlib>
#include <mutex>
#include <zmq.hpp>

namespace weft::transport {

namespace {

// Frames in flight per connection. Bytes are counted by the owner of the sockets; this bounds what
// lies inside ZeroMQ (Z14).
constexpr int kQueuedFrames = 32;
constexpr int kBacklog = 512;
constexpr int kHandshakeMs = 5000;
// A peer that vanished without a word is found by the kernel. ZMTP heartbeats are not used: after a
// pause of the process their timer writes on a connection that has failed already, and libzmq 4.3.4
// aborts (docs/findings.md).
constexpr int kKeepaliveIdleSeconds = 5;
constexpr int kKeepaliveIntervalSeconds = 2;
constexpr int kKeepaliveProbes = 3;
constexpr int kReconnectMs = 100;
constexpr int kReconnectMaxMs = 500;
constexpr int kLingerMs = 200;
// A security domain makes libzmq refuse ZMTP 1.0 and 2.0: what is no greeting of 3.x would be taken
// for one of 1.0, and libzmq 4.3.4 aborts when a routing id of 1.0 reaches a ROUTER that is being
// closed. Nothing answers for the domain, so connections of 3.x pass as without one. Not on a
// DEALER: it would never connect again after meeting a listener that speaks anything else.
constexpr const char* kSecurityDomain = "weft";
// ZeroMQ's limit covers the payload alone; the slack lets a frame just over our own limit be
// answered with a reason.
constexpr std::size_t kMessageSlackBytes = 4096;

// libzmq numbers the connections of a ROUTER from what rand() gives when the socket is made, seeds
// it never, and aborts when a stranger has claimed the number that comes next (Z8). So rand() draws
// from a state of ours meanwhile (glibc's; it is random()), and the program's own goes on as it
// was.
void* make_router(Context& context) {
    static std::mutex one_at_a_time;
    static std::array<char, 128> state;
    const std::lock_guard guard(one_at_a_time);
    unsigned seed = 0;
    if (getentropy(&seed, sizeof seed) != 0) return nullptr;
    char* programs = initstate(seed, state.data(), state.size());
    void* socket = zmq_socket(context.handle(), ZMQ_ROUTER);
    setstate(programs);
    return socket;
}

void set_options(zmq::socket_ref socket, SocketRole role, std::size_t message_bytes_max) {
    namespace opt = zmq::sockopt;
    socket.set(opt::maxmsgsize, static_cast<std::int64_t>(message_bytes_max + kMessageSlackBytes));
    socket.set(opt::sndhwm, kQueuedFrames);
    socket.set(opt::rcvhwm, kQueuedFrames);
    socket.set(opt::handshake_ivl, kHandshakeMs);
    socket.set(opt::tcp_keepalive, 1);
    socket.set(opt::tcp_keepalive_idle, kKeepaliveIdleSeconds);
    socket.set(opt::tcp_keepalive_intvl, kKeepaliveIntervalSeconds);
    socket.set(opt::tcp_keepalive_cnt, kKeepaliveProbes);
    socket.set(opt::linger, kLingerMs);
    socket.set(opt::ipv6, 0);
    if (role == SocketRole::Router) {
        socket.set(opt::zap_domain, kSecurityDomain);
        socket.set(opt::router_mandatory, 1);
        socket.set(opt::router_handover, 0);
        socket.set(opt::backlog, kBacklog);
    } else {
        socket.set(opt::immediate, 1);
        socket.set(opt::reconnect_ivl, kReconnectMs);
        socket.set(opt::reconnect_ivl_max, kReconnectMaxMs);
    }
}

}  // namespace

void SocketCloser::operator()(void* socket) const { zmq_close(socket); }

Result<Socket> open_socket(Context& context, SocketRole role, std::size_t message_bytes_max) {
    Socket socket(role == SocketRole::Router ? make_router(context)
                                             : zmq_socket(context.handle(), ZMQ_DEALER));
    if (!socket)
        return fail(ErrorNumber::BadConfiguration, "no further socket: {}",
                    zmq_strerror(zmq_errno()));
    try {
        set_options(zmq::socket_ref(zmq::from_handle, socket.get()), role, message_bytes_max);
    } catch (const zmq::error_t& error) {
        return fail(ErrorNumber::BadConfiguration, "ZeroMQ refuses an option: {}", error.what());
    }
    return socket;
}

void settle(void* socket) {
    int events = 0;
    std::size_t size = sizeof events;
    zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size);
}

int descriptor_of(void* socket) {
    int descriptor = -1;
    std::size_t size = sizeof descriptor;
    zmq_getsockopt(socket, ZMQ_FD, &descriptor, &size);
    return descriptor;
}

Context::Context() : handle_(zmq_ctx_new()) {
    WEFT_INVARIANT(handle_ != nullptr, "no ZeroMQ context: {}", zmq_strerror(zmq_errno()));
}

Context::~Context() { zmq_ctx_term(handle_); }

std::string Context::next_name() { return fmt::format("inproc://weft-{}", ++names_); }

}  // namespace weft::transport
