#include "transport/listener.h"

#include "core/error.h"
#include "transport/address.h"
#include "transport/keepalive.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace weft::transport {

namespace {

constexpr int kBacklog = 512;
// What the kernel keeps of a connection besides what is on its way: the rest waits with us, where
// it is counted.
constexpr int kNotSentBytes = 128 << 10;
// Descriptors that connections leave to files and links: so many and a quarter of all.
constexpr std::size_t kDescriptorsKept = 32;
constexpr std::size_t kConnectionsMin = 8;

// Accepted connections inherit these.
bool set_options(int socket) {
    const auto set = [socket](int level, int option, int value) {
        return setsockopt(socket, level, option, &value, sizeof value) == 0;
    };
    set(IPPROTO_TCP, TCP_NOTSENT_LOWAT, kNotSentBytes);  // without it more waits, no harm
    return set(SOL_SOCKET, SO_REUSEADDR, 1) && set(SOL_SOCKET, SO_KEEPALIVE, 1) &&
           set(IPPROTO_TCP, TCP_KEEPIDLE, kKeepaliveIdleSeconds) &&
           set(IPPROTO_TCP, TCP_KEEPINTVL, kKeepaliveIntervalSeconds) &&
           set(IPPROTO_TCP, TCP_KEEPCNT, kKeepaliveProbes) && set(IPPROTO_TCP, TCP_NODELAY, 1);
}

// Of a name the first address.
Result<Destination> place_of(std::string_view address) {
    auto parsed = parse_address(address);
    if (!parsed || !parsed->named) return parsed;
    const auto numbers = resolve(parsed->host);
    if (!numbers) return std::unexpected(numbers.error());
    auto places = loopback_of(*parsed, *numbers);
    if (!places) return std::unexpected(std::move(places).error());
    return std::move(places->front());
}

}  // namespace

Result<Bound> bind_at(std::string_view address, int type) {
    const auto place = place_of(address);
    if (!place) {
        Error error = place.error();
        error.message = fmt::format("cannot listen on {}: {}", address, error.message);
        return std::unexpected(std::move(error));
    }
    const bool stream = type == SOCK_STREAM;
    const SocketAddress at = socket_address(*place);
    Bound out{Descriptor(socket(at.family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), at.family};
    if (out.socket.get() < 0 || (stream && !set_options(out.socket.get())))
        return fail(ErrorNumber::BadConfiguration, "no further socket: {}", std::strerror(errno));
    if (bind(out.socket.get(), at.get(), at.size) == 0 &&
        (!stream || listen(out.socket.get(), kBacklog) == 0))
        return out;
    if (errno == EADDRINUSE)
        return fail(ErrorNumber::PortInUse, "{} is taken by another program", address);
    return fail(ErrorNumber::BadConfiguration, "cannot listen on {}: {}", address,
                std::strerror(errno));
}

std::size_t connections_possible(std::size_t wanted) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return wanted;
    const auto most = static_cast<std::size_t>(limit.rlim_cur);
    const std::size_t kept = kDescriptorsKept + most / 4;
    const std::size_t half = most > kept ? (most - kept) / 2 : 0;
    return std::min(wanted, std::max(half, kConnectionsMin));
}

}  // namespace weft::transport
