#pragma once
// Connections as weft uses them (rules: transport/README.md): ZMTP, spoken by libzmq where we
// connect and by weft where we listen. One thread owns all sockets of a process side; nothing here
// is thread-safe. Until keys exist only loopback addresses are accepted (WEFT-1003).

#include "core/command.h"
#include "core/time.h"
#include "weft/bytes.h"
#include "weft/result.h"
#include "weft/types.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::transport {

// "host:port", port 1..65535: what may be listened on and connected to. The host is a loopback
// address (127.0.0.0/8, ::1, localhost), or a name; what a name stands for is asked when something
// listens or connects, and has to be a loopback address then. Configuration (1003) for another
// address, (1005) when it does not parse.
Result<void> check_address(std::string_view address);

// One plain connect, for nothing but to see whether somebody listens there: crash evidence (S5).
// Never blocks; the answer of another host takes a round trip, or more when one is lost.
class ConnectTrial {
public:
    // A name is not asked for, and refuses nothing.
    explicit ConnectTrial(std::string_view address);
    ConnectTrial(const ConnectTrial&) = delete;
    ConnectTrial& operator=(const ConnectTrial&) = delete;
    ~ConnectTrial();
    // True: nobody listens there. Nothing: no answer yet.
    std::optional<bool> refused();

private:
    int descriptor_ = -1;
    std::optional<bool> refused_;
};

// The numbers ("127.0.0.1", "10.0.0.1", "::1") that a name stands for, at least one; an error says
// why none. Called on threads of its own, several at a time; it may block.
using Resolver = std::function<Result<std::vector<std::string>>(const std::string& name)>;

struct NameService;  // name_service.h; for this folder only

class Context {
public:
    // Names are asked of the system.
    Context();
    // For tests.
    explicit Context(Resolver resolver);
    ~Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    void* handle() const { return handle_; }
    const std::shared_ptr<NameService>& names() const { return names_; }
    // An address that no other socket of this context has, for monitors.
    std::string next_monitor();

private:
    void* handle_;
    std::shared_ptr<NameService> names_;
    std::uint64_t monitors_ = 0;
};

enum class SendResult : std::uint8_t {
    Sent,
    Full,  // try again later; nothing was sent
    Gone,  // the connection has ended
};

// A frame that goes out: begin, shared and end, one behind the other. What cannot leave at once is
// copied, but `shared`, which is kept.
struct OutgoingFrame {
    std::string_view begin;
    Bytes shared = {};
    std::string_view end = {};
    std::size_t size() const { return begin.size() + shared.size() + end.size(); }
};

// What one listener may be made to hold.
struct RouterLimits {
    std::size_t frame_bytes_max = 0;
    // Also bounded by what the process may open. When they are taken, a new connection takes the
    // place of the oldest that has sent no good frame, or of the one silent for longest.
    std::size_t connections_max = 4096;
    // Frames that wait for one connection. While more than slow_bytes wait, or it is held, nothing
    // is read of it, and what it had sent before stays unread.
    std::size_t unsent_bytes_max = std::size_t{4} << 20;
    std::size_t slow_bytes = std::size_t{64} << 10;
    // For the greeting of a new connection, for a frame from its first byte to its last, and for
    // one that takes nothing of what waits for it.
    Duration greeting_time = std::chrono::seconds(5);
    Duration frame_time = std::chrono::seconds(30);
    Duration slow_time = std::chrono::seconds(10);
    // Unfinished frames and unsent ones of all. Over it goes the oldest unfinished frame's
    // connection, or the one for which most waits.
    std::size_t held_bytes_max = std::size_t{192} << 20;
};

// Since the listener was bound.
struct RouterCounts {
    std::uint64_t rejected = 0;  // connections cut for what is not ZMTP, or no message of one frame
    std::uint64_t unfinished = 0;    // that did not come to an end with greeting or frame in time
    std::uint64_t displaced = 0;     // that made room for another
    std::uint64_t heavy = 0;         // that went when the listener held too much
    std::uint64_t slow = 0;          // for which frames waited and which took nothing
    std::uint64_t finished = 0;      // that were told why and ended
    std::uint64_t not_accepted = 0;  // times that the process had no descriptor or memory for one
    bool operator==(const RouterCounts&) const = default;
};

// A listener that speaks ZMTP as a ROUTER does to DEALERs. It is not libzmq's: strangers can abort
// that one, and make it hold what they like (docs/adr/0008). Connections are named by a ClientRef
// of this process; a routing id that the other end chose is not looked at.
class Router {
public:
    // Configuration (1004 port in use, 1003, 1005).
    static Result<Router> bind(std::string_view address, const RouterLimits& limits);
    Router(Router&&) noexcept;
    Router& operator=(Router&&) noexcept;
    ~Router();

    struct Received {
        ClientRef from;
        std::string_view frame;  // valid until the next receive
    };
    // The next frame, never blocking; nothing when drained, or when enough was looked at that gave
    // none: has_input() then says that there may be more.
    std::optional<Received> receive();
    bool has_input() const;
    // Full: the connection has too much waiting. What was Sent may still wait here.
    SendResult send(ClientRef to, const OutgoingFrame& frame);
    SendResult send(ClientRef to, std::string_view frame) { return send(to, OutgoingFrame{frame}); }
    // Reads nothing further of that connection until something is sent to it.
    void hold(ClientRef of);
    // Sends what waits as far as it goes; true when nothing waits.
    bool flush();
    // Takes nothing further of that connection; it is the first to make room.
    void ignore(ClientRef of);
    // The same, and ends it half a second later: what was sent to it arrives.
    void finish(ClientRef of);
    void cut(ClientRef of);
    const RouterCounts& counts() const;
    std::size_t connections() const;
    // Of unfinished and unsent frames.
    std::size_t held_bytes() const;
    // Begins a new round of its owner: memory that is new to the process is set aside for
    // unfinished frames by 64 KiB a round, so that a burst of them does not stop it.
    void begin_round();
    // Returns to the system some of the memory that was set aside for unfinished frames and is not
    // needed any more; true: there is more. For whoever has nothing else to do.
    bool give_back();
    // Readable when receive() may have something, or something waits that can be sent.
    int descriptor() const;

private:
    struct State;
    explicit Router(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// What happened to a connection. Connected: the handshake is over, messages can be sent. Refused:
// an attempt to connect has failed, or a name leads nowhere; there will be others.
enum class LinkEvent : std::uint8_t { Connected, Disconnected, Refused };

// A connecting DEALER to one address; it reconnects by itself. Messages never wait for a connection
// to come. Nodes only send on it; clients also receive.
// What a name stands for is asked before the first attempt, and again when a connection has ended
// or an attempt has failed: of several addresses each gets its turn, and while nobody can tell, the
// last one that any dealer of the context was connected to. It is asked on a thread of its own, of
// which a context has 64 at most; nothing here waits for it.
class Dealer {
public:
    // Configuration (1003, 1005) as of check_address().
    static Result<Dealer> connect(Context& context, std::string_view address,
                                  std::size_t message_bytes_max);
    Dealer(Dealer&&) noexcept;
    Dealer& operator=(Dealer&&) noexcept;
    ~Dealer();

    // False: no room now (not connected, or the peer is slow).
    bool send(std::string_view frame);
    // What was sent and is not on its way yet goes when this goes, which waits for nothing.
    void drop_unsent();
    std::optional<std::string_view> receive();  // valid until the next receive
    // What happened since the last call; call it before every sleep when descriptors() are in the
    // poll set.
    std::vector<LinkEvent> link_events();
    // Adds those that are readable when link_events() has something to tell or to do; always the
    // same.
    void descriptors(std::vector<int>& out) const;
    const std::string& address() const;
    // The number that it is being connected to, or is; empty: not known yet.
    const std::string& target() const;
    // The number that it was connected to last; empty: never.
    const std::string& reached() const;
    // Why a name leads nowhere, at the last time of asking; empty: it leads somewhere.
    std::string_view unresolved() const;  // valid until link_events()
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
