#include "cli/dev_ports.h"

#include "core/error.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <thread>

namespace weft::cli {

bool port_is_free(int port) {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0) return false;
    // As libzmq binds: connections of a former life in TIME_WAIT do not count as taken. Bound, but
    // never listening: a listening probe would make the bind of a node that starts now fail.
    const int on = 1;
    ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool free =
        ::bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(probe);
    return free;
}

Result<int> free_block(std::size_t nodes, int first) {
    for (int base = first; base + kDevBlockStep < 32'000; base += kDevBlockStep) {
        bool free = true;
        for (int i = 0; free && i < static_cast<int>(nodes); ++i)
            free =
                port_is_free(base + i * kDevPortStep) && port_is_free(base + i * kDevPortStep + 1);
        if (free) return base;
    }
    return fail(ErrorNumber::PortInUse, "no free block of ports from {} on", first);
}

// A name in the abstract socket namespace: it reaches exactly as far as the ports themselves (one
// network namespace, all users), leaves no file behind, and goes with the process that holds it.
Result<PortLock> PortLock::take(std::chrono::milliseconds patience) {
    static constexpr std::string_view kName = "weft-dev-ports";
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0)
        return fail(ErrorNumber::BadConfiguration, "no descriptor left for a socket: {}",
                    std::strerror(errno));
    PortLock lock(socket);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path + 1, kName.data(), kName.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + kName.size());
    const auto until = std::chrono::steady_clock::now() + patience;
    while (::bind(socket, reinterpret_cast<const sockaddr*>(&name), size) != 0) {
        if (errno != EADDRINUSE)
            return fail(ErrorNumber::BadConfiguration, "cannot take the lock of dev ports: {}",
                        std::strerror(errno));
        if (std::chrono::steady_clock::now() >= until)
            return fail(ErrorNumber::PortInUse,
                        "another 'weft dev' on this machine has been choosing its ports for {} s",
                        std::chrono::duration_cast<std::chrono::seconds>(patience).count());
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return lock;
}

PortLock::~PortLock() {
    if (socket_ >= 0) ::close(socket_);
}

}  // namespace weft::cli
