#pragma once
// The client port: replies of a round leave as one frame per connection. The port is always read,
// so that refusals are answers and not silence; what waits for slow clients is bounded by the
// router.

#include "core/command.h"
#include "flatbuffers/wire_frame.h"
#include "node/events.h"
#include "node/runtime/rejects.h"
#include "routing/messages.h"
#include "transport/sockets.h"

#include <cstddef>
#include <deque>
#include <unordered_map>
#include <vector>

namespace weft::node {

class ClientPort {
public:
    explicit ClientPort(transport::Router router) : router_(std::move(router)) {}

    transport::Router& router() { return router_; }
    // Takes nothing further of that client until something is sent to it.
    void hold(ClientRef client) { router_.hold(client); }
    // Adds to the round's frame to that connection; a full frame is sent at once. A large reply
    // waits for write_large(). LimitExceeded (4001): the message fits no frame, and the client gets
    // a refusal in its place.
    [[nodiscard]] Result<void> write(ClientRef to, routing::ToClient message,
                                     const wire::FrameHeader& header);
    bool has_large() const { return !large_.empty(); }
    // Writes the large reply that waits for longest, as write() does, and adds its size to `bytes`.
    [[nodiscard]] Result<void> write_large(const wire::FrameHeader& header, std::size_t& bytes);
    // Takes nothing further of that connection, and ends it when the round's frame to it was sent.
    void finish(ClientRef client);
    // Sends what the round has written. Connections that have ended become events.
    void flush(const wire::FrameHeader& header, Rejects& rejects, std::deque<Event>& events);

private:
    static constexpr std::size_t kWritersKept = 64;
    static constexpr std::size_t kLargeWaitingMax = std::size_t{32} << 20;  // beyond: at once
    struct Large {
        ClientRef to;
        Reply reply;
    };

    Result<void> put(ClientRef to, const routing::ToClient& message,
                     const wire::FrameHeader& header);
    // From the memory that its payload lies in.
    Result<void> send_large(const Large& large, const wire::FrameHeader& header);
    wire::FrameWriter take_writer();
    void send(ClientRef to, wire::FrameWriter& frame, const wire::FrameHeader& header);
    void count(ClientRef to, transport::SendResult result);

    transport::Router router_;
    std::vector<wire::FrameWriter> free_;  // the one used last is taken first: its memory is warm
    std::unordered_map<ClientRef, wire::FrameWriter> written_;  // this round's
    std::deque<Large> large_;
    std::size_t large_bytes_ = 0;
    std::vector<ClientRef> gone_, finished_;
    std::uint64_t dropped_ = 0;
};

}  // namespace weft::node
