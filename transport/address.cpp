#include "transport/address.h"

#include "core/error.h"
#include "transport/sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace weft::transport {

namespace {

struct HostPort {
    std::string host;  // "127.0.0.1" or "::1"
    std::uint16_t port = 0;
    bool v6 = false;
};

bool is_loopback_v4(const std::string& host, bool& is_address) {
    in_addr address{};
    is_address = inet_pton(AF_INET, host.c_str(), &address) == 1;
    constexpr std::uint32_t kLoopbackNet = 127;
    return is_address && ntohl(address.s_addr) >> 24 == kLoopbackNet;
}

Result<HostPort> parse(std::string_view address) {
    const auto colon = address.rfind(':');
    if (colon == std::string_view::npos || colon == 0)
        return fail(ErrorNumber::BadConfiguration, "'{}' is not host:port", address);
    HostPort out;
    const std::string_view digits = address.substr(colon + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
    if (error != std::errc{} || end != digits.data() + digits.size() || out.port == 0)
        return fail(ErrorNumber::BadConfiguration, "'{}' has no port from 1 to 65535", address);
    out.host = address.substr(0, colon);
    if (out.host == "localhost") out.host = "127.0.0.1";
    if (out.host == "::1" || out.host == "[::1]") {
        out.host = "::1";
        out.v6 = true;
        return out;
    }
    bool is_address = false;
    if (is_loopback_v4(out.host, is_address)) return out;
    return fail(ErrorNumber::ListenNeedsKeys,
                "{} is not a loopback address; beyond loopback nothing runs without keys",
                out.host);
}

// Most kernels refuse a loopback connection within the call itself; a few answer just after it.
bool refused_soon(int descriptor) {
    constexpr int kPatienceMs = 5;
    pollfd waiting{descriptor, POLLOUT, 0};
    if (poll(&waiting, 1, kPatienceMs) != 1) return false;
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
    return error == ECONNREFUSED;
}

}  // namespace

Result<SocketAddress> socket_address(std::string_view address) {
    const auto parsed = parse(address);
    if (!parsed) return std::unexpected(parsed.error());
    SocketAddress out;
    out.family = parsed->v6 ? AF_INET6 : AF_INET;
    if (parsed->v6) {
        sockaddr_in6 to{};
        to.sin6_family = AF_INET6;
        to.sin6_port = htons(parsed->port);
        to.sin6_addr = in6addr_loopback;
        out.size = sizeof to;
        std::memcpy(&out.storage, &to, sizeof to);
    } else {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(parsed->port);
        inet_pton(AF_INET, parsed->host.c_str(), &to.sin_addr);
        out.size = sizeof to;
        std::memcpy(&out.storage, &to, sizeof to);
    }
    return out;
}

Result<std::string> tcp_endpoint(std::string_view address) {
    const auto parsed = parse(address);
    if (!parsed) return std::unexpected(parsed.error());
    return parsed->v6 ? fmt::format("tcp://[{}]:{}", parsed->host, parsed->port)
                      : fmt::format("tcp://{}:{}", parsed->host, parsed->port);
}

bool connect_refused(std::string_view address) {
    const auto to = socket_address(address);
    if (!to) return false;
    const int descriptor = socket(to->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return false;
    const int result = connect(descriptor, to->get(), to->size);
    const int error = result == 0 ? 0 : errno;
    const bool refused =
        error == ECONNREFUSED || (error == EINPROGRESS && refused_soon(descriptor));
    close(descriptor);
    return refused;
}

}  // namespace weft::transport
