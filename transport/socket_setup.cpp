#include "transport/socket_setup.h"

#include "core/error.h"
#include "transport/address.h"
#include "transport/keepalive.h"
#include "transport/name_service.h"

#include <zmq.h>

#include <utility>
#include <zmq.hpp>

namespace weft::transport {

namespace {

// Frames in flight per connection. Bytes are counted by the owner of the sockets; this bounds what
// lies inside ZeroMQ.
constexpr int kQueuedFrames = 32;
constexpr int kLingerMs = 200;
// ZeroMQ's limit covers the payload alone; the slack lets a frame just over our own limit be
// answered with a reason.
constexpr std::size_t kMessageSlackBytes = 4096;

void set_options(zmq::socket_ref socket, std::size_t message_bytes_max) {
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
    socket.set(opt::immediate, 1);
    socket.set(opt::reconnect_ivl, kReconnectMs);
    socket.set(opt::reconnect_ivl_max, kReconnectMaxMs);
}

}  // namespace

void SocketCloser::operator()(void* socket) const { zmq_close(socket); }

Result<Socket> open_dealer(Context& context, std::size_t message_bytes_max) {
    if (context.handle() == nullptr)
        return fail(ErrorNumber::BadConfiguration,
                    "no file descriptor or memory is left for sockets");
    Socket socket(zmq_socket(context.handle(), ZMQ_DEALER));
    if (!socket)
        return fail(ErrorNumber::BadConfiguration, "no further socket: {}",
                    zmq_strerror(zmq_errno()));
    try {
        set_options(zmq::socket_ref(zmq::from_handle, socket.get()), message_bytes_max);
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

// Nothing when the process has no descriptor left: open_socket() says so.
Context::Context() : Context(resolve) {}

Context::Context(Resolver resolver)
    : handle_(zmq_ctx_new()), names_(std::make_shared<NameService>(std::move(resolver))) {}

Context::~Context() { zmq_ctx_term(handle_); }

std::string Context::next_monitor() { return fmt::format("inproc://weft-{}", ++monitors_); }

}  // namespace weft::transport
