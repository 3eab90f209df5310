#pragma once
// ZeroMQ sockets as weft uses them (DESIGN 10; rules Z1-Z16 of the security reference that apply
// without keys). One thread owns all sockets of a process side; nothing here is thread-safe. Until
// keys exist only loopback addresses are accepted (WEFT-1003).

#include "core/command.h"
#include "weft/bytes.h"
#include "weft/result.h"
#include "weft/types.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::transport {

// "host:port" with a loopback host (127.0.0.0/8, ::1, localhost) and port 1..65535; the tcp
// endpoint. Configuration (1003) for any other host, (1005) when it does not parse.
Result<std::string> tcp_endpoint(std::string_view address);

// True when nobody listens there: one plain non-blocking connect is refused at once. Used as crash
// evidence (DESIGN 5).
bool connect_refused(std::string_view address);

class Context {
public:
    Context();
    ~Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    void* handle() const { return handle_; }
    // A name that no other socket of this context has, for monitors.
    std::string next_name();

private:
    void* handle_;
    std::uint64_t names_ = 0;
};

enum class SendResult : std::uint8_t {
    Sent,
    Full,  // try again later; nothing was sent
    Gone,  // the connection has ended
};

// A bound ROUTER. Connections are named by a ClientRef of this process, never by ids a peer chose
// (Z7).
class Router {
public:
    // Connections remembered at most; the one silent for longest is forgotten first,
    // before it those that have sent bad frames.
    static constexpr std::size_t kConnectionsMax = 4096;

    // Configuration (1004 port in use, 1003, 1005).
    static Result<Router> bind(Context& context, std::string_view address,
                               std::size_t message_bytes_max,
                               std::size_t connections_max = kConnectionsMax);
    Router(Router&&) noexcept;
    Router& operator=(Router&&) noexcept;
    ~Router();

    struct Received {
        ClientRef from;
        std::string_view frame;  // valid until the next receive
    };
    // The next whole frame, never blocking; nothing when drained. Multipart garbage is dropped and
    // counted.
    std::optional<Received> receive();
    SendResult send(ClientRef to, std::string_view frame);
    // Counts one bad frame of that connection and returns how many there were; 0 when it is not
    // remembered.
    std::uint64_t count_fault(ClientRef of);
    // Messages that were not one frame of a connection with an id of our own.
    std::uint64_t rejected() const;
    std::size_t connections() const;
    void* handle() const;

private:
    struct State;
    explicit Router(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// What a socket monitor said. Connected: the handshake is over, messages can be sent.
enum class LinkEvent : std::uint8_t { Connected, Disconnected };

// A connecting DEALER to one address; it reconnects by itself. Messages never wait for a connection
// to come. Nodes only send on it; clients also receive.
class Dealer {
public:
    static Result<Dealer> connect(Context& context, std::string_view address,
                                  std::size_t message_bytes_max);
    Dealer(Dealer&&) noexcept;
    Dealer& operator=(Dealer&&) noexcept;
    ~Dealer();

    // False: no room now (not connected, or the peer is slow).
    bool send(std::string_view frame);
    std::optional<std::string_view> receive();  // valid until the next receive
    // Monitor events since the last call; call it before every sleep when monitor_descriptor() is
    // in the poll set.
    std::vector<LinkEvent> link_events();
    // Readable when link_events() has something to tell.
    int monitor_descriptor() const;
    const std::string& address() const;
    void* handle() const;

private:
    struct State;
    explicit Dealer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// Waits until one of the sockets or descriptors is readable or the time is up (negative: for ever).
// May return early for no reason. The sockets are asked first, so nothing that has arrived is slept
// over.
struct PollSet {
    std::vector<void*> sockets;
    std::vector<int> descriptors;
};
void wait_readable(const PollSet& set, std::int64_t timeout_ms);

}  // namespace weft::transport
