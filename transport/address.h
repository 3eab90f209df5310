#pragma once
// Addresses as texts and as the system takes them. Private to transport.

#include "transport/sockets.h"
#include "weft/result.h"

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::transport {

// Where an address leads.
struct Destination {
    std::string host;  // "127.0.0.1" (or another of 127.0.0.0/8), "::1", or a name
    std::uint16_t port = 0;
    bool named = false;
    bool v6() const { return host == "::1"; }
    // "127.0.0.1:7340", "[::1]:7340"
    std::string text() const;
    // "tcp://127.0.0.1:7340"; of a number only
    std::string endpoint() const;
    bool operator==(const Destination&) const = default;
};
// The errors of check_address().
Result<Destination> parse_address(std::string_view address);

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
    int family = 0;
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};
// Of a number.
SocketAddress socket_address(const Destination& number);

// Asks the system what `name` stands for, and blocks for it: up to tens of seconds where name
// servers are silent. Each number once, at least one, in the system's order. Configuration (1005):
// it is unknown, or nobody can tell now.
Result<std::vector<std::string>> resolve(const std::string& name);

// The destinations among what `at.host` stands for, of which `numbers` came from a resolver.
// Configuration (1003): none of them is a loopback address.
Result<std::vector<Destination>> loopback_of(const Destination& at,
                                             std::vector<std::string> numbers);

}  // namespace weft::transport
