#pragma once
// Private to transport.

#include "weft/result.h"

#include <sys/socket.h>

#include <string_view>

namespace weft::transport {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
    int family = 0;
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};
// Of "host:port"; the errors of tcp_endpoint().
Result<SocketAddress> socket_address(std::string_view address);

}  // namespace weft::transport
