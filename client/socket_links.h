#pragma once
// The Caller's links as ZeroMQ sockets: one DEALER each, one growing frame each, and what the
// socket had no room for. Used by whoever drives; not thread-safe.

#include "client/core/caller.h"
#include "flatbuffers/wire_frame.h"
#include "transport/sockets.h"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::client {

// A link counts as down when more than this waits for a node that has taken nothing for so long. A
// node that takes some is only slow: what waits is bounded by the calls in flight.
// Seconds, since a socket that was full takes nothing before half of it has gone.
inline constexpr std::size_t kLinkBytesMax = std::size_t{4} << 20;
inline constexpr Duration kLinkPatience = std::chrono::seconds(5);

class SocketLinks {
public:
    explicit SocketLinks(const Caller& caller) : caller_(caller) {}

    void open(const OpenLink& what, std::vector<Event>& events);
    void close(LinkId link);
    // Adds to the link's frame; sent by flush(), or before when the frame is large enough. What
    // fits no frame is not sent: a refusal comes back as if from the node.
    void write(LinkId link, const routing::ToNode& message, std::vector<Event>& events);
    void flush(Instant now, std::vector<Event>& events);

    // What has arrived, as FromNode events. Never blocks. A frame that does not hold closes its
    // link, for nothing behind it can be trusted.
    void receive(std::vector<Event>& events);
    // LinkUp and LinkDown as the socket monitors tell them.
    void look_at_links(std::vector<Event>& events);
    // Why the link's last attempt to connect has failed, a sentence; empty: it has not. It is tried
    // again by itself.
    std::string_view refusal(LinkId link) const;
    // True while a link has bytes that its socket had no room for: try again soon.
    bool backlogged() const;

    // Waits until something arrives, `wake` is readable, or the time is up.
    void wait(int wake, std::int64_t timeout_ms);

private:
    struct Link {
        explicit Link(transport::Dealer connected) : socket(std::move(connected)) {}
        transport::Dealer socket;
        bool up = false;
        std::string refusal;
        wire::FrameWriter frame;
        std::deque<std::string> backlog;
        std::size_t backlog_bytes = 0;
        std::optional<Instant> took_at;  // nothing: the backlog has just begun
    };
    void finish_frame(LinkId id, Link& link);
    bool send_backlog(Instant now, Link& link);
    template <class Keep>
    void drop_unless(std::vector<Event>& events, Keep keep);
    bool receive(LinkId id, Link& link, std::vector<Event>& events);
    bool look_at(LinkId id, Link& link, std::vector<Event>& events);
    bool read_frame(LinkId link, std::string_view frame, std::vector<Event>& events);

    const Caller& caller_;
    transport::Context context_;
    std::map<LinkId, Link> links_;  // those that are open
    transport::PollSet poll_;
    bool poll_changed_ = true;
};

}  // namespace weft::client
