#pragma once
// One TCP connection to a port of this machine, never blocking, with no library between: what is
// sent may be anything.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::hostile {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class Connection {
public:
    // Not open() when it was refused, or not accepted within a second.
    explicit Connection(std::uint16_t port, int receive_buffer_bytes = 0);
    Connection(Connection&& other) noexcept;
    Connection& operator=(Connection&& other) noexcept;
    ~Connection() { close(); }

    bool open() const { return descriptor_ >= 0; }
    // What there is room for now; how many bytes that was. A connection that failed is closed.
    std::size_t send_some(std::string_view bytes);
    // All of it, waiting for room. False when the other end left or the time was over.
    bool send(std::string_view bytes, std::chrono::milliseconds limit = 2s);
    // Takes what has arrived. False once the other end has closed.
    bool receive();
    void wait_readable(std::chrono::milliseconds limit) const;
    // The other end has closed within `limit`; what arrives meanwhile is thrown away.
    bool cut_within(std::chrono::milliseconds limit);
    // Greets as a DEALER and waits for the other end's READY: what is sent before that is taken for
    // a part of the handshake. `identity`: the routing id it claims.
    bool shake_hands(const std::optional<std::string>& identity = std::nullopt,
                     std::chrono::milliseconds limit = 2s);
    // The second half of that.
    bool await_handshake(std::chrono::milliseconds limit = 2s);
    // The next message that arrived behind the handshake; nothing when there is none in time.
    std::optional<std::string> message(std::chrono::milliseconds limit);
    // Throws away what has arrived; not between two calls of message().
    void forget_received() { received_.clear(); }
    std::uint64_t received_bytes() const { return received_total_; }

    void close();
    // With RST: the other end's next read and write fail.
    void reset();

private:
    int descriptor_ = -1;
    std::string received_;
    std::uint64_t received_total_ = 0;
    bool greeted_ = false;  // the other end's handshake was taken off received_
};

// A program that opens thousands of connections needs as many descriptors.
void raise_descriptor_limit();

}  // namespace weft::hostile
