#pragma once
// libzmq, where it is used. Private to transport.

#include "transport/sockets.h"
#include "weft/result.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace weft::transport {

struct SocketCloser {
    void operator()(void* socket) const;
};
inline constexpr int kHandshakeMs = 5000;
// Between attempts to connect, at first and later.
inline constexpr int kReconnectMs = 100;
inline constexpr int kReconnectMaxMs = 500;

using Socket = std::unique_ptr<void, SocketCloser>;

// A DEALER with all options set, not yet connected. Configuration (1005) when ZeroMQ refuses one.
Result<Socket> open_dealer(Context& context, std::size_t message_bytes_max);

// Handles what other threads have told the socket (connections, room in queues). A send that does
// not wait looks at that only now and then by itself.
void settle(void* socket);

int descriptor_of(void* socket);

}  // namespace weft::transport
